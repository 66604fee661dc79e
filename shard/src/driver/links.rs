//! A shard's ends of the mesh, as core takes them.

use std::cell::RefCell;

use greenroom_core::ShardId;
use greenroom_core::mesh::{Outbox, Packet};
use greenroom_core::runtime::{Inlet, Lane, Outlet};

use super::Bell;
use crate::mesh::{Incoming, Outgoing, Port, Sleeper};

/// The rings to every other shard, and their bells.
#[derive(Debug)]
pub(crate) struct Outgoings {
    shard: usize,
    /// By rising index, without this shard.
    peers: RefCell<Vec<Outgoing<Packet, Bell>>>,
}

/// The rings from every other shard.
#[derive(Debug)]
pub(crate) struct Incomings {
    shard: usize,
    /// By rising index, without this shard.
    peers: Vec<Incoming<Packet>>,
}

/// Takes a port apart into what sends, what receives, and how this shard sleeps.
pub(crate) fn take_apart(port: Port<Packet, Bell>) -> (Outgoings, Incomings, Sleeper<Bell>) {
    let Port { shard, outgoing, incoming, sleeper } = port;
    let outgoing = Outgoings { shard, peers: RefCell::new(outgoing) };
    (outgoing, Incomings { shard, peers: incoming }, sleeper)
}

/// A peer's place in a list that leaves out `shard`.
#[inline]
const fn place(shard: usize, peer: ShardId) -> usize {
    peer.index() - (peer.index() > shard) as usize
}

impl Outlet for Outgoings {
    #[inline]
    fn flush(&self, peer: ShardId, system: &mut Outbox, user: &mut Outbox) -> usize {
        debug_assert_ne!(peer.index(), self.shard, "a shard has no ring to itself");
        self.peers.borrow_mut()[place(self.shard, peer)].flush(system, user)
    }
}

impl Inlet for Incomings {
    #[inline]
    fn pop(
        &mut self,
        lane: Lane,
        first: ShardId,
        max: usize,
        mut sink: impl FnMut(ShardId, Packet),
    ) {
        // Where the first peer is this shard, its place is the next one's.
        let (before, from) = self.peers.split_at_mut(place(self.shard, first));
        for Incoming { peer, system, user } in from.iter_mut().chain(before) {
            let peer = ShardId(*peer as u16);
            let sink = |packet| sink(peer, packet);
            match lane {
                Lane::System => system.pop_batch(max, sink),
                Lane::User => user.pop_batch(max, sink),
            };
        }
    }

    #[inline]
    fn pending(&self) -> bool {
        self.peers.iter().any(|from| !from.is_empty())
    }
}
