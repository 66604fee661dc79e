//! The loop of a shard.
//!
//! ```text
//!            +--------------------------------------------------------------+
//!            v                                                              |
//!   take in what came from outside -> one round of core's pump -> ready? --yes
//!                                                                   | no    |
//!                              spin: rings, door, clock, sockets ---+--work--
//!                                                                   | none  |
//!                              announce, fence, look again ---------+--work--
//!                                                                   | none  |
//!                              sleep in the poller -----------------+-woken--
//! ```
//!
//! The thread sleeps in its own epoll set, not in glommio's reactor: see `docs/design/glommio.md`
//! for what that costs and what it avoids.

use std::future::Future;
use std::hint;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use crossbeam_channel::Receiver;
use greenroom_core::runtime::{Clock, Injected};
use greenroom_core::{Fifo, Instant, Next, Pump, Shard};

use super::world::World;
use crate::driver::{Bell, Doorbells, Links, message_of};
use crate::mesh::Sleeper;
use crate::run::{IdleStrategy, Phase, Seat};

/// Things taken from the door before the shard has a round.
const INJECTED_BATCH: usize = 256;

/// Looks at the rings and the door between two at the clock and the sockets. The first costs a
/// load a ring, the second a system call.
const LOOKS_PER_CLOCK: usize = 32;

/// How long a shard sleeps while a full ring holds its packets back: who empties the ring does not
/// ring a bell for it.
const BLOCKED_SLEEP: Duration = Duration::from_micros(200);

/// Rounds a shard has for the answers that are left in its rings when the system ends.
const DRAIN_ROUNDS: usize = 1000;

/// The one task of a shard's executor.
pub(crate) struct ShardPump {
    pub(crate) shard: Rc<Shard>,
    pub(crate) world: Rc<World>,
    pub(crate) pump: Pump<Links, Doorbells>,
    pub(crate) sleeper: Sleeper<Bell>,
    pub(crate) injected: Receiver<Injected>,
    pub(crate) idle: IdleStrategy,
    pub(crate) seat: Seat,
    /// The last phase this shard has acted upon.
    pub(crate) phase: Phase,
}

/// What one step came to.
#[derive(Clone, Copy)]
struct Step {
    next: Next,
    blocked: bool,
    received: usize,
}

impl Future for ShardPump {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let shard = this.shard.clone();
        let _entered = shard.enter();
        // Core catches what user code panics with. What comes through is a bug of the runtime, and
        // ends this shard without unwinding into the executor.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| this.run())) {
            this.seat.fail(message_of(&*payload));
            drop(catch_unwind(AssertUnwindSafe(|| this.end())));
        }
        Poll::Ready(())
    }
}

impl ShardPump {
    fn run(&mut self) {
        loop {
            let step = self.step();
            if self.seat.phase() != Phase::Running {
                let began = self.begin_phase();
                if self.wind_up(step) {
                    return;
                }
                if began {
                    continue;
                }
            }
            if step.next != Next::Ready {
                self.rest(step);
            }
        }
    }

    /// Takes in what has come and lets the shard have a turn.
    fn step(&mut self) -> Step {
        if !self.injected.is_empty() {
            self.injected.try_iter().take(INJECTED_BATCH).for_each(|it| self.shard.inject(it));
        }
        let now = self.world.quantum.begin();
        if !self.world.sockets.is_idle() {
            self.world.sockets.run(&self.shard, now);
        }
        let pumped = self.pump.round(&self.shard, now, &mut Fifo);
        Step { next: pumped.next, blocked: pumped.blocked, received: pumped.received }
    }

    /// Returns when there is, or may be, something to do.
    fn rest(&mut self, step: Step) {
        let deadline = match step.next {
            Next::Until(deadline) => Some(deadline),
            Next::Ready | Next::Idle => None,
        };
        if !self.spin(deadline) {
            self.sleep(deadline, step.blocked);
        }
    }

    /// Whether something has come. Costs a few loads.
    #[inline]
    fn has_input(&self) -> bool {
        self.pump.pending()
            || !self.injected.is_empty()
            || self.world.sockets.has_commands()
            || self.seat.phase() != self.phase
    }

    /// Looks for work for as long as the strategy wants. Tells whether there is some.
    fn spin(&mut self, deadline: Option<Instant>) -> bool {
        let since = self.shard.now();
        loop {
            for _ in 0..LOOKS_PER_CLOCK {
                if self.has_input() {
                    return true;
                }
                hint::spin_loop();
            }
            let now = self.world.now();
            if deadline.is_some_and(|deadline| deadline <= now) || self.world.sockets.look() {
                return true;
            }
            if self.idle.spin().is_some_and(|spin| now - since >= spin) {
                return false;
            }
        }
    }

    /// Announces that the shard sleeps, looks again, and sleeps.
    fn sleep(&mut self, deadline: Option<Instant>, blocked: bool) {
        let Self { pump, injected, seat, phase, sleeper, .. } = self;
        let has_input = || pump.pending() || !injected.is_empty() || seat.phase() != *phase;
        if !sleeper.announce(has_input) {
            return;
        }
        let timeout = deadline.map(|deadline| deadline - self.world.now());
        let timeout = match blocked {
            true => Some(timeout.map_or(BLOCKED_SLEEP, |timeout| timeout.min(BLOCKED_SLEEP))),
            false => timeout,
        };
        self.world.sockets.sleep(timeout);
        self.sleeper.awake();
    }

    /// What a phase begins with. Tells whether the phase is new, and so the shard has work.
    fn begin_phase(&mut self) -> bool {
        let (phase, before) = (self.seat.phase(), self.phase);
        if phase >= Phase::Closing && before < Phase::Closing {
            self.shard.close();
        }
        if phase >= Phase::Killing && before < Phase::Killing {
            self.seat.end.killed = self.shard.actors();
            self.shard.kill_all();
        }
        self.phase = phase;
        phase != before
    }

    /// The shard's part in the end of its system. Tells whether it is over.
    fn wind_up(&mut self, step: Step) -> bool {
        match self.phase {
            Phase::Running => false,
            Phase::Closing | Phase::Killing => {
                if self.shard.is_quiet() {
                    self.seat.arrive_quiet();
                }
                false
            }
            Phase::Leaving => {
                if !step.blocked {
                    self.seat.arrive_flushed();
                }
                false
            }
            Phase::Draining | Phase::Abandoning => {
                self.drain();
                self.end();
                true
            }
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

    /// Drops everything, so that whoever waits for it hears of it.
    fn end(&mut self) {
        self.shard.abandon_all();
        self.pump.send(&self.shard);
        self.seat.end.ledger = self.shard.ledger();
    }
}
