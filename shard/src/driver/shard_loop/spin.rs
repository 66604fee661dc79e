//! What a shard does between work and work, up to its sleep.

use std::hint;
use std::thread;
use std::time::Duration;

use greenroom_core::Instant;

use super::{ShardLoop, World};
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

impl<W: World> ShardLoop<W> {
    /// Whether something has come. Costs a few loads.
    #[inline]
    pub(crate) fn has_input(&self) -> bool {
        self.pump.pending()
            || !self.injected.is_empty()
            || self.world.has_input()
            || self.seat.phase() != self.state.phase
    }

    /// Looks for work for as long as the strategy wants. Tells whether there is some.
    pub(crate) fn spin(&self, deadline: Option<Instant>) -> bool {
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
            if deadline.is_some_and(|deadline| deadline <= now) || self.world.look() {
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
    pub(crate) fn announce(&mut self) -> bool {
        let Self { pump, injected, seat, state, sleeper, .. } = self;
        sleeper.announce(|| pump.pending() || !injected.is_empty() || seat.phase() != state.phase)
    }

    /// Withdraws the announcement, after the sleep.
    pub(crate) fn awake(&mut self) {
        self.sleeper.awake();
    }

    /// How long the shard may sleep; `None` for ever.
    pub(crate) fn timeout(&self, deadline: Option<Instant>, blocked: bool) -> Option<Duration> {
        let timeout = deadline.map(|deadline| deadline - self.world.now());
        match blocked {
            true => Some(timeout.map_or(BLOCKED_SLEEP, |timeout| timeout.min(BLOCKED_SLEEP))),
            false => timeout,
        }
    }
}
