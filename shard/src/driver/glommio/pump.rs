//! The loop of a shard as the one task of an executor.
//!
//! While a file operation is under way, the reactor has a turn now and then, and the sleep is its
//! sleep; see [`super::reactor`]. `docs/design/glommio.md` says why it is not always.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use greenroom_core::runtime::Clock;
use greenroom_core::{Instant, Next};

use super::reactor::Reactor;
use super::world::GlommioWorld;
use crate::driver::{ShardLoop, World, message_of};

/// How long a busy shard leaves the reactor alone while a file operation is under way. A turn of
/// the reactor takes some 20 microseconds.
const VISIT_INTERVAL: Duration = Duration::from_micros(250);

/// The one task of a shard's executor.
pub(super) struct ShardPump {
    pub(super) shard_loop: ShardLoop<GlommioWorld>,
    pub(super) reactor: Reactor,
    /// The shard has announced that it sleeps, and does so in the reactor.
    pub(super) asleep: bool,
    /// When the reactor last had a turn.
    visited: Instant,
}

impl ShardPump {
    pub(super) const fn new(shard_loop: ShardLoop<GlommioWorld>, reactor: Reactor) -> Self {
        Self { shard_loop, reactor, asleep: false, visited: Instant::ORIGIN }
    }
}

impl Future for ShardPump {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let shard = this.shard_loop.shard.clone();
        shard.enter(|| {
            // Core catches what user code panics with. What comes through is a bug of the runtime,
            // and ends this shard without unwinding into the executor.
            let polled = catch_unwind(AssertUnwindSafe(|| this.run(cx))).or_else(|payload| {
                this.shard_loop.fail(message_of(&*payload));
                catch_unwind(AssertUnwindSafe(|| {
                    this.shard_loop.abandon();
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
        while !self.shard_loop.is_over() {
            let Some(step) = self.shard_loop.advance() else { continue };
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

    /// Lets the reactor have a turn where one is due.
    fn visit(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = self.shard_loop.shard.now();
        if !self.shard_loop.world.files.is_busy() || now - self.visited < VISIT_INTERVAL {
            return Poll::Ready(());
        }
        self.visited = now;
        self.reactor.visit(cx);
        Poll::Pending
    }

    /// Waits for what the ring still holds: its buffers and descriptors are given back with the
    /// last operation, not before.
    fn finish(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.wake_up();
        let world = &self.shard_loop.world;
        world.complete_io(&self.shard_loop.shard, world.now());
        if !world.files.is_busy() {
            return Poll::Ready(());
        }
        // Mostly for a completion; what else comes has nobody to come to.
        self.reactor.sleep(None, cx);
        Poll::Pending
    }
}
