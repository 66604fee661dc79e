//! The links between the shards of one node.

use std::collections::VecDeque;

use crate::mesh::Packet;
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

/// One shard's ends of the rings to and from its peers.
///
/// Per directed pair and lane: FIFO, nothing lost, nothing duplicated. Nothing is promised between
/// pairs or between lanes.
pub trait Mesh {
    /// Moves packets from the front of `packets` into the ring to `peer`, as many as fit, and
    /// makes them visible at once. Returns how many were moved; the rest stay in `packets`.
    fn push(&mut self, peer: ShardId, lane: Lane, packets: &mut VecDeque<Packet>) -> usize;

    /// Takes at most `max` packets from the ring from `peer`, handing each to `sink`, and returns
    /// how many there were. A panic of `sink` loses at most the packet it was given.
    fn pop(&mut self, peer: ShardId, lane: Lane, max: usize, sink: &mut dyn FnMut(Packet))
    -> usize;

    /// Whether any ring to this shard holds a packet.
    fn pending(&self) -> bool;
}

/// Wakes a shard that sleeps.
///
/// The protocol, on any driver: the sleeper announces, fences, looks at every ring once more, and
/// only then sleeps; a producer publishes, fences, and rings if it sees the announcement. A ring
/// that comes after the announcement is never lost; several may count as one; a shard may also
/// wake for no reason.
pub trait Doorbell {
    /// Wakes `peer` if it announced that it sleeps. Called once per flush, after the packets are
    /// visible.
    fn ring(&self, peer: ShardId);
}
