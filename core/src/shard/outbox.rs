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
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::rc::Rc;

use crate::limits::{OUTBOX_DEPTH, OUTBOX_FLUSH};
use crate::mesh::{Outbox, Packet};
use crate::pid::ShardId;
use crate::runtime::{Lane, Outlet};
use crate::task::waker::StoredWaker;

/// Somebody who waits to send to another shard. Numbered, so that one who gives up is found.
pub(crate) type Waiter = (u64, StoredWaker);

/// What a send looks at is one cache line, what a flush does beside it another: a simulated node has
/// thousands of these.
#[derive(Debug, Default)]
#[repr(C, align(64))]
struct Peer {
    user: RefCell<Outbox>,
    /// User messages that were in the outbox at the last end of a turn, and those since.
    taken: Cell<usize>,
    /// How many targets are in `stopped`.
    stopped_len: Cell<usize>,
    /// Whether somebody may be in `waiting`.
    waits: Cell<bool>,
    system: RefCell<Outbox>,
    /// Who waits for room in the user lane.
    waiting: RefCell<VecDeque<Waiter>>,
    /// Targets of that shard that said STOP, by slot and generation.
    stopped: RefCell<BTreeMap<(u32, u32), Stopped>>,
}

/// A target that said STOP.
#[derive(Debug, Default)]
struct Stopped {
    /// The number that came with its STOP.
    number: u64,
    /// Who waits for its GO.
    waiting: VecDeque<Waiter>,
}

impl Peer {
    /// Moves into the rings what fits. Tells whether nothing is left.
    fn flush(&self, peer: ShardId, outlet: &dyn Outlet) -> bool {
        let (system, user) = (&mut *self.system.borrow_mut(), &mut *self.user.borrow_mut());
        outlet.flush(peer, system, user);
        system.is_empty() && user.is_empty()
    }

    /// Whether somebody waits for room.
    #[inline]
    fn someone_waits(&self) -> bool {
        if self.waits.get() {
            self.waits.set(!self.waiting.borrow().is_empty());
        }
        self.waits.get()
    }

    /// The first so many who wait for room.
    #[cold]
    fn take_waiting(&self, room: usize) -> Vec<StoredWaker> {
        let mut waiting = self.waiting.borrow_mut();
        let room = room.min(waiting.len());
        waiting.drain(..room).map(|(_, waker)| waker).collect()
    }
}

/// The outboxes of a shard, by peer.
pub(crate) struct Outboxes {
    peers: Vec<Peer>,
    /// A bit per peer: set where something waits to leave, or somebody for room.
    busy: Box<[Cell<u64>]>,
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
        let peers = (0..shards).map(|_| Peer::default()).collect();
        let busy = (0..usize::from(shards).div_ceil(64)).map(|_| Cell::new(0)).collect();
        Self { peers, busy, waiter_next: Cell::new(1), sealed: Cell::new(false), outlet }
    }

    #[inline]
    fn set_busy(&self, peer: ShardId) {
        let word = &self.busy[peer.index() / 64];
        word.set(word.get() | 1 << (peer.index() % 64));
    }

    #[inline]
    pub(crate) fn push_system(&self, peer: ShardId, packet: Packet) {
        self.peers[peer.index()].system.borrow_mut().push(packet);
        self.set_busy(peer);
    }

    /// Whether a user message may leave for that target now.
    #[inline]
    pub(crate) fn check(&self, peer: ShardId, target: (u32, u32)) -> Result<(), Blocked> {
        let peer = &self.peers[peer.index()];
        if peer.stopped_len.get() > 0 && peer.stopped.borrow().contains_key(&target) {
            return Err(Blocked::Stopped);
        }
        if peer.taken.get() >= OUTBOX_DEPTH { Err(Blocked::Outbox) } else { Ok(()) }
    }

    /// Lets `push` put a user message into the outbox; the caller has checked.
    #[inline(always)]
    pub(crate) fn push_user(&self, peer: ShardId, push: impl FnOnce(&mut Outbox)) {
        let place = &self.peers[peer.index()];
        let mut user = place.user.borrow_mut();
        push(&mut user);
        let full = user.len().is_multiple_of(OUTBOX_FLUSH);
        drop(user);
        place.taken.set(place.taken.get() + 1);
        self.set_busy(peer);
        if full {
            self.flush_within_turn(peer);
        }
    }

    /// Lets a peer have what there is for it. Who waits for room goes on waiting for the end of the
    /// turn, as `taken` does.
    #[cold]
    fn flush_within_turn(&self, peer: ShardId) {
        self.peers[peer.index()].flush(peer, &*self.outlet);
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
        match why {
            Blocked::Outbox => {
                place.waiting.borrow_mut().push_back((number, waker));
                place.waits.set(true);
                self.set_busy(peer);
            }
            Blocked::Stopped => {
                let mut stopped = place.stopped.borrow_mut();
                stopped.entry(target).or_default().waiting.push_back((number, waker));
                place.stopped_len.set(stopped.len());
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
        let peer = &self.peers[peer.index()];
        let found = f(&mut peer.waiting.borrow_mut());
        found.or_else(|| f(&mut peer.stopped.borrow_mut().get_mut(&target)?.waiting))
    }

    /// A target's mailbox is full, and said so with that number.
    pub(crate) fn stop(&self, peer: ShardId, target: (u32, u32), number: u64) {
        let peer = &self.peers[peer.index()];
        let mut stopped = peer.stopped.borrow_mut();
        stopped.entry(target).or_default().number = number;
        peer.stopped_len.set(stopped.len());
    }

    /// The number of the STOP of a target for whose GO that waiter waits.
    pub(crate) fn stop_of(&self, peer: ShardId, target: (u32, u32), waiter: u64) -> Option<u64> {
        let stopped = self.peers[peer.index()].stopped.borrow();
        let stopped = stopped.get(&target)?;
        stopped.waiting.iter().any(|(n, _)| *n == waiter).then_some(stopped.number)
    }

    /// A target's mailbox has room, or is gone. Returns whom to wake.
    pub(crate) fn go(&self, peer: ShardId, target: (u32, u32)) -> VecDeque<Waiter> {
        let peer = &self.peers[peer.index()];
        let mut stopped = peer.stopped.borrow_mut();
        let waiters = stopped.remove(&target).unwrap_or_default().waiting;
        peer.stopped_len.set(stopped.len());
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
                let peer = &self.peers[index];
                let flushed = peer.flush(ShardId(index as u16), &*self.outlet);
                let taken = if self.sealed.get() { OUTBOX_DEPTH } else { peer.user.borrow().len() };
                peer.taken.set(taken);
                if peer.someone_waits() {
                    peer.take_waiting(OUTBOX_DEPTH.saturating_sub(taken))
                        .into_iter()
                        .for_each(&wake);
                } else if flushed {
                    word.set(word.get() & !(1 << bit));
                }
            }
        }
    }

    /// Takes no more user messages. Returns those who wait for room.
    pub(crate) fn seal(&self) -> Vec<StoredWaker> {
        self.sealed.set(true);
        let mut waiting = Vec::new();
        for peer in &self.peers {
            peer.taken.set(OUTBOX_DEPTH);
            waiting.extend(peer.take_waiting(usize::MAX));
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
        let peer = &self.peers[peer.index()];
        match lane {
            Lane::System => peer.system.borrow().len(),
            Lane::User => peer.user.borrow().len(),
        }
    }

    /// Calls `f` for everybody who waits, with the peer, the target that said STOP (`None` for who
    /// waits for the outbox), and the slot of the task that waits where it is one of ours.
    pub(crate) fn for_each_waiting(
        &self,
        mut f: impl FnMut(ShardId, Option<(u32, u32)>, Option<u32>),
    ) {
        for (index, peer) in (0..).zip(&self.peers) {
            for (_, waker) in &*peer.waiting.borrow() {
                f(ShardId(index), None, waker.slot());
            }
            for (&target, stopped) in &*peer.stopped.borrow() {
                let waiting = stopped.waiting.iter();
                waiting.for_each(|(_, waker)| f(ShardId(index), Some(target), waker.slot()));
            }
        }
    }

    /// Takes everything out, for a shard that goes down.
    pub(crate) fn take_all(&self) -> Vec<Packet> {
        let mut all = Vec::new();
        for peer in &self.peers {
            for lane in [&peer.system, &peer.user] {
                all.extend(std::iter::from_fn(|| lane.borrow_mut().pop_front()));
            }
        }
        all
    }
}
