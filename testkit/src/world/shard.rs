//! One shard as the world sees it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque};

use greenroom_core::runtime::Injected;

use crate::faults::Fault;
use crate::threads::drop_each;
use crate::trace::{Causes, Place};

/// Where a shard stands between two steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// Its next step is a round.
    Running,
    /// It found nothing to do and is about to park; its next step does or does not.
    Settling,
    /// It looks at its rings and inputs again and again. It has not announced that it sleeps.
    Spinning,
    /// It sleeps.
    Parked,
}

/// What the world keeps of a shard. What every message and every choice of a shard looks at is one
/// cache line: of a node of many shards none stays in the first cache for long.
#[derive(Debug)]
#[repr(C, align(64))]
pub(crate) struct ShardState {
    pub(crate) place: Place,
    pub(crate) phase: Cell<Phase>,
    /// It has announced that it sleeps, and nobody has rung for it since.
    pub(crate) announced: Cell<bool>,
    /// A doorbell reached it that no wake-up has swallowed yet.
    pub(crate) rung: Cell<bool>,
    /// It could run, and does when it no longer stands still.
    pub(crate) held: Cell<bool>,
    /// Packets pushed to it and not popped.
    pub(crate) inbound: Cell<u32>,
    /// Ready tasks that its last turn left.
    pub(crate) ready_tasks: Cell<u32>,
    /// Doorbells on their way to it.
    pub(crate) bells: Cell<u32>,
    /// Tells its spins apart.
    pub(crate) spin: Cell<u32>,
    /// When it wants to run without any input; `u64::MAX` for never.
    pub(crate) deadline: Cell<u64>,
    /// The earliest deadline event that is under way for it; `u64::MAX` for none.
    pub(crate) deadline_entered: Cell<u64>,
    /// Slot and generation of the task it polled last; generation 0 when it has polled none.
    pub(crate) polled: Cell<(u32, u32)>,
    /// The mark of the event that made it run.
    pub(crate) cause: Cell<u64>,
    /// Until when it stands still.
    pub(crate) stalled_until: Cell<u64>,
    /// What led to what in its turn.
    pub(crate) causes: Causes,
    /// Where among the world's completions those are that have reached it, with the marks of the
    /// events that say so.
    pub(crate) completions: RefCell<VecDeque<(u32, u64)>>,
    /// What has reached it from outside, with the marks of the events that say so.
    pub(crate) injected: RefCell<VecDeque<(Injected, u64)>>,
    /// What is on its way from outside, in order.
    pub(crate) arriving: RefCell<VecDeque<Injected>>,
    /// When the last of those arrives.
    pub(crate) arrives_last: Cell<u64>,
    /// Why it stands still: a stall, or a round that took longer than it should.
    pub(crate) stalled_by: Cell<Fault>,
    /// How many times as long as usual its rounds take.
    pub(crate) slowness: Cell<u32>,
    pub(crate) slowness_drawn: Cell<bool>,
    /// Slots of the actors whose mailboxes hold less than their settings say.
    pub(crate) small_mailboxes: RefCell<BTreeSet<u32>>,
    /// The slot of a task that is passed over, and until when.
    pub(crate) passed_over: Cell<(u32, u64)>,
    /// How much too late the deadline event that is under way for it is.
    pub(crate) deadline_late: Cell<u64>,
}

const _: () = assert!(std::mem::offset_of!(ShardState, causes) == 64);

impl ShardState {
    pub(crate) fn new(place: Place) -> Self {
        Self {
            place,
            phase: Cell::new(Phase::Parked),
            announced: Cell::new(true),
            rung: Cell::new(false),
            bells: Cell::new(0),
            deadline: Cell::new(u64::MAX),
            deadline_entered: Cell::new(u64::MAX),
            inbound: Cell::new(0),
            ready_tasks: Cell::new(0),
            polled: Cell::new((0, 0)),
            spin: Cell::new(0),
            cause: Cell::new(0),
            causes: Causes::default(),
            completions: RefCell::default(),
            injected: RefCell::default(),
            arriving: RefCell::default(),
            arrives_last: Cell::new(0),
            stalled_until: Cell::new(0),
            stalled_by: Cell::new(Fault::ShardStall),
            held: Cell::new(false),
            slowness: Cell::new(1),
            slowness_drawn: Cell::new(false),
            small_mailboxes: RefCell::default(),
            passed_over: Cell::new((0, 0)),
            deadline_late: Cell::new(0),
        }
    }

    /// Becomes a shard that has just started. What was meant for the one before is dropped.
    pub(crate) fn reset(&self) {
        self.spin.set(self.spin.get() + 1);
        self.phase.set(Phase::Parked);
        self.announced.set(true);
        self.rung.set(false);
        self.bells.set(0);
        self.deadline.set(u64::MAX);
        self.deadline_entered.set(u64::MAX);
        self.deadline_late.set(0);
        self.inbound.set(0);
        self.ready_tasks.set(0);
        self.polled.set((0, 0));
        self.cause.set(0);
        self.causes.reset();
        self.stalled_until.set(0);
        self.held.set(false);
        self.passed_over.set((0, 0));
        self.drop_inputs();
    }

    /// Drops what is on its way, or has come and was not taken in; the world drops its completions.
    /// (Each is taken out first: what users wrote may run.)
    pub(crate) fn drop_inputs(&self) {
        let arriving = self.arriving.take();
        drop_each(arriving);
        let injected = self.injected.take();
        drop_each(injected);
        self.completions.take();
    }

    /// Whether something other than packets waits to be taken in.
    pub(crate) fn has_inputs(&self) -> bool {
        !self.completions.borrow().is_empty() || !self.injected.borrow().is_empty()
    }
}
