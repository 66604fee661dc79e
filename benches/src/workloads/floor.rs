//! What two cores of this machine can do at best, without actors: the floors that `ask_cross` and
//! `cast_cross` are told as multiples of.

use std::hint;
use std::sync::atomic::{AtomicU64, Ordering};

use rtrb::RingBuffer;

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

/// As large as a packet of the mesh, and like one on a cache line of its own.
#[repr(align(64))]
struct Item([u64; 8]);

/// Items that a chunk hands over at once.
const CHUNK: usize = 32;
/// Places in the ring.
const CAPACITY: usize = 1024;
/// Chunks between two looks at the clock.
const CHUNKS_PER_LAP: u64 = 256;

const GONE: &str = "the receiver ended early";

/// Items a second through the `rtrb` ring one way, written and read in chunks, between two threads
/// that do nothing else.
///
/// # Panics
///
/// When an item is lost or out of order.
pub(crate) fn measure_chunks(extent: Extent) -> f64 {
    let (mut sender, mut receiver) = RingBuffer::<Item>::new(CAPACITY);
    let received = &AtomicU64::new(0);
    let send = move || {
        let (mut meter, mut sent) = (Meter::new(extent), 0);
        loop {
            for _ in 0..CHUNKS_PER_LAP {
                let chunk = loop {
                    match sender.write_chunk_uninit(CHUNK) {
                        Ok(chunk) => break chunk,
                        Err(_) => assert!(!sender.is_abandoned(), "{GONE}"),
                    }
                };
                chunk.fill_from_iter((sent..).map(|number| Item([number; 8])));
                sent += CHUNK as u64;
            }
            if !meter.lap(CHUNKS_PER_LAP * CHUNK as u64) {
                let each = meter.nanos_each();
                while received.load(Ordering::Acquire) != sent {
                    assert!(!sender.is_abandoned(), "{GONE}");
                }
                return 1e9 / each;
            }
        }
    };
    let receive = move || {
        let mut count = 0;
        // The sender, and with it its end of the ring, lives until everything has arrived.
        while !receiver.is_abandoned() {
            let Ok(chunk) = receiver.read_chunk(CHUNK) else {
                hint::spin_loop();
                continue;
            };
            for item in chunk {
                assert_eq!(hint::black_box(&item.0)[7], count, "an item was lost");
                count += 1;
            }
            received.store(count, Ordering::Release);
        }
    };
    cores::race(send, receive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_floors_end_and_are_positive() {
        for extent in [Extent::Units(1), Extent::Secs(0.01)] {
            for floor in [measure_ping_pong(extent), measure_chunks(extent)] {
                assert!(floor.is_finite() && floor > 0.0, "{extent:?}: {floor}");
            }
        }
    }
}
