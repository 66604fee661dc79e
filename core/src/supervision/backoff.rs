//! How long to wait before a restart.

use std::time::Duration;

use crate::time::Instant;

/// The time before a restart: none at first, then growing with each crash that follows on a
/// restart too soon. Doubling with jitter, so that children which fail together for the same reason
/// do not come back together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Backoff {
    /// Before the second restart in a row. Zero for none ever.
    pub delay_min: Duration,
    /// Never longer than that, jitter apart.
    pub delay_max: Duration,
    /// By how much a delay is varied either way, in percent of itself; at most 100.
    pub jitter_percent: u8,
    /// A child that was up for so long is healthy again: its next crash is its first.
    pub reset_after: Duration,
}

impl Default for Backoff {
    /// None.
    fn default() -> Self {
        Self::NONE
    }
}

impl Backoff {
    /// Every restart at once; OTP's way. The budget ends a loop of crashes.
    pub const NONE: Self = Self {
        delay_min: Duration::ZERO,
        delay_max: Duration::ZERO,
        jitter_percent: 0,
        reset_after: Duration::ZERO,
    };

    /// From `delay_min` doubling to `delay_max`, varied by 20 percent, beginning anew after the
    /// child was up for twice `delay_max`.
    #[must_use]
    pub const fn exponential(delay_min: Duration, delay_max: Duration) -> Self {
        let reset_after = delay_max.saturating_mul(2);
        Self { delay_min, delay_max, jitter_percent: 20, reset_after }
    }

    /// The delay of the restart after `crashes` crashes in a row, varied by `draw`.
    fn delay(&self, crashes: u32, draw: u64) -> Duration {
        if crashes < 2 || self.delay_min.is_zero() {
            return Duration::ZERO;
        }
        let doubled = self.delay_min.saturating_mul(1 << (crashes - 2).min(30));
        let base = doubled.min(self.delay_max.max(self.delay_min));
        let jitter = u64::from(self.jitter_percent.min(100));
        // In percent of the base: 100, more or less.
        let percent = 100 - jitter + draw % (2 * jitter + 1);
        base.saturating_mul(percent as u32) / 100
    }
}

/// How a child has fared lately.
#[derive(Debug, Default)]
pub(super) struct Streak {
    crashes: u32,
    up_since: Instant,
}

impl Streak {
    pub(super) fn up(&mut self, now: Instant) {
        self.up_since = now;
    }

    /// The child has crashed, or did not start: how long to wait before the next restart.
    pub(super) fn crashed(
        &mut self,
        backoff: &Backoff,
        was_up: bool,
        now: Instant,
        draw: u64,
    ) -> Duration {
        let healthy = was_up && now >= self.up_since + backoff.reset_after;
        self.crashes = if healthy { 1 } else { self.crashes.saturating_add(1) };
        backoff.delay(self.crashes, draw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn delays_double_to_a_limit_and_begin_anew_after_a_healthy_time() {
        let backoff = Backoff { jitter_percent: 0, ..Backoff::exponential(10 * MS, 60 * MS) };
        let mut streak = Streak::default();
        let mut now = Instant::from_nanos(0);
        let mut crash = |now| streak.crashed(&backoff, true, now, 5);
        let delays = [0, 10, 20, 40, 60, 60].map(|ms| ms * MS);
        for delay in delays {
            assert_eq!(crash(now), delay);
            now = now + MS;
        }
        streak.up(now);
        assert_eq!(streak.crashed(&backoff, true, now + 119 * MS, 5), 60 * MS);
        streak.up(now);
        assert_eq!(streak.crashed(&backoff, true, now + 120 * MS, 5), Duration::ZERO);
    }

    #[test]
    fn jitter_stays_within_its_percentage() {
        let backoff = Backoff::exponential(100 * MS, 100 * MS);
        let delays: Vec<_> = (0..1000).map(|draw| backoff.delay(2, draw)).collect();
        assert_eq!(delays.iter().min(), Some(&(80 * MS)));
        assert_eq!(delays.iter().max(), Some(&(120 * MS)));
    }

    #[test]
    fn extremes_neither_overflow_nor_panic() {
        let backoff = Backoff {
            delay_min: Duration::MAX,
            delay_max: Duration::MAX,
            jitter_percent: 255,
            reset_after: Duration::MAX,
        };
        assert!(backoff.delay(u32::MAX, u64::MAX) > Duration::ZERO);
    }
}
