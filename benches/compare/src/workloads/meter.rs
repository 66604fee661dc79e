//! The clock of a measurement.

use std::time::{Duration, Instant};

/// Times chunks of work: a fifth of the time warming up, then the rest for the figure.
///
/// The clock is read once a chunk, so a chunk should be long against the 20 ns that takes.
pub(crate) struct Meter {
    warm_up: Duration,
    length: Duration,
    warm: bool,
    start: Instant,
    elapsed: Duration,
    operations: u64,
}

impl Meter {
    /// A meter that runs for `secs` seconds in all.
    pub(crate) fn start(secs: f64) -> Self {
        Self {
            warm_up: Duration::from_secs_f64(secs * 0.2),
            length: Duration::from_secs_f64(secs * 0.8),
            warm: false,
            start: Instant::now(),
            elapsed: Duration::ZERO,
            operations: 0,
        }
    }

    /// Whether one more chunk is to be run. At least one is measured.
    pub(crate) fn more(&mut self) -> bool {
        let now = Instant::now();
        self.elapsed = now - self.start;
        if self.warm {
            return self.elapsed < self.length || self.operations == 0;
        }
        if self.elapsed >= self.warm_up {
            self.warm = true;
            self.start = now;
            self.operations = 0;
        }
        true
    }

    /// Counts the operations of the chunk that has just been run.
    pub(crate) fn count(&mut self, operations: u64) {
        self.operations += operations;
    }

    /// Nanoseconds per operation.
    pub(crate) fn ns_each(&self) -> f64 {
        self.elapsed.as_nanos() as f64 / self.operations as f64
    }

    /// Millions of operations per second.
    pub(crate) fn millions_per_second(&self) -> f64 {
        1_000.0 / self.ns_each()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_of_the_warm_up_do_not_count() {
        let mut meter = Meter::start(0.0);
        assert!(meter.more(), "the warm-up of no length ends here");
        meter.count(7);
        assert!(!meter.more());
        assert_eq!(meter.operations, 7);
    }

    #[test]
    fn a_chunk_is_measured_even_without_time() {
        let mut meter = Meter::start(0.0);
        assert!(meter.more());
        assert!(meter.more(), "nothing is measured yet");
    }
}
