//! The links between the shards of one node.

use std::rc::Rc;

use crate::mesh::{Outbox, OutboxPool, Packet};
use crate::pid::ShardId;

/// Which of the two rings of a pair a packet takes.
///
/// Replies, credits and signals have rings of their own, so that they never queue behind user
/// messages: a full user ring can then always be drained by the answers it waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Lane {
    /// Replies, credits, signals, spawns.
    System,
    /// User messages, subject to flow control.
    User,
}

impl Lane {
    /// Both lanes, in the order in which they are served.
    pub const ALL: [Self; 2] = [Self::System, Self::User];
}

/// One shard's ends of the rings to its peers, and their bells.
///
/// Per directed pair and lane: FIFO, nothing lost, nothing duplicated. Nothing is promised between
/// pairs or between lanes.
///
/// The shard flushes between its turns, and within a turn that leaves many packets; so this is
/// called from inside a turn, and must not call the shard.
pub trait Outlet {
    /// Moves packets from the front of `system` and of `user` into the rings to `peer`, as many as
    /// fit, makes them visible at once, the system lane first, and then wakes `peer` if it
    /// announced that it sleeps. Returns how many were moved; the rest stay where they are.
    ///
    /// The protocol of sleeping, on any driver: the sleeper announces, fences, looks at every ring
    /// once more, and only then sleeps; a producer publishes, fences, and rings if it sees the
    /// announcement. A ring that comes after the announcement is never lost; several may count as
    /// one; a shard may also wake for no reason.
    fn flush(&self, peer: ShardId, system: &mut Outbox, user: &mut Outbox) -> usize;

    /// Where the outboxes come from, if several shards that run on one thread share them, as
    /// simulated ones do: they hold no more than what is in use at once. A shard asks when it is
    /// made. Default none: a shard has its own.
    fn outboxes(&self) -> Option<Rc<OutboxPool>> {
        None
    }
}

/// One shard's ends of the rings from its peers.
pub trait Inlet {
    /// Takes at most `max` packets from the ring of that lane from each peer, beginning with
    /// `first` and going round, and hands each to `sink` with the peer it came from.
    ///
    /// A panic of `sink` loses at most the packet it was given: what is left is there for the next
    /// call.
    fn pop(&mut self, lane: Lane, first: ShardId, max: usize, sink: impl FnMut(ShardId, Packet));

    /// Whether any ring to this shard holds a packet.
    fn pending(&self) -> bool;
}

/// For a shard without peers: there is nobody to send to, and nobody who sends.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPeers;

impl Outlet for NoPeers {
    fn flush(&self, _: ShardId, _: &mut Outbox, _: &mut Outbox) -> usize {
        0
    }
}

impl Inlet for NoPeers {
    fn pop(&mut self, _: Lane, _: ShardId, _: usize, _: impl FnMut(ShardId, Packet)) {}

    fn pending(&self) -> bool {
        false
    }
}
