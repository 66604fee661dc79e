//! Runs with one seed after the other.

use std::time::{Duration, Instant};

use crate::meter::Extent;

/// Messages a second of runs with the seeds from 0 on; `run` makes one and says how many messages
/// it delivered. Instructions are counted over so many messages, of whole runs.
pub(super) fn rate(extent: Extent, mut run: impl FnMut(u64) -> u64) -> f64 {
    let begun = Instant::now();
    let (mut messages, mut seed) = (0, 0);
    let goes_on = |messages: u64| match extent {
        Extent::Secs(secs) => begun.elapsed() < Duration::from_secs_f64(secs),
        Extent::Units(units) => messages < units,
    };
    while goes_on(messages) {
        messages += run(seed);
        seed += 1;
    }
    messages as f64 / begun.elapsed().as_secs_f64()
}
