//! Timed repetition: chunks of work until the time is up, a fifth of it as warm-up.

use std::time::{Duration, Instant};

/// Measures one run of a workload.
#[derive(Debug)]
pub(crate) struct Meter {
    begun: Instant,
    warm: Duration,
    total: Duration,
    /// When counting began, once warm.
    counting: Option<Instant>,
    count: u64,
}

impl Meter {
    /// Measures for `secs` seconds.
    pub(crate) fn new(secs: f64) -> Self {
        let total = Duration::from_secs_f64(secs);
        Self { begun: Instant::now(), warm: total / 5, total, counting: None, count: 0 }
    }

    /// Notes that `count` units were done. Returns whether to go on.
    pub(crate) fn lap(&mut self, count: u64) -> bool {
        let elapsed = self.begun.elapsed();
        match self.counting {
            None if elapsed >= self.warm => self.counting = Some(Instant::now()),
            None => {}
            Some(_) => self.count += count,
        }
        elapsed < self.total || self.count == 0
    }

    /// Nanoseconds per unit.
    pub(crate) fn nanos_each(&self) -> f64 {
        let spent = self.counting.map_or(Duration::ZERO, |since| since.elapsed());
        spent.as_nanos() as f64 / self.count as f64
    }
}
