//! The mesh under loom: every interleaving and every reordering that the memory model allows, up to
//! the preemption bound, for two or three messages. Built and run by `RUSTFLAGS="--cfg loom"
//! LOOM_MAX_PREEMPTIONS=2 cargo test -p greenroom-shard --test main loom`.
//!
//! A message that a sleeper was not woken for shows as a deadlock, which loom reports, or fails a
//! check; a slot that two threads touch without an order between them shows as a causality
//! violation. The last tests plant a bug each and expect that.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use greenroom_shard::mesh::{
    Bell, Consumer, Doorbell, Fault, Producer, Sleeper, grid, ring, with_fault,
};
use loom::{
    sync::{Mutex, Notify},
    thread,
};

/// Explores `body`. Two preemptions, unless `LOOM_MAX_PREEMPTIONS` says otherwise.
pub(crate) fn model(body: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(2);
    builder.check(body);
}

/// Runs `body` with a bug planted and expects loom, or a check inside, to fail on it with `words`.
fn found(fault: Fault, words: &str, body: impl Fn() + Sync + Send + 'static) {
    let outcome = catch_unwind(AssertUnwindSafe(|| with_fault(fault, || model(body))));
    let panic = outcome.expect_err("the planted bug went unnoticed");
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or_default();
    assert!(message.to_lowercase().contains(words), "found something else: {message}");
}

/// A bell that remembers one ring, counts all, and can be waited for.
#[derive(Default)]
struct Gong {
    rung: Notify,
    rings: AtomicUsize,
}

impl Bell for Gong {
    fn ring(&self) {
        self.rings.fetch_add(1, Ordering::Relaxed);
        self.rung.notify();
    }
}

/// Takes what is there, and checks that it continues the sequence.
fn drain(consumer: &mut Consumer<u32>, expected: &mut u32) {
    consumer.pop_batch(usize::MAX, |number| {
        assert_eq!(number, *expected, "lost, doubled or out of order");
        *expected += 1;
    });
}

/// Sends `0..count` one by one, each published.
fn push_all(producer: &mut Producer<u32>, count: u32) {
    for number in 0..count {
        while producer.push(number).is_err() {
            thread::yield_now();
        }
        producer.publish();
    }
}

#[test]
fn three_items_pass_a_ring_of_two() {
    model(three_through_two);
}

fn three_through_two() {
    let (mut producer, consumer) = ring(2);
    let mut consumer = Held(Some(consumer));
    let sender = thread::spawn(move || push_all(&mut producer, 3));
    let mut expected = 0;
    while expected < 3 {
        drain(consumer.get(), &mut expected);
        thread::yield_now();
    }
    sender.join().expect("the sender is well");
    assert!(consumer.get().is_abandoned() && consumer.get().is_empty());
}

/// Forgets its consumer in a panic: the drop would run into the same planted bug, and a second
/// panic ends the process.
struct Held(Option<Consumer<u32>>);

impl Held {
    fn get(&mut self) -> &mut Consumer<u32> {
        self.0.as_mut().expect("it goes with the drop")
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::mem::forget(self.0.take());
        }
    }
}

#[test]
fn three_items_pass_a_ring_of_one() {
    model(|| {
        let (mut producer, mut consumer) = ring(1);
        let sender = thread::spawn(move || push_all(&mut producer, 3));
        let mut expected = 0;
        while expected < 3 {
            drain(&mut consumer, &mut expected);
            thread::yield_now();
        }
        sender.join().expect("the sender is well");
    });
}

#[test]
fn a_batch_that_does_not_fit_arrives_in_parts() {
    model(|| {
        let (mut producer, mut consumer) = ring(2);
        let sender = thread::spawn(move || {
            let mut outbox = VecDeque::from([0, 1, 2]);
            while !outbox.is_empty() {
                if producer.push_batch(&mut outbox) == 0 {
                    thread::yield_now();
                }
            }
        });
        let mut expected = 0;
        while expected < 3 {
            // One at a time, so that a slot comes back while its neighbour is still full.
            consumer.pop_batch(1, |number| {
                assert_eq!(number, expected);
                expected += 1;
            });
            thread::yield_now();
        }
        sender.join().expect("the sender is well");
    });
}

#[test]
fn a_batch_is_seen_whole() {
    model(|| {
        let (mut producer, mut consumer) = ring(4);
        let sender = thread::spawn(move || {
            producer.push(0).expect("room");
            producer.push_batch(&mut VecDeque::from([1, 2]));
        });
        let (mut expected, mut taken) = (0, 0);
        while taken == 0 {
            let seen = consumer.len();
            assert!(seen == 0 || seen == 3, "one publication: {seen}");
            taken = consumer.pop_batch(usize::MAX, |number| {
                assert_eq!(number, expected);
                expected += 1;
            });
            thread::yield_now();
        }
        assert_eq!(taken, 3);
        sender.join().expect("the sender is well");
    });
}

#[test]
fn what_a_gone_producer_wrote_is_there_when_its_leaving_is_seen() {
    model(|| {
        let (mut producer, mut consumer) = ring(2);
        let sender = thread::spawn(move || {
            producer.push(0).expect("room");
            producer.push(1).expect("room");
        });
        while !consumer.is_abandoned() {
            thread::yield_now();
        }
        let mut expected = 0;
        drain(&mut consumer, &mut expected);
        assert_eq!(expected, 2, "the drop publishes before it tells");
        sender.join().expect("the sender is well");
    });
}

/// An item that counts how many of its kind are alive.
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        let before = self.0.fetch_sub(1, Ordering::Relaxed);
        assert!(before > 0, "dropped twice");
    }
}

#[test]
fn items_left_inside_are_dropped_once_whoever_goes_first() {
    model(|| {
        let count = Arc::new(AtomicUsize::new(0));
        let (mut producer, mut consumer) = ring(2);
        let made = count.clone();
        let sender = thread::spawn(move || {
            for _ in 0..3 {
                // The third may or may not fit; it comes back or goes in.
                let _ = producer.push(Alive::new(&made));
                producer.publish();
            }
        });
        consumer.pop_batch(1, drop);
        drop(consumer);
        sender.join().expect("the sender is well");
        assert_eq!(count.load(Ordering::Relaxed), 0, "every item is dropped");
    });
}

/// The shard's loop: drains, and sleeps when the re-check allows it, until every producer's items
/// have come.
fn receive(mut from: Vec<Consumer<u32>>, mut sleeper: Sleeper<Arc<Gong>>, count: u32) {
    let mut expected = vec![0; from.len()];
    let mut announced = 0;
    loop {
        for (consumer, expected) in from.iter_mut().zip(&mut expected) {
            drain(consumer, expected);
        }
        if expected.iter().all(|&expected| expected == count) {
            break;
        }
        announced += 1;
        if sleeper.announce(|| from.iter().any(|consumer| !consumer.is_empty())) {
            sleeper.bell().rung.wait();
            sleeper.awake();
        }
    }
    let rings = sleeper.bell().rings.load(Ordering::Relaxed);
    assert!(rings <= announced, "rang {rings} times for {announced} announcements");
}

/// `producers` threads send `count` items each, one flush an item, to a shard that sleeps.
fn sleep_and_wake(producers: usize, count: u32) {
    let sleeper = Sleeper::new(Arc::new(Gong::default()));
    let (mut from, mut senders) = (Vec::new(), Vec::new());
    for _ in 0..producers {
        let (producer, consumer) = ring(2);
        let doorbell = sleeper.doorbell();
        from.push(consumer);
        senders.push(thread::spawn(move || push_and_notify(producer, &doorbell, count)));
    }
    receive(from, sleeper, count);
    for sender in senders {
        sender.join().expect("the sender is well");
    }
}

fn push_and_notify(mut producer: Producer<u32>, doorbell: &Doorbell<Arc<Gong>>, count: u32) {
    for number in 0..count {
        while producer.push(number).is_err() {
            thread::yield_now();
        }
        producer.publish();
        doorbell.notify();
    }
}

#[test]
fn a_sleeper_misses_no_message_of_one_producer() {
    model(|| sleep_and_wake(1, 3));
}

#[test]
fn a_sleeper_misses_no_message_of_two_producers() {
    model(|| sleep_and_wake(2, 1));
}

#[test]
fn a_sleeper_misses_nothing_that_a_thread_outside_injects() {
    model(|| {
        let mut sleeper = Sleeper::new(Arc::new(Gong::default()));
        let injected = Arc::new(Mutex::new(VecDeque::new()));
        let (producer, mut consumer) = ring(2);
        let (inside, outside) = (sleeper.doorbell(), sleeper.doorbell());
        let queue = injected.clone();
        let sender = thread::spawn(move || push_and_notify(producer, &inside, 1));
        let injector = thread::spawn(move || {
            queue.lock().expect("no panic inside").push_back(7);
            outside.notify();
        });
        let (mut expected, mut taken) = (0, None);
        loop {
            drain(&mut consumer, &mut expected);
            taken = taken.or_else(|| injected.lock().expect("no panic inside").pop_front());
            if expected == 1 && taken == Some(7) {
                break;
            }
            let has_work =
                || !consumer.is_empty() || !injected.lock().expect("no panic inside").is_empty();
            if sleeper.announce(has_work) {
                sleeper.bell().rung.wait();
                sleeper.awake();
            }
        }
        sender.join().expect("the sender is well");
        injector.join().expect("the injector is well");
    });
}

#[test]
fn a_flush_of_both_lanes_wakes_a_port() {
    model(|| {
        let mut ports = grid(2, |_| Arc::new(Gong::default()));
        let (mut sending, mut port) = (ports.pop().expect("two"), ports.pop().expect("two"));
        let sender = thread::spawn(move || {
            let to = sending.outgoing_to(0).expect("the other shard");
            to.flush(&mut VecDeque::from([1]), &mut VecDeque::from([2]));
            to.flush(&mut VecDeque::new(), &mut VecDeque::from([3]));
        });
        let (mut system, mut user) = (Vec::new(), Vec::new());
        while system != [1] || user != [2, 3] {
            let from = &mut port.incoming[0];
            from.user.pop_batch(usize::MAX, |item| user.push(item));
            from.system.pop_batch(usize::MAX, |item| system.push(item));
            if (system.len(), user.len()) != (1, 2) && port.announce(|| false) {
                port.sleeper.bell().rung.wait();
                port.sleeper.awake();
            }
        }
        sender.join().expect("the sender is well");
    });
}

/// One producer and a shard that falls asleep for good. When all is done, either it has been rung
/// for or there is nothing to take. This finds a lost wake-up by a check where [`sleep_and_wake`]
/// finds it by a deadlock, out of which loom cannot unwind in every case.
fn fall_asleep() {
    let mut sleeper = Sleeper::new(Arc::new(Gong::default()));
    let (producer, mut consumer) = ring(2);
    let doorbell = sleeper.doorbell();
    let sender = thread::spawn(move || push_and_notify(producer, &doorbell, 2));
    let mut expected = 0;
    loop {
        drain(&mut consumer, &mut expected);
        if sleeper.announce(|| !consumer.is_empty()) {
            break;
        }
    }
    sender.join().expect("the sender is well");
    let rung = sleeper.bell().rings.load(Ordering::Relaxed) > 0;
    assert!(rung || consumer.is_empty(), "slept on a message");
}

#[test]
fn a_shard_that_falls_asleep_is_rung_for() {
    model(fall_asleep);
}

#[test]
fn a_missing_fence_in_the_flush_is_found() {
    found(Fault::FlushFence, "slept on a message", fall_asleep);
}

#[test]
fn a_missing_fence_in_the_announcement_is_found() {
    found(Fault::AnnounceFence, "slept on a message", fall_asleep);
}

#[test]
fn a_skipped_re_check_is_found() {
    found(Fault::Recheck, "slept on a message", fall_asleep);
}

#[test]
fn a_flush_that_rings_for_an_answered_announcement_is_found() {
    found(Fault::Coalesce, "rang", || sleep_and_wake(2, 1));
}

#[test]
fn an_unordered_publication_is_found() {
    found(Fault::Publish, "causality", three_through_two);
}

#[test]
fn an_unordered_return_of_slots_is_found() {
    found(Fault::Free, "causality", three_through_two);
}
