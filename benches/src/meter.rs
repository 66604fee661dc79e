//! How much of a workload a run does, and what it took.

use std::time::{Duration, Instant};

/// How much to do.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Extent {
    /// For so many seconds, a fifth of it as warm-up.
    Secs(f64),
    /// At least so many units, for counting instructions: the time is of no interest.
    Units(u64),
}

/// Measures one run of a workload.
#[derive(Debug)]
pub(crate) struct Meter {
    extent: Extent,
    begun: Instant,
    /// When counting began, once warm.
    counting: Option<Instant>,
    count: u64,
}

impl Meter {
    pub(crate) fn new(extent: Extent) -> Self {
        let now = Instant::now();
        let warm = matches!(extent, Extent::Units(_));
        Self { extent, begun: now, counting: warm.then_some(now), count: 0 }
    }

    /// Notes that `count` units were done. Returns whether to go on.
    pub(crate) fn lap(&mut self, count: u64) -> bool {
        let total = match self.extent {
            Extent::Units(units) => {
                self.count += count;
                return self.count < units;
            }
            Extent::Secs(secs) => Duration::from_secs_f64(secs),
        };
        let elapsed = self.begun.elapsed();
        match self.counting {
            None if elapsed >= total / 5 => self.counting = Some(Instant::now()),
            None => {}
            Some(_) => self.count += count,
        }
        elapsed < total || self.count == 0
    }

    /// Nanoseconds per unit.
    pub(crate) fn nanos_each(&self) -> f64 {
        let spent = self.counting.map_or(Duration::ZERO, |since| since.elapsed());
        spent.as_nanos() as f64 / self.count as f64
    }
}
