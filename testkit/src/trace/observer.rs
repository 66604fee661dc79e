//! Core's events, on their way into the trace.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use greenroom_core::runtime::OpId;
use greenroom_core::trace::{Event, Observer};
use greenroom_core::{Instant, ShardId};

use super::Kind;
use super::log::{Named, Place};
use crate::monitor::{Happening, Lives, Order, Replies, Seen};
use crate::world::World;

/// The framework's own monitors.
const LIVES: &str = "nothing reaches the dead";
const REPLIES: &str = "one answer for each call";
const ORDER: &str = "order of a pair";

/// What one shard reports to.
#[derive(Debug)]
pub(crate) struct ShardObserver {
    world: Rc<World>,
    place: Place,
    /// The shard's number among all.
    number: usize,
    /// Names of the actors that were spawned here, by slot.
    names: RefCell<Vec<(u32, Rc<str>)>>,
    lives: Lives,
    replies: Replies,
    order: Order,
    /// The most messages that an actor here handles in one turn.
    messages_max: Cell<u32>,
}

impl ShardObserver {
    pub(crate) fn new(world: Rc<World>, number: u32) -> Self {
        let number = number as usize;
        let place = world.shards[number].place;
        Self {
            world,
            place,
            number,
            names: RefCell::default(),
            lives: Lives::default(),
            replies: Replies::default(),
            order: Order::default(),
            messages_max: Cell::new(0),
        }
    }

    pub(crate) const fn messages_max(&self) -> u32 {
        self.messages_max.get()
    }

    /// Reply ports that are out.
    pub(crate) fn ports(&self) -> usize {
        self.replies.open()
    }

    /// Tasks and actors that came and did not go.
    pub(crate) const fn tasks(&self) -> usize {
        self.lives.tasks()
    }

    fn hold(&self, monitor: &str, found: Result<(), String>) {
        if let Err(what) = found {
            let Place { node, shard } = self.place;
            self.world.verdicts.broken(monitor, format!("n{node}.{shard}: {what}"));
        }
    }

    /// Tells the test's monitors.
    #[cold]
    #[inline(never)]
    fn show(&self, happening: Happening<'_>) {
        let (at, Place { node, shard }) = (Instant::from_nanos(self.world.now()), self.place);
        self.world.monitors.see(&Seen::new(at, node, shard, happening), &self.world.verdicts);
    }

    /// Notes an event that was caused by the event of that mark. Returns its own mark.
    #[inline(always)]
    fn note_caused(&self, kind: Kind, actor: u32, detail: u64, cause: u64) -> u64 {
        let now = self.world.now();
        self.world.trace.note_caused(now, self.place, kind, actor, detail, cause) + 1
    }

    #[cold]
    #[inline(never)]
    fn not_there(&self, slot: u32, generation: u32) {
        self.hold(LIVES, self.lives.why(slot, generation));
    }

    #[inline(always)]
    fn polled(&self, slot: u32, generation: u32) {
        let state = &self.world.shards[self.number];
        state.polled.set((slot, generation));
        let cause = state.causes.of_poll(slot);
        let mark = self.note_caused(Kind::Polled, slot, generation.into(), cause);
        state.causes.polls(mark);
        self.world.trace.because(mark);
    }

    #[inline(always)]
    fn queued(&self, (slot, generation): (u32, u32), from: ShardId) {
        if !self.lives.lives(slot, generation) {
            self.not_there(slot, generation);
        }
        if from.0 != self.place.shard && self.order.keeps_some() {
            self.hold(ORDER, self.order.arrived((slot, generation), from));
        }
        let cause = self.world.trace.cause();
        let mark = self.note_caused(Kind::Queued, slot, generation.into(), cause);
        self.world.shards[self.number].causes.readied(slot, mark, cause);
    }

    #[inline(never)]
    fn submitted(&self, op: OpId) {
        self.note_caused(Kind::Submitted, 0, op.as_word(), self.world.trace.cause());
    }

    #[inline(never)]
    fn completed(&self, op: OpId, ok: bool) {
        let detail = op.as_word().rotate_left(1) ^ u64::from(ok);
        let cause = self.world.trace.cause();
        let mark = self.note_caused(Kind::Completed, 0, detail, cause);
        self.world.shards[self.number].causes.arrived(mark, cause);
    }

    /// Any other event.
    #[inline(never)]
    fn seldom(&self, event: Event) {
        let (kind, actor, detail) = match event {
            Event::Spawned { slot, generation } => {
                self.hold(LIVES, self.lives.spawned(slot, generation));
                (Kind::Spawned, slot, generation.into())
            }
            Event::Refused { slot } => (Kind::Refused, slot, 0),
            Event::Undelivered { reason } => (Kind::Undelivered, 0, reason.into()),
            Event::Replied { slot } => {
                self.hold(REPLIES, self.replies.ended(slot));
                (Kind::Replied, slot, 0)
            }
            Event::CallExpired { slot } => (Kind::CallExpired, slot, 0),
            Event::TimersFired { count } => (Kind::TimersFired, count, 0),
            Event::Exited { slot, generation, normal } => {
                self.hold(LIVES, self.lives.exited(slot, generation));
                self.order.exited((slot, generation));
                (Kind::Exited, slot, u64::from(generation) << 1 | u64::from(normal))
            }
            Event::CycleFound { slot, generation, broken } => {
                (Kind::CycleFound, slot, u64::from(generation) << 1 | u64::from(broken))
            }
            other => return self.untold(other),
        };
        let causes = &self.world.shards[self.number].causes;
        let cause = self.world.trace.cause();
        let mark = self.note_caused(kind, actor, detail, cause);
        match kind {
            Kind::Spawned => causes.spawned(actor, mark, cause),
            Kind::TimersFired | Kind::Replied => causes.arrived(mark, cause),
            _ => {}
        }
    }

    /// An event that the monitors alone hear of.
    fn untold(&self, event: Event) {
        match event {
            Event::Called { slot } => self.hold(REPLIES, self.replies.called(slot)),
            Event::Unanswered { slot } => self.hold(REPLIES, self.replies.ended(slot)),
            Event::Astray { node, slot } => self.hold(LIVES, Lives::astray(node, slot)),
            Event::Kept { slot, generation } => self.order.kept((slot, generation)),
            Event::Relieved { slot, generation, count } => {
                self.hold(ORDER, self.order.relieved((slot, generation), count));
            }
            Event::Bounded { messages } => {
                self.messages_max.set(self.messages_max.get().max(messages));
            }
            Event::Removed { slot } => self.lives.removed(slot),
            _ => {
                self.note_caused(Kind::Other, 0, 0, self.world.trace.cause());
            }
        }
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
    /// What comes with every message or operation has a way of its own, with nothing else in it.
    #[inline]
    fn event(&self, event: Event) {
        if self.world.monitors.any() {
            self.show(Happening::Core(event));
        }
        match event {
            Event::Polled { slot, generation } => self.polled(slot, generation),
            Event::Queued { slot, generation, from } => self.queued((slot, generation), from),
            Event::Submitted { op } => self.submitted(op),
            Event::Completed { op, ok } => self.completed(op, ok),
            other => self.seldom(other),
        }
    }

    fn announced(&self, what: &dyn Any) {
        if self.world.monitors.any() {
            self.show(Happening::Announced(what));
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
