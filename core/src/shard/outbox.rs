//! What waits to leave the shard, and whom the shard may not send to.
//!
//! One outbox per peer and lane. The user lane is bounded: a cast to a full outbox is refused, a
//! sender parks until a flush makes room. A mailbox that is full over there answers STOP, and the
//! target is kept here until its GO: meanwhile casts to it are refused on the spot and senders
//! park by target. Without a STOP nothing is kept per target.
//!
//! So a sending shard has at most `outbox + ring + one flush` messages under way to any mailbox
//! when its STOP arrives, and that is how far the mailbox's overflow can grow for it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};

use crate::limits::OUTBOX_DEPTH;
use crate::mesh::Packet;
use crate::pid::ShardId;
use crate::runtime::Lane;
use crate::task::waker::StoredWaker;

/// Somebody who waits to send to another shard. Numbered, so that one who gives up is found.
pub(crate) type Waiter = (u64, StoredWaker);

#[derive(Debug, Default)]
struct Peer {
    system: RefCell<VecDeque<Packet>>,
    user: RefCell<VecDeque<Packet>>,
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
    #[inline]
    fn is_empty(&self) -> bool {
        self.system.borrow().is_empty()
            && self.user.borrow().is_empty()
            && self.waiting.borrow().is_empty()
    }
}

/// The outboxes of a shard, by peer.
#[derive(Debug)]
pub(crate) struct Outboxes {
    peers: Vec<Peer>,
    waiter_next: Cell<u64>,
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
    pub(crate) fn new(shards: u16) -> Self {
        let peers = (0..shards).map(|_| Peer::default()).collect();
        Self { peers, waiter_next: Cell::new(1) }
    }

    pub(crate) fn push_system(&self, peer: ShardId, packet: Packet) {
        self.peers[peer.index()].system.borrow_mut().push_back(packet);
    }

    /// Whether a user message may leave for that target now.
    #[inline]
    pub(crate) fn check(&self, peer: ShardId, target: (u32, u32)) -> Result<(), Blocked> {
        let peer = &self.peers[peer.index()];
        let stopped = peer.stopped.borrow();
        if !stopped.is_empty() && stopped.contains_key(&target) {
            return Err(Blocked::Stopped);
        }
        if peer.user.borrow().len() >= OUTBOX_DEPTH { Err(Blocked::Outbox) } else { Ok(()) }
    }

    /// Puts a user message into the outbox; the caller has checked.
    #[inline]
    pub(crate) fn push_user(&self, peer: ShardId, packet: Packet) {
        self.peers[peer.index()].user.borrow_mut().push_back(packet);
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
        let peer = &self.peers[peer.index()];
        match why {
            Blocked::Outbox => peer.waiting.borrow_mut().push_back((number, waker)),
            Blocked::Stopped => {
                let mut stopped = peer.stopped.borrow_mut();
                stopped.entry(target).or_default().waiting.push_back((number, waker));
            }
        }
        (number, StoredWaker::None)
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
        self.peers[peer.index()].stopped.borrow_mut().entry(target).or_default().number = number;
    }

    /// The number of the STOP of a target for whose GO that waiter waits.
    pub(crate) fn stop_of(&self, peer: ShardId, target: (u32, u32), waiter: u64) -> Option<u64> {
        let stopped = self.peers[peer.index()].stopped.borrow();
        let stopped = stopped.get(&target)?;
        stopped.waiting.iter().any(|(n, _)| *n == waiter).then_some(stopped.number)
    }

    /// A target's mailbox has room, or is gone. Returns whom to wake.
    pub(crate) fn go(&self, peer: ShardId, target: (u32, u32)) -> VecDeque<Waiter> {
        let stopped = self.peers[peer.index()].stopped.borrow_mut().remove(&target);
        stopped.unwrap_or_default().waiting
    }

    /// Lets `send` move packets out of an outbox. Returns how many went, and the senders that may
    /// go on in their place.
    pub(crate) fn flush(
        &self,
        peer: ShardId,
        lane: Lane,
        send: impl FnOnce(&mut VecDeque<Packet>) -> usize,
    ) -> (usize, Vec<Waiter>) {
        let peer = &self.peers[peer.index()];
        let queue = match lane {
            Lane::System => &peer.system,
            Lane::User => &peer.user,
        };
        let mut packets = queue.borrow_mut();
        let sent = if packets.is_empty() { 0 } else { send(&mut packets) };
        let mut waiting = peer.waiting.borrow_mut();
        if lane == Lane::System || waiting.is_empty() {
            return (sent, Vec::new());
        }
        let room = OUTBOX_DEPTH.saturating_sub(packets.len()).min(waiting.len());
        (sent, waiting.drain(..room).collect())
    }

    /// Whether nothing waits to leave, and nobody for room.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.peers.iter().all(Peer::is_empty)
    }

    /// The same for one peer.
    #[inline]
    pub(crate) fn is_empty_to(&self, peer: ShardId) -> bool {
        self.peers[peer.index()].is_empty()
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
            all.extend(peer.system.borrow_mut().drain(..));
            all.extend(peer.user.borrow_mut().drain(..));
        }
        all
    }
}
