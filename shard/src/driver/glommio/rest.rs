//! What a shard does between work and work.

use std::hint;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use greenroom_core::Instant;
use greenroom_core::runtime::Clock;

use super::pump::ShardPump;
use crate::run::Phase;

/// Looks at the rings and the door between two at the clock and the sockets. The first costs a
/// load a ring, the second a system call.
const LOOKS_PER_CLOCK: usize = 32;

/// How often a shard that spins lets another thread have its core: one of the same real-time
/// priority, such as the one that waits for the system's end, would never run else.
const YIELD_INTERVAL: Duration = Duration::from_millis(1);

/// How long a shard sleeps while a full ring holds its packets back: who empties the ring does not
/// ring a bell for it.
const BLOCKED_SLEEP: Duration = Duration::from_micros(200);

impl ShardPump {
    /// Is ready when there is, or may be, something to do; pending when the reactor is to have its
    /// turn first.
    pub(super) fn rest(
        &mut self,
        deadline: Option<Instant>,
        blocked: bool,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if self.world.files.is_busy() {
            return self.rest_in_reactor(deadline, blocked, cx);
        }
        if !self.spin(deadline) && self.announce() {
            self.world.sockets.sleep(self.timeout(deadline, blocked));
            self.sleeper.awake();
        }
        Poll::Ready(())
    }

    /// The same while a file operation is under way. It takes longer than spinning pays for, so
    /// there is none.
    fn rest_in_reactor(
        &mut self,
        deadline: Option<Instant>,
        blocked: bool,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if self.has_input() || self.world.sockets.look() {
            return Poll::Ready(());
        }
        if self.idle.spin().is_none() {
            self.reactor.visit(cx);
        } else if self.announce() {
            self.state.asleep = true;
            self.reactor.sleep(self.timeout(deadline, blocked), cx);
        } else {
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// Withdraws what was said and set for a sleep in the reactor.
    pub(super) fn wake_up(&mut self) {
        self.reactor.awake();
        if std::mem::take(&mut self.state.asleep) {
            self.sleeper.awake();
        }
    }

    /// Whether something has come. Costs a few loads.
    #[inline]
    fn has_input(&self) -> bool {
        self.pump.pending()
            || !self.injected.is_empty()
            || self.world.sockets.has_commands()
            || self.world.files.has_done()
            || self.seat.phase() != self.state.phase
    }

    /// Looks for work for as long as the strategy wants. Tells whether there is some.
    fn spin(&self, deadline: Option<Instant>) -> bool {
        if self.state.phase == Phase::Starting {
            return self.has_input();
        }
        let since = self.shard.now();
        let mut yielded = since;
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
            if now - yielded >= YIELD_INTERVAL {
                yielded = now;
                thread::yield_now();
            }
        }
    }

    /// Announces that the shard sleeps, and looks once more at what others can fill. Tells whether
    /// it may sleep.
    fn announce(&mut self) -> bool {
        let Self { pump, injected, seat, state, sleeper, .. } = self;
        sleeper.announce(|| pump.pending() || !injected.is_empty() || seat.phase() != state.phase)
    }

    fn timeout(&self, deadline: Option<Instant>, blocked: bool) -> Option<Duration> {
        let timeout = deadline.map(|deadline| deadline - self.world.now());
        match blocked {
            true => Some(timeout.map_or(BLOCKED_SLEEP, |timeout| timeout.min(BLOCKED_SLEEP))),
            false => timeout,
        }
    }
}
