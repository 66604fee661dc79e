//! All rings of one node.

use std::cell::RefCell;

use greenroom_core::ShardId;
use greenroom_core::mesh::Packet;
use greenroom_core::runtime::Lane;

use super::peers::PeerSets;
use super::ring::{DEPTH_MAX, Ring};
use super::store::Store;
use crate::swarm::Swarm;

/// The rings between a node's shards, by consumer, producer and lane.
#[derive(Debug)]
pub(crate) struct Rings {
    shards: u16,
    /// Slots of each ring, by lane.
    depths: [u32; 2],
    pub(super) content: RefCell<Content>,
    /// Of each consumer, the producers in whose rings something waits for it.
    pub(super) waiting: PeerSets,
    /// Of each producer, the consumers in whose rings it found no room and spins for some.
    pub(super) spins: PeerSets,
}

/// The rings themselves, and what is in them.
#[derive(Debug)]
pub(super) struct Content {
    shards: u16,
    pairs: Vec<Pair>,
    store: Store,
}

/// Both lanes of a pair.
#[derive(Debug)]
#[repr(align(32))]
struct Pair([Ring; 2]);

/// A ring with undelivered packets, for reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Undelivered {
    pub(crate) from: ShardId,
    pub(crate) to: ShardId,
    pub(crate) lane: Lane,
    pub(crate) packets: u32,
    pub(crate) full: bool,
}

impl Content {
    /// A ring, and where its packets are.
    #[inline]
    pub(super) fn ring(
        &mut self,
        from: ShardId,
        to: ShardId,
        lane: Lane,
    ) -> (&mut Ring, &mut Store) {
        let pair = to.index() * usize::from(self.shards) + from.index();
        (&mut self.pairs[pair].0[lane as usize], &mut self.store)
    }
}

impl Rings {
    pub(crate) fn new(shards: u16, swarm: &Swarm) -> Self {
        let pairs = usize::from(shards) * usize::from(shards);
        let pairs = (0..pairs).map(|_| Pair([Ring::EMPTY, Ring::EMPTY])).collect();
        Self {
            shards,
            depths: [swarm.ring_system, swarm.ring_user].map(|depth| depth.min(DEPTH_MAX)),
            content: RefCell::new(Content { shards, pairs, store: Store::new() }),
            waiting: PeerSets::new(shards),
            spins: PeerSets::new(shards),
        }
    }

    /// Slots of a ring that are free.
    #[inline]
    pub(super) const fn room(&self, ring: &Ring, lane: Lane) -> u32 {
        self.depths[lane as usize] - ring.len()
    }

    /// Brings everything in sight that was pushed to a shard, as a fence does.
    pub(crate) fn show_all(&self, to: ShardId) {
        let content = &mut *self.content.borrow_mut();
        for lane in Lane::ALL {
            self.waiting.for_each(to, lane, |from| content.ring(from, to, lane).0.show_all());
        }
    }

    /// Whether a producer has a ring with room that it has not noticed.
    pub(crate) fn has_unnoticed_room(&self, from: ShardId) -> bool {
        let content = &mut *self.content.borrow_mut();
        Lane::ALL.into_iter().any(|lane| {
            let mut any = false;
            self.spins.for_each(from, lane, |to| {
                any |= self.room(content.ring(from, to, lane).0, lane) > 0;
            });
            any
        })
    }

    /// The rings that are not empty.
    pub(crate) fn undelivered(&self) -> Vec<Undelivered> {
        let content = &mut *self.content.borrow_mut();
        let mut found = Vec::new();
        for from in (0..self.shards).map(ShardId) {
            for to in (0..self.shards).map(ShardId) {
                for lane in Lane::ALL {
                    let (ring, _) = content.ring(from, to, lane);
                    if ring.len() > 0 {
                        let (packets, full) = (ring.len(), self.room(ring, lane) == 0);
                        found.push(Undelivered { from, to, lane, packets, full });
                    }
                }
            }
        }
        found
    }

    /// Takes every packet out, when the node is gone.
    pub(crate) fn take_all(&self) -> Vec<Packet> {
        self.content.borrow_mut().store.take_all()
    }
}
