//! All rings of one node.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use greenroom_core::ShardId;
use greenroom_core::mesh::Packet;
use greenroom_core::runtime::Lane;

use super::ring::Ring;
use super::store::Store;
use crate::swarm::Swarm;

/// The rings between a node's shards, by producer, consumer and lane.
#[derive(Debug)]
pub(crate) struct Rings {
    shards: u16,
    rings: Vec<RefCell<Ring>>,
    pub(super) store: RefCell<Store>,
    /// How many packets are in the rings to each consumer, by producer and lane.
    waiting: Vec<Waiting>,
}

/// Packets in the rings to one consumer, of each producer and of all: a poll would look at most
/// rings in vain.
#[derive(Clone, Debug)]
pub(crate) struct Waiting(Rc<Counts>);

#[derive(Debug)]
struct Counts {
    by_producer: Box<[[Cell<u32>; 2]]>,
    in_lane: [Cell<u32>; 2],
}

impl Waiting {
    fn new(shards: u16) -> Self {
        let by_producer = (0..shards).map(|_| Default::default()).collect();
        Self(Rc::new(Counts { by_producer, in_lane: Default::default() }))
    }

    #[inline]
    fn cells(&self, producer: ShardId, lane: Lane) -> [&Cell<u32>; 2] {
        let lane = lane as usize;
        [&self.0.by_producer[producer.index()][lane], &self.0.in_lane[lane]]
    }

    /// Packets of one producer.
    #[inline]
    pub(super) fn from(&self, producer: ShardId, lane: Lane) -> u32 {
        self.cells(producer, lane)[0].get()
    }

    /// Packets of all producers.
    #[inline]
    pub(super) fn in_lane(&self, lane: Lane) -> u32 {
        self.0.in_lane[lane as usize].get()
    }

    pub(super) fn add(&self, producer: ShardId, lane: Lane, count: u32) {
        self.cells(producer, lane).into_iter().for_each(|cell| cell.set(cell.get() + count));
    }

    pub(super) fn take_one(&self, producer: ShardId, lane: Lane) {
        self.remove(producer, lane, 1);
    }

    pub(super) fn remove(&self, producer: ShardId, lane: Lane, count: u32) {
        self.cells(producer, lane).into_iter().for_each(|cell| cell.set(cell.get() - count));
    }

    /// All producers, beginning with `first` and going round.
    pub(super) fn producers_from(&self, first: ShardId) -> impl Iterator<Item = ShardId> + use<> {
        let count = self.0.by_producer.len() as u16;
        (first.0..count).chain(0..first.0).map(ShardId)
    }
}

/// A ring with undelivered packets, for reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Undelivered {
    pub(crate) from: ShardId,
    pub(crate) to: ShardId,
    pub(crate) lane: Lane,
    pub(crate) packets: u32,
    pub(crate) full: bool,
}

impl Rings {
    pub(crate) fn new(shards: u16, swarm: &Swarm) -> Self {
        let pairs = usize::from(shards) * usize::from(shards);
        let depths = [swarm.ring_system, swarm.ring_user];
        let rings =
            (0..pairs * 2).map(|index| RefCell::new(Ring::new(depths[index % 2]))).collect();
        let store = RefCell::new(Store::new());
        Self { shards, rings, store, waiting: (0..shards).map(|_| Waiting::new(shards)).collect() }
    }

    pub(crate) fn waiting(&self, to: ShardId) -> &Waiting {
        &self.waiting[to.index()]
    }

    #[inline]
    pub(super) fn ring(&self, from: ShardId, to: ShardId, lane: Lane) -> &RefCell<Ring> {
        let pair = from.index() * usize::from(self.shards) + to.index();
        &self.rings[pair * 2 + lane as usize]
    }

    /// Brings everything in sight that was pushed to a shard, as a fence does.
    pub(crate) fn show_all(&self, to: ShardId) {
        for from in (0..self.shards).map(ShardId) {
            for lane in Lane::ALL {
                let mut ring = self.ring(from, to, lane).borrow_mut();
                if !ring.is_held() {
                    let hidden = ring.hidden();
                    ring.show(hidden);
                    ring.lag = 0;
                }
            }
        }
    }

    /// Whether a producer has a ring with room that it has not noticed.
    pub(crate) fn has_unnoticed_room(&self, from: ShardId) -> bool {
        (0..self.shards).map(ShardId).any(|to| {
            Lane::ALL.into_iter().any(|lane| {
                let ring = self.ring(from, to, lane).borrow();
                ring.producer_waits && ring.room() > 0
            })
        })
    }

    /// The rings that are not empty.
    pub(crate) fn undelivered(&self) -> Vec<Undelivered> {
        let mut found = Vec::new();
        for from in (0..self.shards).map(ShardId) {
            for to in (0..self.shards).map(ShardId) {
                for lane in Lane::ALL {
                    let ring = self.ring(from, to, lane).borrow();
                    if ring.len() > 0 {
                        let (packets, full) = (ring.len(), ring.room() == 0);
                        found.push(Undelivered { from, to, lane, packets, full });
                    }
                }
            }
        }
        found
    }

    /// Takes every packet out, when the node is gone.
    pub(crate) fn take_all(&self) -> Vec<Packet> {
        self.store.borrow_mut().take_all()
    }
}
