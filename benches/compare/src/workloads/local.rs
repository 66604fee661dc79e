//! `ask_local` and `cast_local`: two actors on one core.

use super::{Outcome, meter::Meter};
use crate::rivals::Rival;

/// Asks between two looks at the clock.
const ASKS_PER_CHUNK: u64 = 1_000;
/// One-way messages of a batch.
const CASTS_PER_BATCH: u64 = 100;
/// Batches between two looks at the clock.
const BATCHES_PER_CHUNK: u64 = 10;

pub(super) async fn ask<R: Rival>(rival: R, secs: f64) -> Outcome {
    let counter = rival.counter().await;
    let mut meter = Meter::start(secs);
    let mut asked = 0;
    while meter.more() {
        for _ in 0..ASKS_PER_CHUNK {
            let total = R::ask(&counter, 1).await;
            asked += 1;
            check(total, asked)?;
        }
        meter.count(ASKS_PER_CHUNK);
    }
    Ok(meter.ns_each())
}

pub(super) async fn cast<R: Rival>(rival: R, secs: f64) -> Outcome {
    let counter = rival.counter().await;
    let mut meter = Meter::start(secs);
    let mut sent = 0;
    while meter.more() {
        for _ in 0..BATCHES_PER_CHUNK {
            for _ in 0..CASTS_PER_BATCH {
                R::cast(&counter, 1).await;
            }
            sent += CASTS_PER_BATCH;
            check(R::ask(&counter, 0).await, sent)?;
        }
        meter.count(BATCHES_PER_CHUNK * (CASTS_PER_BATCH + 1));
    }
    Ok(meter.ns_each())
}

/// Compares the counter's total with what it must be.
pub(super) fn check(total: u64, expected: u64) -> Result<(), String> {
    if total == expected {
        Ok(())
    } else {
        Err(format!("the counter's total is {total}, expected {expected}"))
    }
}
