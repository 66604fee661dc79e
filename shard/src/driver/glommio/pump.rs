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
//!                              sleep in the epoll set --------------+-woken--
//! ```
//!
//! While a file operation is under way, the reactor has a turn now and then, and the sleep is its
//! sleep; see [`super::reactor`]. `docs/design/glommio.md` says why it is not always.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use crossbeam_channel::Receiver;
use greenroom_core::runtime::Injected;
use greenroom_core::{Fifo, Instant, Next, Pump, Shard};

use super::reactor::Reactor;
use super::world::World;
use crate::driver::{Bell, Incomings, message_of};
use crate::mesh::Sleeper;
use crate::run::{IdleStrategy, Phase, Seat};

/// Things taken from the door before the shard has a round.
const INJECTED_BATCH: usize = 256;

/// How long a busy shard leaves the reactor alone while a file operation is under way. A turn of
/// the reactor takes some 20 microseconds.
const VISIT_INTERVAL: Duration = Duration::from_micros(250);

/// The one task of a shard's executor.
pub(crate) struct ShardPump {
    pub(crate) shard: Rc<Shard>,
    pub(crate) world: Rc<World>,
    pub(crate) pump: Pump<Incomings>,
    pub(crate) reactor: Reactor,
    pub(crate) sleeper: Sleeper<Bell>,
    pub(crate) injected: Receiver<Injected>,
    pub(crate) idle: IdleStrategy,
    pub(crate) state: PumpState,
    /// Last, so that everything else is gone when the others hear that this shard is.
    pub(crate) seat: Seat,
}

/// Where the loop stands.
pub(crate) struct PumpState {
    /// The last phase this shard has acted upon.
    pub(super) phase: Phase,
    /// The shard has announced that it sleeps, and does so in the reactor.
    pub(super) asleep: bool,
    /// The shard is over; what is left is to wait for the ring.
    pub(super) over: bool,
    /// When the reactor last had a turn.
    visited: Instant,
}

impl PumpState {
    pub(crate) const fn new() -> Self {
        let phase = Phase::Starting;
        Self { phase, asleep: false, over: false, visited: Instant::ORIGIN }
    }
}

/// What one step came to.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) next: Next,
    pub(super) blocked: bool,
    pub(super) received: usize,
}

impl Future for ShardPump {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let shard = this.shard.clone();
        shard.enter(|| {
            // Core catches what user code panics with. What comes through is a bug of the runtime,
            // and ends this shard without unwinding into the executor.
            let polled = catch_unwind(AssertUnwindSafe(|| this.run(cx))).or_else(|payload| {
                this.seat.fail(message_of(&*payload));
                catch_unwind(AssertUnwindSafe(|| {
                    this.abandon();
                    this.finish(cx)
                }))
            });
            polled.unwrap_or(Poll::Ready(()))
        })
    }
}

impl ShardPump {
    fn run(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.wake_up();
        while !self.state.over {
            let step = self.step();
            let runs = self.state.phase == Phase::Running && self.seat.phase() == Phase::Running;
            if !runs && self.follow(step) {
                continue;
            }
            let waits = match step.next {
                Next::Ready => self.visit(cx),
                Next::Until(deadline) => self.rest(Some(deadline), step.blocked, cx),
                Next::Idle => self.rest(None, step.blocked, cx),
            };
            if waits.is_pending() {
                return Poll::Pending;
            }
        }
        self.finish(cx)
    }

    /// Takes in what has come and lets the shard have a turn.
    pub(super) fn step(&mut self) -> Step {
        if !self.injected.is_empty() {
            self.injected.try_iter().take(INJECTED_BATCH).for_each(|it| self.shard.inject(it));
        }
        let now = self.world.quantum.begin();
        self.complete_io(now);
        let pumped = self.pump.round(&self.shard, now, &mut Fifo);
        Step { next: pumped.next, blocked: pumped.blocked, received: pumped.received }
    }

    /// Carries out what actors asked of sockets, and tells the shard what is done.
    pub(super) fn complete_io(&self, now: Instant) {
        if !self.world.sockets.is_idle() {
            self.world.sockets.run(&self.shard, now);
        }
        if self.world.files.has_done() {
            self.world.files.complete(&self.shard);
        }
    }

    /// Lets the reactor have a turn where one is due.
    fn visit(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = self.shard.now();
        if !self.world.files.is_busy() || now - self.state.visited < VISIT_INTERVAL {
            return Poll::Ready(());
        }
        self.state.visited = now;
        self.reactor.visit(cx);
        Poll::Pending
    }
}
