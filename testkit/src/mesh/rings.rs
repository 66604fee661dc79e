//! All rings of one node.

use std::cell::RefCell;
use std::rc::Rc;

use greenroom_core::ShardId;
use greenroom_core::mesh::{OutboxPool, Packet};
use greenroom_core::runtime::Lane;

use super::peers::PeerSets;
use super::ring::{DEPTH_MAX, Ring};
use super::store::{NOWHERE, Store};
use crate::swarm::Swarm;

/// The rings between a node's shards.
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
    /// What goes into rings comes from there.
    pub(super) outboxes: Rc<OutboxPool>,
}

/// The rings themselves, and what is in them.
///
/// A node of many shards has thousands of rings, of which most are empty: those that are not are
/// side by side, the place left last is taken next, and for each ring there is no more than the word
/// that says where it is.
#[derive(Debug)]
pub(super) struct Content {
    shards: u16,
    /// By lane, consumer and producer: a place among `rings`, [`NOWHERE`] for an empty ring.
    places: Box<[u32]>,
    rings: Vec<Ring>,
    /// Places among `rings` that no ring is in, the next one last.
    spare: Vec<u32>,
    store: Store,
}

/// A ring: from where, to where, and its lane.
pub(super) type Which = (ShardId, ShardId, Lane);

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
    fn new(shards: u16) -> Self {
        let places = vec![NOWHERE; usize::from(shards) * usize::from(shards) * 2];
        Self {
            shards,
            places: places.into(),
            rings: Vec::new(),
            spare: Vec::new(),
            store: Store::new(),
        }
    }

    /// Calls `f` with a ring, and with where its packets are.
    #[inline]
    pub(super) fn with<R>(
        &mut self,
        which: Which,
        f: impl FnOnce(&mut Ring, &mut Store) -> R,
    ) -> R {
        let (ring, store) = self.ring(which);
        let result = f(ring, store);
        if ring.is_as_new() {
            self.put_away(which);
        }
        result
    }

    /// A ring, and where its packets are. Whoever leaves it as it was new puts it away.
    #[inline]
    pub(super) fn ring(&mut self, which: Which) -> (&mut Ring, &mut Store) {
        let index = self.index(which);
        let place = &mut self.places[index];
        if *place == NOWHERE {
            *place = self.spare.pop().unwrap_or_else(|| {
                self.rings.push(Ring::EMPTY);
                (self.rings.len() - 1) as u32
            });
        }
        (&mut self.rings[*place as usize], &mut self.store)
    }

    /// Gives the place of a ring back that is as it was new.
    #[inline]
    pub(super) fn put_away(&mut self, which: Which) {
        let index = self.index(which);
        let place = std::mem::replace(&mut self.places[index], NOWHERE);
        self.rings[place as usize] = Ring::EMPTY;
        self.spare.push(place);
    }

    #[inline]
    fn index(&self, (from, to, lane): Which) -> usize {
        let shards = usize::from(self.shards);
        (lane as usize * shards + to.index()) * shards + from.index()
    }
}

impl Rings {
    pub(crate) fn new(shards: u16, swarm: &Swarm) -> Self {
        Self {
            shards,
            depths: [swarm.ring_system, swarm.ring_user].map(|depth| depth.min(DEPTH_MAX)),
            content: RefCell::new(Content::new(shards)),
            waiting: PeerSets::new(shards),
            spins: PeerSets::new(shards),
            outboxes: Rc::default(),
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
            self.waiting.for_each(to, lane, |from| {
                content.with((from, to, lane), |ring, _| ring.show_all());
            });
        }
    }

    /// Whether a producer has a ring with room that it has not noticed.
    pub(crate) fn has_unnoticed_room(&self, from: ShardId) -> bool {
        let content = &mut *self.content.borrow_mut();
        Lane::ALL.into_iter().any(|lane| {
            let mut any = false;
            self.spins.for_each(from, lane, |to| {
                any |= content.with((from, to, lane), |ring, _| self.room(ring, lane)) > 0;
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
                    content.with((from, to, lane), |ring, _| {
                        if ring.len() > 0 {
                            let (packets, full) = (ring.len(), self.room(ring, lane) == 0);
                            found.push(Undelivered { from, to, lane, packets, full });
                        }
                    });
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
