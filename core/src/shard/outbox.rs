//! What waits to leave the shard, and whom the shard may not send to.
//!
//! One outbox per peer and lane. It goes into the peer's ring at the end of each turn, and within a
//! turn after each [`OUTBOX_FLUSH`] user messages, so that the receiver works while the sender
//! still does. Which peers there is something for is a bitmap: one that is idle costs nothing.
//!
//! The user lane is bounded: once a turn has left so many messages, a cast is refused and a sender
//! parks, until the end of the turn makes room. (The bound counts those that are in the ring
//! already as well: what a peer may be sent before its STOP can be heard is bounded, and a turn
//! hears nothing.) A mailbox that is full over there answers STOP, and the target is kept here
//! until its GO: meanwhile casts to it are refused on the spot and senders park by target. Without
//! a STOP nothing is kept per target.
//!
//! So a sending shard has at most `outbox + ring + one flush` messages under way to any mailbox
//! when its STOP arrives, and that is how far the mailbox's overflow can grow for it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use super::peers::Peers;
use super::waiting::{Waiter, Waiting};
use crate::limits::{OUTBOX_DEPTH, OUTBOX_FLUSH};
use crate::mesh::{Outbox, Packet};
use crate::pid::ShardId;
use crate::runtime::{Lane, Outlet};
use crate::task::waker::StoredWaker;

/// A target of that shard said STOP, and has not said GO.
const STOPPED: u32 = 1 << 31;
/// Somebody may wait for room.
const WAITS: u32 = 1 << 30;
/// The count of messages.
const TAKEN: u32 = WAITS - 1;

/// The outboxes of a shard, by peer.
pub(crate) struct Outboxes {
    /// With each its word: user messages that were in the outbox at the last end of a turn, and
    /// those since; and [`STOPPED`] and [`WAITS`].
    peers: Peers,
    /// A bit per peer: set where something waits to leave, or somebody for room.
    busy: Box<[Cell<u64>]>,
    waiting: RefCell<Waiting>,
    waiter_next: Cell<u64>,
    /// No user message leaves any more.
    sealed: Cell<bool>,
    outlet: Rc<dyn Outlet>,
}

impl fmt::Debug for Outboxes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outboxes").field("peers", &self.peers).finish_non_exhaustive()
    }
}

/// Why nothing can be sent to a target now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Blocked {
    /// The target's mailbox is full.
    Stopped,
    /// The outbox is full.
    Outbox,
}

impl Outboxes {
    pub(crate) fn new(shards: u16, outlet: Rc<dyn Outlet>) -> Self {
        Self {
            peers: Peers::new(shards, outlet.outboxes()),
            busy: (0..usize::from(shards).div_ceil(64)).map(|_| Cell::new(0)).collect(),
            waiting: RefCell::default(),
            waiter_next: Cell::new(1),
            sealed: Cell::new(false),
            outlet,
        }
    }

    #[inline]
    fn set_busy(&self, peer: ShardId) {
        let word = &self.busy[peer.index() / 64];
        word.set(word.get() | 1 << (peer.index() % 64));
    }

    /// Sets a bit of a peer's word, or clears it.
    fn mark(&self, peer: ShardId, bit: u32, is_set: bool) {
        let word = self.peers.word(peer);
        word.set(if is_set { word.get() | bit } else { word.get() & !bit });
    }

    /// Says in a peer's word how many messages there are.
    #[inline]
    fn count(&self, peer: ShardId, taken: usize) {
        let word = self.peers.word(peer);
        word.set(word.get() & !TAKEN | taken as u32);
    }

    #[inline]
    pub(crate) fn push_system(&self, peer: ShardId, packet: Packet) {
        self.peers.put_system(peer, packet);
        self.set_busy(peer);
    }

    /// Whether a user message may leave for that target now.
    #[inline]
    pub(crate) fn check(&self, peer: ShardId, target: (u32, u32)) -> Result<(), Blocked> {
        let taken = self.peers.word(peer).get();
        if (taken as usize) < OUTBOX_DEPTH { Ok(()) } else { self.look(taken, peer, target) }
    }

    /// The same, where there is more to look at than a count.
    #[cold]
    #[inline(never)]
    fn look(&self, taken: u32, peer: ShardId, target: (u32, u32)) -> Result<(), Blocked> {
        if taken & STOPPED != 0 && self.waiting.borrow().stopped.contains_key(&(peer, target)) {
            return Err(Blocked::Stopped);
        }
        if ((taken & TAKEN) as usize) < OUTBOX_DEPTH { Ok(()) } else { Err(Blocked::Outbox) }
    }

    /// Lets `push` put a user message into the outbox; the caller has checked.
    #[inline(always)]
    pub(crate) fn push_user(&self, peer: ShardId, push: impl FnOnce(&mut Outbox)) {
        let full = self.peers.put_user(peer, |user| {
            push(user);
            user.len().is_multiple_of(OUTBOX_FLUSH)
        });
        let word = self.peers.word(peer);
        word.set(word.get() + 1);
        self.set_busy(peer);
        if full {
            self.flush_within_turn(peer);
        }
    }

    /// Lets a peer have what there is for it. Who waits for room goes on waiting for the end of the
    /// turn, as the count does.
    #[cold]
    fn flush_within_turn(&self, peer: ShardId) {
        self.peers.flush(peer, &*self.outlet);
    }

    /// Notes somebody who waits, or renews the waker of one who does.
    pub(crate) fn wait(
        &self,
        (peer, target, why): (ShardId, (u32, u32), Blocked),
        number: Option<u64>,
        waker: StoredWaker,
    ) -> (u64, StoredWaker) {
        let mut waker = Some(waker);
        let renewed = number.and_then(|number| {
            self.with_waiters(peer, target, |waiters| {
                let (_, stored) = waiters.iter_mut().find(|(n, _)| *n == number)?;
                waker.take().map(|waker| (number, std::mem::replace(stored, waker)))
            })
        });
        let Some(waker) = waker else { return renewed.unwrap_or_default() };
        let number = self.waiter_next.replace(self.waiter_next.get() + 1);
        let waiting = &mut *self.waiting.borrow_mut();
        match why {
            Blocked::Outbox => {
                waiting.room.entry(peer).or_default().push_back((number, waker));
                self.mark(peer, WAITS, true);
                self.set_busy(peer);
            }
            Blocked::Stopped => {
                let stopped = waiting.stopped.entry((peer, target)).or_default();
                stopped.waiting.push_back((number, waker));
                self.mark(peer, STOPPED, true);
            }
        }
        (number, StoredWaker::NONE)
    }

    /// Forgets somebody who gave up. The waker is for the caller to drop.
    pub(crate) fn forget(&self, peer: ShardId, target: (u32, u32), number: u64) -> StoredWaker {
        let found = self.with_waiters(peer, target, |waiters| {
            let index = waiters.iter().position(|(n, _)| *n == number)?;
            waiters.remove(index)
        });
        found.map(|(_, waker)| waker).unwrap_or_default()
    }

    fn with_waiters<R>(
        &self,
        peer: ShardId,
        target: (u32, u32),
        mut f: impl FnMut(&mut VecDeque<Waiter>) -> Option<R>,
    ) -> Option<R> {
        let Waiting { room, stopped } = &mut *self.waiting.borrow_mut();
        let found = room.get_mut(&peer).and_then(&mut f);
        found.or_else(|| f(&mut stopped.get_mut(&(peer, target))?.waiting))
    }

    /// A target's mailbox is full, and said so with that number.
    pub(crate) fn stop(&self, peer: ShardId, target: (u32, u32), number: u64) {
        self.waiting.borrow_mut().stopped.entry((peer, target)).or_default().number = number;
        self.mark(peer, STOPPED, true);
    }

    /// The number of the STOP of a target for whose GO that waiter waits.
    pub(crate) fn stop_of(&self, peer: ShardId, target: (u32, u32), waiter: u64) -> Option<u64> {
        let waiting = self.waiting.borrow();
        let stopped = waiting.stopped.get(&(peer, target))?;
        stopped.waiting.iter().any(|(n, _)| *n == waiter).then_some(stopped.number)
    }

    /// A target's mailbox has room, or is gone. Returns whom to wake.
    pub(crate) fn go(&self, peer: ShardId, target: (u32, u32)) -> VecDeque<Waiter> {
        let waiting = &mut *self.waiting.borrow_mut();
        let waiters = waiting.stopped.remove(&(peer, target)).unwrap_or_default().waiting;
        self.mark(peer, STOPPED, waiting.any_stopped(peer));
        waiters
    }

    /// Moves what waits into the rings, at the end of a turn, and hands the senders that may go on
    /// to `wake`, with nothing borrowed.
    #[inline]
    pub(crate) fn flush(&self, wake: impl Fn(StoredWaker)) {
        for (index, word) in self.busy.iter().enumerate() {
            let mut left = word.get();
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                let index = index * 64 + bit as usize;
                let peer = ShardId(index as u16);
                let kept = self.peers.flush(peer, &*self.outlet);
                let taken = if self.sealed.get() { OUTBOX_DEPTH } else { kept.unwrap_or(0) };
                self.count(peer, taken);
                if self.peers.word(peer).get() & WAITS != 0 && self.someone_waits(peer) {
                    let room = OUTBOX_DEPTH.saturating_sub(taken);
                    self.take_waiting(peer, room).into_iter().for_each(&wake);
                } else if kept.is_none() {
                    word.set(word.get() & !(1 << bit));
                }
            }
        }
    }

    /// Whether somebody waits for room to a peer, where somebody may.
    #[cold]
    fn someone_waits(&self, peer: ShardId) -> bool {
        let waits = self.waiting.borrow().for_room(peer);
        self.mark(peer, WAITS, waits);
        waits
    }

    /// The first so many who wait for room to a peer.
    #[cold]
    fn take_waiting(&self, peer: ShardId, room: usize) -> Vec<StoredWaker> {
        self.waiting.borrow_mut().take(peer, room)
    }

    /// Takes no more user messages. Returns those who wait for room.
    pub(crate) fn seal(&self) -> Vec<StoredWaker> {
        self.sealed.set(true);
        let mut waiting = Vec::new();
        for peer in self.peers.all() {
            self.count(peer, OUTBOX_DEPTH);
            waiting.extend(self.take_waiting(peer, usize::MAX));
        }
        waiting
    }

    pub(crate) const fn is_sealed(&self) -> bool {
        self.sealed.get()
    }

    /// Whether nothing waits to leave, and nobody for room.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.busy.iter().all(|word| word.get() == 0)
    }

    /// Packets that wait to leave for a peer.
    pub(crate) fn len(&self, peer: ShardId, lane: Lane) -> usize {
        self.peers.waiting(peer, lane)
    }

    /// Calls `f` for everybody who waits, with the peer, the target that said STOP (`None` for who
    /// waits for the outbox), and the slot of the task that waits where it is one of ours.
    pub(crate) fn for_each_waiting(
        &self,
        mut f: impl FnMut(ShardId, Option<(u32, u32)>, Option<u32>),
    ) {
        let Waiting { room, stopped } = &*self.waiting.borrow();
        for (&peer, waiting) in room {
            waiting.iter().for_each(|(_, waker)| f(peer, None, waker.slot()));
        }
        for (&(peer, target), stopped) in stopped {
            stopped.waiting.iter().for_each(|(_, waker)| f(peer, Some(target), waker.slot()));
        }
    }

    /// Takes everything out, for a shard that goes down.
    pub(crate) fn take_all(&self) -> Vec<Packet> {
        self.peers.take_all()
    }
}
