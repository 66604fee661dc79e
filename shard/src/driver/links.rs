//! A shard's ends of the mesh, as core's pump takes them.

use std::collections::VecDeque;

use greenroom_core::ShardId;
use greenroom_core::mesh::Packet;
use greenroom_core::runtime::{self, Lane, Mesh};

use super::{Bell, Doorbell};
use crate::mesh::{Incoming, Outgoing, Port, Sleeper};

/// The rings to and from every other shard.
#[derive(Debug)]
pub(crate) struct Links {
    shard: usize,
    outgoing: Vec<Outgoing<Packet, Bell>>,
    incoming: Vec<Incoming<Packet>>,
}

/// The doorbells of every other shard.
#[derive(Debug)]
pub(crate) struct Doorbells {
    shard: usize,
    doorbells: Vec<Doorbell<Bell>>,
}

/// Takes a port apart into what carries packets, what wakes others, and how this shard sleeps.
pub(crate) fn take_apart(port: Port<Packet, Bell>) -> (Links, Doorbells, Sleeper<Bell>) {
    let Port { shard, outgoing, incoming, sleeper } = port;
    let doorbells = outgoing.iter().map(|to| to.doorbell.clone()).collect();
    (Links { shard, outgoing, incoming }, Doorbells { shard, doorbells }, sleeper)
}

/// A peer's place in a list that leaves out `shard`.
#[inline]
fn place(shard: usize, peer: ShardId) -> usize {
    let peer = peer.index();
    debug_assert_ne!(peer, shard, "a shard has no ring to itself");
    peer - usize::from(peer > shard)
}

impl Mesh for Links {
    #[inline]
    fn push(&mut self, peer: ShardId, lane: Lane, packets: &mut VecDeque<Packet>) -> usize {
        let to = &mut self.outgoing[place(self.shard, peer)];
        match lane {
            Lane::System => to.system.push_batch(packets),
            Lane::User => to.user.push_batch(packets),
        }
    }

    #[inline]
    fn pop(
        &mut self,
        peer: ShardId,
        lane: Lane,
        max: usize,
        sink: &mut dyn FnMut(Packet),
    ) -> usize {
        let from = &mut self.incoming[place(self.shard, peer)];
        match lane {
            Lane::System => from.system.pop_batch(max, sink),
            Lane::User => from.user.pop_batch(max, sink),
        }
    }

    #[inline]
    fn pending(&self) -> bool {
        self.incoming.iter().any(|from| !from.is_empty())
    }
}

impl runtime::Doorbell for Doorbells {
    #[inline]
    fn ring(&self, peer: ShardId) {
        self.doorbells[place(self.shard, peer)].notify();
    }
}
