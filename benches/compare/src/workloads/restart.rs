//! `restart` and `restart_stop`: a supervised child that ends when it is told to.

use super::{Outcome, meter::Meter};
use crate::rivals::supervision::Restarts;
use std::panic;

/// Restarts between two looks at the clock.
const RESTARTS_PER_CHUNK: u64 = 100;

/// How an incarnation ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// Its handler panics.
    Panic,
    /// It stops by itself.
    Stop,
}

impl End {
    /// Does the one of them that is the same for all.
    pub(crate) fn panic() -> ! {
        panic!("told to");
    }
}

/// Keeps those panics quiet: printing them is not what is measured.
fn quieten() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if info.payload_as_str() != Some("told to") {
            before(info);
        }
    }));
}

pub(super) async fn restarts<R: Restarts>(rival: R, end: End, secs: f64) -> Outcome {
    quieten();
    let mut child = rival.child().await;
    let mut meter = Meter::start(secs);
    let mut number = 1;
    while meter.more() {
        for _ in 0..RESTARTS_PER_CHUNK {
            let answer = R::restart(&mut child, end).await;
            number += 1;
            if answer != number {
                return Err(format!("incarnation {answer} answered, not {number}"));
            }
        }
        meter.count(RESTARTS_PER_CHUNK);
    }
    Ok(1e3 * meter.millions_per_second())
}
