//! One step of the loop.

use std::rc::Rc;

use crossbeam_channel::Receiver;
use greenroom_core::runtime::{Driver, Injected};
use greenroom_core::{Fifo, Instant, Next, Pump, Shard};

use crate::driver::{Bell, Incomings};
use crate::mesh::Sleeper;
use crate::run::{IdleStrategy, Phase, Seat};

/// Things taken from the door before the shard has a round.
const INJECTED_BATCH: usize = 256;

/// What the loop asks of a driver's I/O.
pub(crate) trait World: Driver {
    /// Begins a turn of the shard, and tells the time.
    fn begin_turn(&self, shard: &Shard) -> Instant;

    /// Carries on what actors asked for, and tells the shard what is done.
    fn complete_io(&self, shard: &Shard, now: Instant);

    /// Whether there is something for [`World::complete_io`] that can be seen without a system
    /// call.
    fn has_input(&self) -> bool;

    /// Looks whether I/O has happened, where [`World::has_input`] cannot see it.
    fn look(&self) -> bool;

    /// Begins to close everything that is open.
    fn close_all(&self);
}

/// A shard with what runs it.
pub(crate) struct ShardLoop<W> {
    pub(crate) shard: Rc<Shard>,
    pub(crate) world: Rc<W>,
    pub(super) pump: Pump<Incomings>,
    pub(super) sleeper: Sleeper<Bell>,
    pub(super) injected: Receiver<Injected>,
    pub(super) idle: IdleStrategy,
    pub(super) state: State,
    /// Last, so that everything else is gone when the others hear that this shard is.
    pub(super) seat: Seat,
}

/// Where the loop stands.
pub(super) struct State {
    /// The last phase this shard has acted upon.
    pub(super) phase: Phase,
    /// The shard is over; what is left is to wait for I/O.
    pub(super) over: bool,
}

impl State {
    pub(super) const fn new() -> Self {
        Self { phase: Phase::Starting, over: false }
    }
}

/// What one step came to.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub(crate) next: Next,
    /// Packets are left behind, because a ring is full.
    pub(crate) blocked: bool,
    pub(super) received: usize,
}

impl<W: World> ShardLoop<W> {
    /// The idle strategy.
    pub(crate) const fn idle(&self) -> IdleStrategy {
        self.idle
    }

    /// Whether the shard is over, and has only I/O to wait for.
    pub(crate) const fn is_over(&self) -> bool {
        self.state.over
    }

    /// One step, and what the system's phase asks for; `None` when it has to be done again at
    /// once.
    #[inline]
    pub(crate) fn advance(&mut self) -> Option<Step> {
        let step = self.step();
        let runs = self.state.phase == Phase::Running && self.seat.phase() == Phase::Running;
        (runs || !self.follow(step)).then_some(step)
    }

    /// Takes in what has come and lets the shard have a turn.
    pub(super) fn step(&mut self) -> Step {
        self.shard.begin_step();
        if !self.injected.is_empty() {
            self.injected.try_iter().take(INJECTED_BATCH).for_each(|it| self.shard.inject(it));
        }
        let now = self.world.begin_turn(&self.shard);
        self.world.complete_io(&self.shard, now);
        let pumped = self.pump.round(&self.shard, now, &mut Fifo);
        self.shard.end_step();
        Step { next: pumped.next, blocked: pumped.blocked, received: pumped.received }
    }
}
