//! Core's events, on their way into the trace.

use std::cell::RefCell;
use std::rc::Rc;

use greenroom_core::trace::{Event, Observer};

use super::Kind;
use super::log::{Named, Place};
use crate::world::World;

/// What one shard reports to.
#[derive(Debug)]
pub(crate) struct ShardObserver {
    world: Rc<World>,
    place: Place,
    /// The shard's number among all.
    number: usize,
    /// Names of the actors that were spawned here, by slot.
    names: RefCell<Vec<(u32, Rc<str>)>>,
}

impl ShardObserver {
    pub(crate) fn new(world: Rc<World>, number: u32) -> Self {
        let number = number as usize;
        let place = world.shards[number].place;
        Self { world, place, number, names: RefCell::default() }
    }

    /// The names of the last actors that lived in each slot.
    pub(crate) fn names(&self) -> Vec<Named> {
        let names = self.names.borrow();
        let named = (0..).zip(names.iter()).filter(|(_, (generation, _))| *generation != 0);
        let place = self.place;
        named.map(|(slot, (_, name))| Named { since: 0, place, slot, name: name.clone() }).collect()
    }

    /// The name of the last actor that lived in a slot, if it was of that generation.
    pub(crate) fn name(&self, slot: u32, generation: u32) -> Option<Rc<str>> {
        let names = self.names.borrow();
        let (named, name) = names.get(slot as usize)?;
        (*named == generation).then(|| name.clone())
    }
}

impl Observer for ShardObserver {
    #[inline]
    fn event(&self, event: Event) {
        let state = &self.world.shards[self.number];
        let (kind, actor, detail) = match event {
            Event::Polled { slot, generation } => {
                state.polled.set((slot, generation));
                (Kind::Polled, slot, generation.into())
            }
            Event::Spawned { slot, generation } => (Kind::Spawned, slot, generation.into()),
            Event::Queued { slot, generation } => (Kind::Queued, slot, generation.into()),
            Event::Refused { slot } => (Kind::Refused, slot, 0),
            Event::Undelivered { reason } => (Kind::Undelivered, 0, reason.into()),
            Event::Replied { slot } => (Kind::Replied, slot, 0),
            Event::CallExpired { slot } => (Kind::CallExpired, slot, 0),
            Event::TimersFired { count } => (Kind::TimersFired, count, 0),
            Event::Submitted { op } => (Kind::Submitted, 0, op.as_word()),
            Event::Completed { op, ok } => {
                (Kind::Completed, 0, op.as_word().rotate_left(1) ^ u64::from(ok))
            }
            Event::Exited { slot, generation, normal } => {
                (Kind::Exited, slot, u64::from(generation) << 1 | u64::from(normal))
            }
            Event::CycleFound { slot, generation, broken } => {
                (Kind::CycleFound, slot, u64::from(generation) << 1 | u64::from(broken))
            }
            _ => (Kind::Other, 0, 0),
        };
        let trace = &self.world.trace;
        let cause = if kind == Kind::Polled { state.causes.of_poll(actor) } else { trace.cause() };
        let now = self.world.now();
        let mark = trace.note_caused(now, self.place, kind, actor, detail, cause) + 1;
        match kind {
            Kind::Polled => {
                state.causes.polls(mark);
                trace.because(mark);
            }
            Kind::Spawned => state.causes.spawned(actor, mark, cause),
            Kind::Queued => state.causes.readied(actor, mark, cause),
            Kind::Completed | Kind::TimersFired | Kind::Replied => {
                state.causes.arrived(mark, cause);
            }
            _ => {}
        }
    }

    fn named(&self, slot: u32, generation: u32, name: &str) {
        let names = &mut *self.names.borrow_mut();
        if names.len() <= slot as usize {
            names.resize(slot as usize + 1, (0, Rc::from("")));
        }
        let name: Rc<str> = Rc::from(name);
        self.world.trace.named(self.place, slot, &name);
        names[slot as usize] = (generation, name);
    }
}
