//! One shard's ends of the rings, as core uses them.

use std::rc::Rc;

use greenroom_core::ShardId;
use greenroom_core::mesh::{Outbox, OutboxPool, Packet};
use greenroom_core::runtime::{Inlet, Lane, Outlet};

use super::rings::Rings;
use crate::draws::Site;
use crate::events::What;
use crate::plant::Plant;
use crate::trace::Kind;
use crate::world::{Phase, World};

/// Where a shard is among all of a run.
#[derive(Debug)]
struct Home {
    world: Rc<World>,
    rings: Rc<Rings>,
    id: ShardId,
    /// The number of the node's first shard among all shards of the run.
    first: u32,
}

/// The rings to one shard's peers, and their bells.
#[derive(Debug)]
pub(crate) struct SimOutlet {
    home: Home,
}

/// The rings from one shard's peers.
#[derive(Debug)]
pub(crate) struct SimInlet {
    home: Home,
}

impl Home {
    fn number(&self, shard: ShardId) -> u32 {
        self.first + u32::from(shard.0)
    }
}

impl SimOutlet {
    pub(crate) const fn new(world: Rc<World>, rings: Rc<Rings>, id: ShardId, first: u32) -> Self {
        Self { home: Home { world, rings, id, first } }
    }

    /// How much of the room in a ring the producer sees.
    fn room_seen(&self, room: u32) -> u32 {
        let (world, me) = (&self.home.world, self.home.number(self.home.id));
        if room > 0 && world.draws.chance(Site::Room, me, world.swarm.stale_room) {
            return world.draws.below(Site::Room, me, u64::from(room)) as u32;
        }
        room
    }

    /// Pushes what finds room. Returns how many packets that is, and whether the consumer is to hear
    /// of them.
    fn push(&self, peer: ShardId, lane: Lane, packets: &mut Outbox) -> (usize, bool) {
        let Home { world, rings, id, .. } = &self.home;
        let (me, to) = (self.home.number(*id), self.home.number(peer));
        let content = &mut *rings.content.borrow_mut();
        let (count, last, held) = content.with((*id, peer, lane), |ring, store| {
            let room = self.room_seen(rings.room(ring, lane)) as usize;
            let count = room.min(packets.len());
            let mut last = 0;
            for _ in 0..count {
                let Some(packet) = packets.pop_front() else { break };
                let (slot, generation) = packet.target();
                let detail = u64::from(generation) << 16 | u64::from(peer.0) << 1 | lane as u64;
                let cause = world.note(me, Kind::Pushed, slot, detail) + 1;
                ring.push(store, packet, cause);
                last = cause;
            }
            (count, last, ring.is_held())
        });
        if last != 0 {
            world.trace.because(last);
        }
        let target = &world.shards[to as usize];
        if count > 0 && !held {
            rings.waiting.put(peer, lane, *id, true);
            target.inbound.set(target.inbound.get() + count as u32);
        }
        let waits = !packets.is_empty();
        rings.spins.put(*id, lane, peer, waits);
        if waits {
            world.note(me, Kind::RingFull, u32::from(peer.0), packets.len() as u64);
        }
        if count > 0 && target.phase.get() == Phase::Spinning {
            world.notice(to);
        }
        (count, count > 0 && !held)
    }

    fn ring_bell(&self, peer: ShardId) {
        let (world, to) = (&self.home.world, self.home.number(peer));
        let target = &world.shards[to as usize];
        if !target.announced.replace(false) {
            return;
        }
        let me = self.home.number(self.home.id);
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

impl Outlet for SimOutlet {
    fn flush(&self, peer: ShardId, system: &mut Outbox, user: &mut Outbox) -> usize {
        let (mut pushed, mut rings_bell) = (0, false);
        let home = &self.home;
        let state = &home.world.shards[home.number(home.id) as usize];
        let trace = &home.world.trace;
        let (before, mut last) = (trace.cause(), 0);
        for (lane, packets) in Lane::ALL.into_iter().zip([system, user]) {
            if !packets.is_empty() {
                trace.because(state.causes.of_flush());
                let (count, rings) = self.push(peer, lane, packets);
                last = if count > 0 { trace.cause() } else { last };
                pushed += count;
                rings_bell |= rings;
            }
        }
        if rings_bell {
            trace.because(last);
            self.ring_bell(peer);
        }
        trace.because(before);
        pushed
    }

    fn outboxes(&self) -> Option<Rc<OutboxPool>> {
        Some(self.home.rings.outboxes.clone())
    }
}

impl SimInlet {
    pub(crate) const fn new(world: Rc<World>, rings: Rc<Rings>, id: ShardId, first: u32) -> Self {
        Self { home: Home { world, rings, id, first } }
    }

    /// Decides how many packets of a ring this poll sees.
    fn look(&self, peer: ShardId, lane: Lane) -> u32 {
        let Home { world, rings, id, .. } = &self.home;
        let me = self.home.number(*id);
        let swarm = &world.swarm;
        rings.content.borrow_mut().with((peer, *id, lane), |ring, store| {
            let hidden = ring.hidden();
            if hidden == 0 || ring.is_held() {
                return ring.visible();
            }
            let misses =
                ring.may_lag(swarm.lag_max) && world.draws.chance(Site::Visible, me, swarm.lag);
            let seen = if misses {
                world.draws.below(Site::Visible, me, u64::from(hidden)) as u32
            } else {
                hidden
            };
            ring.polled(seen < hidden);
            if seen > 0 {
                let pushed = ring.oldest_hidden(store);
                ring.show(seen);
                world.note_caused(me, Kind::Visible, u32::from(peer.0), u64::from(seen), pushed);
            }
            ring.visible()
        })
    }

    /// Takes a packet, with the mark of the event that pushed it. Nothing stays borrowed: opening it
    /// may send.
    #[inline]
    fn pop_one(&self, peer: ShardId, lane: Lane) -> Option<(Packet, u64)> {
        let Home { world, rings, id, .. } = &self.home;
        let (which, content) = ((peer, *id, lane), &mut *rings.content.borrow_mut());
        let (ring, store) = content.ring(which);
        let (packet, cause, in_order) = ring.pop(store)?;
        let is_empty = ring.waiting() == 0;
        if ring.is_as_new() {
            content.put_away(which);
        }
        if !in_order {
            let what = format!("packets out of order, from shard {peer} to {id}, {lane:?} lane");
            world.verdicts.broken("order of rings", what);
        }
        if is_empty {
            rings.waiting.put(*id, lane, peer, false);
        }
        Some((packet, cause))
    }

    /// Takes packets out of a ring that is not empty.
    #[inline(never)]
    fn take(&self, peer: ShardId, lane: Lane, max: usize, sink: &mut impl FnMut(ShardId, Packet)) {
        let Home { world, rings, id, .. } = &self.home;
        let me = self.home.number(*id);
        let state = &world.shards[me as usize];
        let count = max.min(self.look(peer, lane) as usize);
        if world.planted(Plant::Reordering)
            && lane == Lane::User
            && count >= 2
            && world.draws.chance(Site::Plant, me, 64)
        {
            let content = &mut *rings.content.borrow_mut();
            content.with((peer, *id, lane), |ring, store| ring.swap_oldest(store));
        }
        // Told also when `sink` unwinds.
        let _told = (count > 0).then(|| RoomMade { inlet: self, peer, lane });
        for _ in 0..count {
            let Some((packet, cause)) = self.pop_one(peer, lane) else { break };
            state.inbound.set(state.inbound.get() - 1);
            let (slot, generation) = packet.target();
            let detail = u64::from(generation) << 16 | u64::from(peer.0) << 1 | lane as u64;
            let delivered = world.note_caused(me, Kind::Delivered, slot, detail, cause) + 1;
            world.trace.because(delivered);
            state.causes.arrived(delivered, 0);
            sink(peer, packet);
        }
        world.trace.because(state.causes.turn());
    }
}

/// Tells a producer that spins for room in a ring that there is some.
struct RoomMade<'a> {
    inlet: &'a SimInlet,
    peer: ShardId,
    lane: Lane,
}

impl Drop for RoomMade<'_> {
    fn drop(&mut self) {
        let home = &self.inlet.home;
        if home.rings.spins.put(self.peer, self.lane, home.id, false) {
            home.world.notice(home.number(self.peer));
        }
    }
}

impl Inlet for SimInlet {
    fn pop(
        &mut self,
        lane: Lane,
        first: ShardId,
        max: usize,
        mut sink: impl FnMut(ShardId, Packet),
    ) {
        let rings = &self.home.rings;
        rings.waiting.for_each_from(self.home.id, lane, first, |peer| {
            self.take(peer, lane, max, &mut sink);
        });
    }

    fn pending(&self) -> bool {
        self.home.world.shards[self.home.number(self.home.id) as usize].inbound.get() > 0
    }
}
