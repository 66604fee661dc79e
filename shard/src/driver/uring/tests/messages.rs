//! A bell rung from ring to ring.

use std::time::Duration;

use crate::driver::uring::message::{begin, is_told};
use crate::driver::uring::ring::{NOTHING, Ring, Wait};
use crate::driver::{Bell, RingLimits};
use crate::mesh::Bell as _;

/// A minute is for ever.
const LONG: Wait = Wait::Until(Some(Duration::from_secs(60)));

/// How often the eventfd was written to since it was last asked.
fn written(bell: &Bell) -> u64 {
    let mut count = [0; 8];
    // Where it was not, there is nothing to read.
    let _ = rustix::io::read(bell, &mut count);
    u64::from_ne_bytes(count)
}

fn told(ring: &mut Ring) -> Vec<u64> {
    let mut completions = Vec::new();
    ring.enter(Wait::No).unwrap();
    ring.take_completions(&mut completions);
    completions.iter().map(|completion| completion.user_data).collect()
}

#[test]
fn a_bell_rings_in_the_ring_or_at_the_eventfd_and_never_nowhere() {
    let mut ring = Ring::new(RingLimits::default()).unwrap();
    let bell = Bell::new().unwrap();
    bell.ring();
    assert_eq!((written(&bell), told(&mut ring)), (1, vec![]), "nobody was told of a ring");
    bell.tell(ring.share().unwrap());
    bell.ring();
    assert_eq!((written(&bell), told(&mut ring)), (1, vec![]), "this thread does not send");
    let sending = begin(RingLimits::default());
    if !is_told(ring.features()) {
        bell.ring();
        assert_eq!((written(&bell), told(&mut ring)), (1, vec![]), "this kernel does not");
        return;
    }
    for _ in 0..100 {
        bell.ring();
        ring.enter(LONG).unwrap();
        assert_eq!((written(&bell), told(&mut ring)), (0, vec![NOTHING]));
    }
    drop(sending);
    bell.ring();
    assert_eq!((written(&bell), told(&mut ring)), (1, vec![]), "it does not any more");
}

#[test]
fn a_message_that_does_not_get_there_is_an_eventfd_s() {
    let _sending = begin(RingLimits::default());
    let (no_ring, bell) = (Bell::new().unwrap(), Bell::new().unwrap());
    bell.tell(no_ring.share().unwrap().try_clone().unwrap());
    for rings in 1..4 {
        bell.ring();
        assert_eq!((written(&no_ring), written(&bell)), (0, 1), "{rings}");
    }
}

#[test]
fn a_shard_that_has_ended_is_rung_for_without_harm() {
    let bell = Bell::new().unwrap();
    std::thread::scope(|scope| {
        let ended = scope.spawn(|| {
            let ring = Ring::new(RingLimits::default()).unwrap();
            bell.tell(ring.share().unwrap());
        });
        ended.join().unwrap();
    });
    let _sending = begin(RingLimits::default());
    bell.ring();
    bell.ring();
}
