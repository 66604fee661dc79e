//! One shard's ends of the rings, as core's pump uses them.

use std::collections::VecDeque;
use std::rc::Rc;

use greenroom_core::ShardId;
use greenroom_core::mesh::Packet;
use greenroom_core::runtime::{Doorbell, Lane, Mesh};

use super::rings::{Rings, Waiting};
use crate::draws::Site;
use crate::events::What;
use crate::plant::Plant;
use crate::trace::Kind;
use crate::world::{Phase, World};

/// The rings of one shard.
#[derive(Debug)]
pub(crate) struct SimMesh {
    world: Rc<World>,
    rings: Rc<Rings>,
    /// What waits in the rings to this shard.
    waiting: Waiting,
    id: ShardId,
    /// The number of the node's first shard among all shards of the run.
    first: u32,
}

/// The doorbells of one shard's peers.
#[derive(Debug)]
pub(crate) struct SimDoorbell {
    world: Rc<World>,
    id: ShardId,
    first: u32,
}

impl SimMesh {
    pub(crate) fn new(world: Rc<World>, rings: Rc<Rings>, id: ShardId, first: u32) -> Self {
        Self { world, waiting: rings.waiting(id).clone(), rings, id, first }
    }

    fn number(&self, shard: ShardId) -> u32 {
        self.first + u32::from(shard.0)
    }

    /// How much of the room in a ring the producer sees.
    fn room_seen(&self, room: u32) -> u32 {
        let (world, me) = (&self.world, self.number(self.id));
        if room > 0 && world.draws.chance(Site::Room, me, world.swarm.stale_room) {
            return world.draws.below(Site::Room, me, u64::from(room)) as u32;
        }
        room
    }

    /// Decides how many packets of a ring this poll sees.
    fn look(&self, peer: ShardId, lane: Lane) -> u32 {
        let (world, me) = (&self.world, self.number(self.id));
        let mut ring = self.rings.ring(peer, self.id, lane).borrow_mut();
        let hidden = ring.hidden();
        if hidden == 0 {
            return ring.visible();
        }
        let swarm = &world.swarm;
        let misses = ring.lag < swarm.lag_max && world.draws.chance(Site::Visible, me, swarm.lag);
        let seen = if misses {
            world.draws.below(Site::Visible, me, u64::from(hidden)) as u32
        } else {
            hidden
        };
        ring.lag = if seen < hidden { ring.lag + 1 } else { 0 };
        if seen > 0 {
            ring.show(seen);
            world.note(me, Kind::Visible, u32::from(peer.0), u64::from(seen));
        }
        ring.visible()
    }

    /// Takes packets out of a ring that is not empty.
    #[inline(never)]
    fn take(&self, peer: ShardId, lane: Lane, max: usize, sink: &mut dyn FnMut(Packet)) -> usize {
        let waiting = self.waiting.from(peer, lane);
        let ring = self.rings.ring(peer, self.id, lane);
        let (world, me) = (&self.world, self.number(self.id));
        let count = max.min(self.look(peer, lane) as usize);
        if world.planted(Plant::Reordering)
            && lane == Lane::User
            && count >= 2
            && world.draws.chance(Site::Plant, me, 64)
        {
            ring.borrow().swap_oldest(&mut self.rings.store.borrow_mut());
        }
        for _ in 0..count {
            let popped = ring.borrow_mut().pop(&mut self.rings.store.borrow_mut());
            let Some((packet, cause)) = popped else { break };
            let inbound = &world.shards[me as usize].inbound;
            inbound.set(inbound.get() - 1);
            waiting.set(waiting.get() - 1);
            let (slot, generation) = packet.target();
            let detail = u64::from(generation) << 16 | u64::from(peer.0) << 1 | lane as u64;
            world.note_caused(me, Kind::Delivered, slot, detail, cause);
            sink(packet);
        }
        if count > 0 {
            self.room_made(peer, lane);
        }
        count
    }

    /// Tells a producer that spins for room that there is some.
    fn room_made(&self, peer: ShardId, lane: Lane) {
        let mut ring = self.rings.ring(peer, self.id, lane).borrow_mut();
        if std::mem::take(&mut ring.producer_waits) {
            self.world.notice(self.number(peer));
        }
    }
}

impl Mesh for SimMesh {
    fn push(&mut self, peer: ShardId, lane: Lane, packets: &mut VecDeque<Packet>) -> usize {
        let (world, me, to) = (&self.world, self.number(self.id), self.number(peer));
        let mut ring = self.rings.ring(self.id, peer, lane).borrow_mut();
        let room = self.room_seen(ring.room()) as usize;
        let count = room.min(packets.len());
        for _ in 0..count {
            let Some(packet) = packets.pop_front() else { break };
            let (slot, generation) = packet.target();
            let detail = u64::from(generation) << 16 | u64::from(peer.0) << 1 | lane as u64;
            let cause = world.note(me, Kind::Pushed, slot, detail);
            ring.push(&mut self.rings.store.borrow_mut(), packet, cause);
        }
        let waiting = self.rings.waiting(peer).from(self.id, lane);
        waiting.set(waiting.get() + count as u32);
        let target = &world.shards[to as usize];
        target.inbound.set(target.inbound.get() + count as u32);
        ring.producer_waits = !packets.is_empty();
        if ring.producer_waits {
            world.note(me, Kind::RingFull, u32::from(peer.0), packets.len() as u64);
        }
        if count > 0 && target.phase.get() == Phase::Spinning {
            world.notice(to);
        }
        count
    }

    #[inline]
    fn pop(
        &mut self,
        peer: ShardId,
        lane: Lane,
        max: usize,
        sink: &mut dyn FnMut(Packet),
    ) -> usize {
        // Most polls of a round find nothing.
        if self.waiting.from(peer, lane).get() == 0 {
            return 0;
        }
        self.take(peer, lane, max, sink)
    }

    fn pending(&self) -> bool {
        self.world.shards[self.number(self.id) as usize].inbound.get() > 0
    }
}

impl SimDoorbell {
    pub(crate) const fn new(world: Rc<World>, id: ShardId, first: u32) -> Self {
        Self { world, id, first }
    }
}

impl Doorbell for SimDoorbell {
    fn ring(&self, peer: ShardId) {
        let (world, to) = (&self.world, self.first + u32::from(peer.0));
        let target = &world.shards[to as usize];
        if !target.announced.replace(false) {
            return;
        }
        let me = self.first + u32::from(self.id.0);
        let merged =
            target.bells.get() > 0 && world.draws.chance(Site::Bell, me, world.swarm.bell_merge);
        world.note(me, Kind::BellRung, u32::from(peer.0), u64::from(merged));
        if !merged {
            target.bells.set(target.bells.get() + 1);
            let delay = world.draws.below(Site::Bell, me, world.swarm.bell_delay + 1);
            world.enter_after(delay, What::Doorbell(to));
        }
    }
}
