//! What two cores of this machine can do at best, without actors: the floor that `ask_cross` is told
//! as a multiple of.

use std::hint;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cores;
use crate::meter::{Extent, Meter};

/// A number on cache lines of its own; two, because processors fetch them in pairs.
#[repr(align(128))]
#[derive(Default)]
struct Line(AtomicU64);

/// In place of a number: no more will come.
const OVER: u64 = u64::MAX;

/// Nanoseconds of a round trip of a number between two threads that do nothing but wait for it,
/// there on one cache line and back on another. No message can go and come back in less.
pub(crate) fn measure_ping_pong(extent: Extent) -> f64 {
    let (there, back) = (&Line::default(), &Line::default());
    let ask = move || {
        let (mut meter, mut number) = (Meter::new(extent), 0);
        loop {
            for _ in 0..1000 {
                number += 1;
                there.0.store(number, Ordering::Release);
                while back.0.load(Ordering::Acquire) != number {
                    hint::spin_loop();
                }
            }
            if !meter.lap(1000) {
                there.0.store(OVER, Ordering::Release);
                return meter.nanos_each();
            }
        }
    };
    let answer = move || {
        let mut last = 0;
        while last != OVER {
            let number = there.0.load(Ordering::Acquire);
            if number == last {
                hint::spin_loop();
            } else {
                last = number;
                back.0.store(number, Ordering::Release);
            }
        }
    };
    cores::race(ask, answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_ends_and_is_positive() {
        for extent in [Extent::Units(1), Extent::Secs(0.01)] {
            let floor = measure_ping_pong(extent);
            assert!(floor.is_finite() && floor > 0.0, "{extent:?}: {floor}");
        }
    }
}
