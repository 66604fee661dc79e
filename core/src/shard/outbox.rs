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

use super::waiting::{Waiter, Waiting};
use crate::limits::{OUTBOX_DEPTH, OUTBOX_FLUSH};
use crate::mesh::{Lanes, Outbox, OutboxPool, Packet};
use crate::pid::ShardId;
use crate::runtime::{Lane, Outlet};
use crate::task::waker::StoredWaker;

/// What a send looks at. A node of many shards has thousands of these, of which a message touches
/// one, so they are small: what waits to leave is elsewhere, and so is who waits for room.
#[derive(Debug, Default)]
struct Peer {
    /// The outboxes to it. Those that shards share it has only while there is something in them.
    lanes: RefCell<Option<Box<Lanes>>>,
    /// User messages that were in the outbox at the last end of a turn, and those since; and
    /// [`STOPPED`] and [`WAITS`].
    taken: Cell<u32>,
}

/// A target of that shard said STOP, and has not said GO.
const STOPPED: u32 = 1 << 31;
/// Somebody may wait for room.
const WAITS: u32 = 1 << 30;
/// The count of messages.
const TAKEN: u32 = WAITS - 1;

impl Peer {
    #[inline]
    fn set(&self, bit: u32, is_set: bool) {
        let taken = self.taken.get();
        self.taken.set(if is_set { taken | bit } else { taken & !bit });
    }

    #[inline]
    fn has(&self, bit: u32) -> bool {
        self.taken.get() & bit != 0
    }

    /// Says how many messages there are.
    #[inline]
    fn count(&self, taken: usize) {
        self.taken.set(self.taken.get() & !TAKEN | taken as u32);
    }
}

/// The outboxes of a shard, by peer.
pub(crate) struct Outboxes {
    peers: Box<[Peer]>,
    /// A bit per peer: set where something waits to leave, or somebody for room.
    busy: Box<[Cell<u64>]>,
    /// Where those that are empty go, if other shards are to have them.
    pool: Option<Rc<OutboxPool>>,
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
            peers: (0..shards).map(|_| Peer::default()).collect(),
            busy: (0..usize::from(shards).div_ceil(64)).map(|_| Cell::new(0)).collect(),
            pool: outlet.outboxes(),
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

    /// Calls `f` with the outboxes to a peer, into which it puts something.
    #[inline(always)]
    fn put<R>(&self, peer: ShardId, place: &Peer, f: impl FnOnce(&mut Lanes) -> R) -> R {
        self.set_busy(peer);
        f(place.lanes.borrow_mut().get_or_insert_with(|| self.lend()))
    }

    #[cold]
    fn lend(&self) -> Box<Lanes> {
        self.pool.as_ref().map_or_else(Box::default, |pool| pool.lend())
    }

    #[inline]
    pub(crate) fn push_system(&self, peer: ShardId, packet: Packet) {
        self.put(peer, &self.peers[peer.index()], |lanes| lanes.system.push(packet));
    }

    /// Whether a user message may leave for that target now.
    #[inline]
    pub(crate) fn check(&self, peer: ShardId, target: (u32, u32)) -> Result<(), Blocked> {
        let taken = self.peers[peer.index()].taken.get();
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
        let place = &self.peers[peer.index()];
        let full = self.put(peer, place, |lanes| {
            push(&mut lanes.user);
            lanes.user.len().is_multiple_of(OUTBOX_FLUSH)
        });
        place.taken.set(place.taken.get() + 1);
        if full {
            self.flush_within_turn(peer);
        }
    }

    /// Lets a peer have what there is for it. Who waits for room goes on waiting for the end of the
    /// turn, as `taken` does.
    #[cold]
    fn flush_within_turn(&self, peer: ShardId) {
        if let Some(lanes) = &mut *self.peers[peer.index()].lanes.borrow_mut() {
            self.outlet.flush(peer, &mut lanes.system, &mut lanes.user);
        }
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
        let place = &self.peers[peer.index()];
        let waiting = &mut *self.waiting.borrow_mut();
        match why {
            Blocked::Outbox => {
                waiting.room.entry(peer).or_default().push_back((number, waker));
                place.set(WAITS, true);
                self.set_busy(peer);
            }
            Blocked::Stopped => {
                let stopped = waiting.stopped.entry((peer, target)).or_default();
                stopped.waiting.push_back((number, waker));
                place.set(STOPPED, true);
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
        self.peers[peer.index()].set(STOPPED, true);
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
        self.peers[peer.index()].set(STOPPED, waiting.any_stopped(peer));
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
                let (place, peer) = (&self.peers[index], ShardId(index as u16));
                let kept = self.flush_to(peer, place);
                let taken = if self.sealed.get() { OUTBOX_DEPTH } else { kept.unwrap_or(0) };
                place.count(taken);
                if place.has(WAITS) && self.someone_waits(peer, place) {
                    let room = OUTBOX_DEPTH.saturating_sub(taken);
                    self.take_waiting(peer, room).into_iter().for_each(&wake);
                } else if kept.is_none() {
                    word.set(word.get() & !(1 << bit));
                }
            }
        }
    }

    /// Moves into the rings what fits. Says how many user messages are left where anything is.
    #[inline]
    fn flush_to(&self, peer: ShardId, place: &Peer) -> Option<usize> {
        let slot = &mut *place.lanes.borrow_mut();
        let lanes = slot.as_mut()?;
        self.outlet.flush(peer, &mut lanes.system, &mut lanes.user);
        if !lanes.is_empty() {
            return Some(lanes.user.len());
        }
        if let Some(pool) = &self.pool {
            slot.take().into_iter().for_each(|lanes| pool.take_back(lanes));
        }
        None
    }

    /// Whether somebody waits for room to a peer, where somebody may.
    #[cold]
    fn someone_waits(&self, peer: ShardId, place: &Peer) -> bool {
        place.set(WAITS, self.waiting.borrow().for_room(peer));
        place.has(WAITS)
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
        for (peer, place) in (0..).map(ShardId).zip(&self.peers) {
            place.count(OUTBOX_DEPTH);
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
        let lanes = self.peers[peer.index()].lanes.borrow();
        lanes.as_ref().map_or(0, |lanes| match lane {
            Lane::System => lanes.system.len(),
            Lane::User => lanes.user.len(),
        })
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
        let mut all = Vec::new();
        for place in &self.peers {
            let Some(mut lanes) = place.lanes.take() else { continue };
            for lane in [&mut lanes.system, &mut lanes.user] {
                all.extend(std::iter::from_fn(|| lane.pop_front()));
            }
        }
        all
    }
}
