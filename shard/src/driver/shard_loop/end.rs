//! A shard's part in the phases of its system; see [`crate::run::Stage`].

use std::sync::Arc;

use greenroom_core::{Next, ShutdownOutcome};

use super::{ShardLoop, Step, World};
use crate::run::Phase;

/// Rounds a shard has for the answers that are left in its rings when the system ends.
const DRAIN_ROUNDS: usize = 1000;

impl<W: World> ShardLoop<W> {
    /// Does what the system's phase asks of the shard. Tells whether it has work from it.
    pub(super) fn follow(&mut self, step: Step) -> bool {
        let (phase, before) = (self.seat.phase(), self.state.phase);
        if phase >= Phase::Killing && before < Phase::Killing {
            self.shard.kill_all();
        }
        if phase >= Phase::Leaving && before < Phase::Leaving {
            self.shard.seal();
        }
        self.state.phase = phase;
        match phase {
            Phase::Starting | Phase::Running => {}
            Phase::Stopping => self.lead(before),
            Phase::Killing => {
                if self.shard.is_quiet() {
                    self.seat.arrive_quiet();
                }
            }
            Phase::Leaving => {
                if !step.blocked {
                    self.seat.arrive_flushed();
                }
            }
            Phase::Draining | Phase::Abandoning => {
                self.drain();
                self.abandon();
            }
        }
        phase != before
    }

    /// Leads the shutdown, where that is for this shard to do.
    fn lead(&self, before: Phase) {
        if !self.seat.leads() {
            return;
        }
        if before < Phase::Stopping {
            self.shard.begin_shutdown(self.seat.limit());
        }
        match self.shard.shutdown_outcome() {
            None => {}
            Some(ShutdownOutcome::Over) => self.seat.lead_to(Phase::Leaving),
            Some(ShutdownOutcome::Stuck) => self.seat.lead_to(Phase::Abandoning),
        }
    }

    /// Lets tasks that wait for an answer have it, where it has come already.
    fn drain(&mut self) {
        for _ in 0..DRAIN_ROUNDS {
            let step = self.step();
            if step.received == 0 && step.next != Next::Ready && self.injected.is_empty() {
                return;
            }
        }
    }

    /// The runtime has panicked on this shard: ends it, and with it the system.
    pub(crate) fn fail(&mut self, message: Arc<str>) {
        self.seat.fail(message);
    }

    /// Drops everything, so that whoever waits for it hears of it.
    pub(crate) fn abandon(&mut self) {
        self.state.over = true;
        // A step that a panic cut short has ended as well.
        self.shard.end_step();
        self.shard.abandon_all();
        self.shard.flush();
        let failed = self.seat.end.failed.take();
        self.seat.end = self.shard.end_report();
        self.seat.end.failed = failed;
        self.world.close_all();
    }
}
