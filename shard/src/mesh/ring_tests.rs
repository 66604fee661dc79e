use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use super::*;

/// An item that counts its drops and may panic in one.
struct Item {
    number: usize,
    drops: Arc<[AtomicU32]>,
    explosive: bool,
}

impl Drop for Item {
    fn drop(&mut self) {
        self.drops[self.number].fetch_add(1, Ordering::Relaxed);
        assert!(!self.explosive, "item {} explodes", self.number);
    }
}

/// `count` items and the counters of their drops.
fn items(count: usize) -> (VecDeque<Item>, Arc<[AtomicU32]>) {
    let drops: Arc<[AtomicU32]> = (0..count).map(|_| AtomicU32::new(0)).collect();
    let item = |number| Item { number, drops: drops.clone(), explosive: false };
    ((0..count).map(item).collect(), drops)
}

fn counts(drops: &[AtomicU32]) -> Vec<u32> {
    drops.iter().map(|drops| drops.load(Ordering::Relaxed)).collect()
}

fn take_all<T: Send>(consumer: &mut Consumer<T>, max: usize) -> Vec<T> {
    let mut taken = Vec::new();
    let count = consumer.pop_batch(max, |item| taken.push(item));
    assert_eq!(count, taken.len());
    taken
}

#[test]
#[should_panic(expected = "a power of two")]
fn a_capacity_of_zero_is_refused() {
    let _ = ring::<u8>(0);
}

#[test]
#[should_panic(expected = "a power of two")]
fn a_capacity_between_the_powers_is_refused() {
    let _ = ring::<u8>(3);
}

#[test]
fn a_staged_item_is_seen_once_published() {
    let (mut producer, mut consumer) = ring(4);
    assert!(!producer.publish(), "there is nothing to publish");
    producer.push(1).expect("room");
    assert!(consumer.is_empty());
    assert!(take_all(&mut consumer, 9).is_empty());
    assert!(producer.publish());
    assert_eq!(consumer.len(), 1);
    assert_eq!(take_all(&mut consumer, 9), [1]);
    assert!(consumer.is_empty());
}

#[test]
fn a_full_ring_gives_the_item_back_and_publishes_the_staged_ones() {
    for capacity in [1, 2, 8] {
        let (mut producer, mut consumer) = ring(capacity);
        for item in 0..capacity {
            producer.push(item).expect("room");
        }
        assert!(consumer.is_empty());
        assert_eq!(producer.push(99), Err(99));
        assert_eq!(consumer.len(), capacity);
        assert_eq!(take_all(&mut consumer, 1), [0]);
        producer.push(capacity).expect("the slot came back");
        producer.publish();
        let all: Vec<_> = (1..=capacity).collect();
        assert_eq!(take_all(&mut consumer, usize::MAX), all);
    }
}

#[test]
fn batches_keep_the_order_around_the_end_of_the_memory() {
    for capacity in [1, 2, 4, 8] {
        let (mut producer, mut consumer) = ring(capacity);
        let (mut sent, mut expected) = (0_usize, 0_usize);
        let mut outbox = VecDeque::new();
        for round in 0..200 {
            let more = round * 7 % 11;
            outbox.extend(sent..sent + more);
            sent += more;
            let before = outbox.len();
            let room = capacity - consumer.len();
            let moved = producer.push_batch(&mut outbox);
            assert_eq!(moved, before.min(room), "all that fits");
            assert_eq!(outbox.len(), before - moved);
            for item in take_all(&mut consumer, round % 5) {
                assert_eq!(item, expected);
                expected += 1;
            }
        }
        assert!(expected > capacity * 10, "the ring went around: {expected}");
    }
}

#[test]
fn a_batch_goes_out_behind_what_was_staged() {
    let (mut producer, mut consumer) = ring(4);
    producer.push(0).expect("room");
    assert_eq!(producer.push_batch(&mut VecDeque::from([1, 2])), 2);
    assert_eq!(take_all(&mut consumer, 9), [0, 1, 2]);
}

#[test]
fn an_unwinding_callback_loses_its_item_alone() {
    let (mut producer, mut consumer) = ring(4);
    let (mut outbox, drops) = items(5);
    assert_eq!(producer.push_batch(&mut outbox), 4);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        consumer.pop_batch(4, |item| assert_ne!(item.number, 1, "refused"));
    }));
    assert!(unwound.is_err());
    assert_eq!(counts(&drops), [1, 1, 0, 0, 0]);
    assert_eq!(consumer.len(), 2);
    // The slots of the two that were taken are free again.
    assert_eq!(producer.push_batch(&mut outbox), 1);
    let rest: Vec<_> = take_all(&mut consumer, 9).iter().map(|item| item.number).collect();
    assert_eq!(rest, [2, 3, 4]);
    assert_eq!(counts(&drops), [1; 5]);
}

#[test]
fn a_gone_producer_leaves_what_it_wrote() {
    let (mut producer, mut consumer) = ring(4);
    producer.push(1).expect("room");
    assert!(!consumer.is_abandoned());
    drop(producer);
    assert!(consumer.is_abandoned());
    assert_eq!(take_all(&mut consumer, 9), [1], "the drop published it");
    assert!(consumer.is_empty());
}

#[test]
fn a_gone_consumer_drops_what_was_published_at_once_and_the_rest_later() {
    let (mut producer, mut consumer) = ring(4);
    let (mut outbox, drops) = items(6);
    let mut late = outbox.split_off(3);
    producer.push_batch(&mut outbox);
    assert_eq!(consumer.pop_batch(1, drop), 1);
    assert!(!producer.is_abandoned());
    drop(consumer);
    assert!(producer.is_abandoned());
    assert_eq!(counts(&drops), [1, 1, 1, 0, 0, 0]);
    // Somebody who does not look may go on.
    assert_eq!(producer.push_batch(&mut late), 3);
    assert_eq!(counts(&drops), [1, 1, 1, 0, 0, 0]);
    drop(producer);
    assert_eq!(counts(&drops), [1; 6]);
}

#[test]
fn both_ends_gone_drop_each_item_once() {
    for producer_first in [true, false] {
        let (mut producer, mut consumer) = ring(8);
        let (mut outbox, drops) = items(11);
        assert_eq!(producer.push_batch(&mut outbox), 8);
        assert_eq!(consumer.pop_batch(5, drop), 5);
        assert_eq!(producer.push_batch(&mut outbox), 3, "past the end of the memory");
        if producer_first {
            drop(producer);
            drop(consumer);
        } else {
            drop(consumer);
            drop(producer);
        }
        assert_eq!(counts(&drops), [1; 11]);
    }
}

#[test]
fn an_exploding_drop_in_the_consumers_hands_spares_the_others() {
    let (mut producer, consumer) = ring(4);
    let (mut outbox, drops) = items(4);
    outbox[1].explosive = true;
    producer.push_batch(&mut outbox);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(consumer))).is_err());
    assert_eq!(counts(&drops), [1, 1, 0, 0]);
    drop(producer);
    assert_eq!(counts(&drops), [1; 4]);
}

#[test]
fn an_exploding_drop_in_the_last_hands_spares_the_others() {
    let (mut producer, consumer) = ring(4);
    let (mut outbox, drops) = items(4);
    outbox[1].explosive = true;
    drop(consumer);
    producer.push_batch(&mut outbox);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(producer))).is_err());
    assert_eq!(counts(&drops), [1; 4]);
}

#[test]
fn items_of_any_size_pass() {
    let (mut nothing, mut taken) = ring(2);
    nothing.push_batch(&mut VecDeque::from([(), (), ()]));
    assert_eq!(taken.pop_batch(9, |()| ()), 2);

    let (mut large, mut taken) = ring(2);
    large.push_batch(&mut VecDeque::from([[7_u64; 100]]));
    assert_eq!(taken.pop_batch(9, |item| assert_eq!(item, [7; 100])), 1);
}

#[test]
fn the_ends_go_to_other_threads_and_fill_lines_of_their_own() {
    fn sendable<S: Send>(_: &S) {}
    let (producer, consumer) = ring::<std::cell::Cell<u8>>(1);
    sendable(&producer);
    sendable(&consumer);
    assert_eq!(align_of_val(&producer), 128);
    assert_eq!(align_of_val(&consumer), 128);
}
