//! The mesh between real threads: long runs, with sizes drawn at random.
//!
//! What loom checks for a few messages and every interleaving, these check for many messages and
//! the interleavings that happen. None of them measures time or waits for it, so load cannot fail
//! them.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex},
    thread,
};

use greenroom_shard::mesh::{Bell, Consumer, Port, Sleeper, grid, ring};

/// Sizes that differ from batch to batch and are the same in every run (splitmix64).
struct Sizes(u64);

impl Sizes {
    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

/// An item whose words must all arrive together.
fn item(number: u64) -> [u64; 8] {
    std::array::from_fn(|word| number.wrapping_mul(word as u64 + 1))
}

/// Sends `items` through a ring of `capacity` slots: single and in batches, published at once and
/// later.
fn stream(capacity: usize, items: u64, batch_max: usize) {
    let (mut producer, mut consumer) = ring(capacity);
    // The closure owns the consumer: should a check fail, it drops it, and the sender sees that.
    thread::scope(move |scope| {
        scope.spawn(move || {
            let mut sizes = Sizes(capacity as u64);
            let mut outbox = VecDeque::new();
            let mut sent = 0;
            while sent < items && !producer.is_abandoned() {
                let more = (sizes.below(batch_max + 1) as u64).min(items - sent);
                outbox.extend((sent..sent + more).map(item));
                sent += more;
                if sizes.below(2) == 0 {
                    producer.push_batch(&mut outbox);
                } else {
                    while let Some(next) = outbox.pop_front() {
                        if let Err(back) = producer.push(next) {
                            outbox.push_front(back);
                            break;
                        }
                    }
                    if sizes.below(2) == 0 {
                        producer.publish();
                    }
                }
                let kept_max = if sent < items { batch_max } else { 0 };
                while outbox.len() > kept_max && !producer.is_abandoned() {
                    if producer.push_batch(&mut outbox) == 0 {
                        thread::yield_now();
                    }
                }
            }
            // What is still staged is published by the drop.
        });
        let mut sizes = Sizes(!(capacity as u64));
        let mut expected = 0;
        loop {
            let abandoned = consumer.is_abandoned();
            let max = 1 + sizes.below(batch_max);
            let taken = consumer.pop_batch(max, |arrived| {
                assert_eq!(arrived, item(expected));
                expected += 1;
            });
            assert!(taken <= max.min(capacity));
            if taken == 0 && abandoned {
                break;
            }
            if taken == 0 {
                thread::yield_now();
            }
        }
        assert_eq!(expected, items);
    });
}

#[test]
fn a_million_items_arrive_in_order() {
    stream(4096, 1_000_000, 200);
}

#[test]
fn the_smallest_rings_pass_every_item() {
    // Few items: on a loaded machine each costs a turn of the scheduler.
    stream(1, 200, 3);
    stream(2, 400, 5);
    stream(4, 1_000, 9);
}

#[test]
fn items_are_dropped_once_whoever_leaves_first() {
    let mut sizes = Sizes(7);
    for _ in 0..100 {
        let counter = Arc::new(());
        let (mut producer, mut consumer) = ring(8);
        let (sent, taken) = (1 + sizes.below(40), sizes.below(20));
        thread::scope(|scope| {
            let counter = &counter;
            scope.spawn(move || {
                let mut outbox: VecDeque<_> = (0..sent).map(|_| counter.clone()).collect();
                while !outbox.is_empty() && !producer.is_abandoned() {
                    if producer.push_batch(&mut outbox) == 0 {
                        thread::yield_now();
                    }
                }
            });
            scope.spawn(move || {
                let mut left = taken;
                while left > 0 && !(consumer.is_abandoned() && consumer.is_empty()) {
                    let now = consumer.pop_batch(left, drop);
                    left -= now;
                    if now == 0 {
                        thread::yield_now();
                    }
                }
            });
        });
        // One more or one less would show here, as a leak, a double free or both.
        assert_eq!(Arc::strong_count(&counter), 1);
    }
}

/// A bell that remembers, and that can be told that no more will come.
#[derive(Default)]
struct Gong {
    state: Mutex<GongState>,
    changed: Condvar,
}

#[derive(Default)]
struct GongState {
    rings: u32,
    last: bool,
}

impl Bell for Gong {
    fn ring(&self) {
        self.state.lock().expect("no panic inside").rings += 1;
        self.changed.notify_one();
    }
}

impl Gong {
    /// Says that every sender has finished.
    fn close(&self) {
        self.state.lock().expect("no panic inside").last = true;
        self.changed.notify_one();
    }

    /// Blocks until it is rung or closed. Tells whether it was rung.
    fn wait(&self) -> bool {
        let state = self.state.lock().expect("no panic inside");
        let quiet = |state: &mut GongState| state.rings == 0 && !state.last;
        let mut state = self.changed.wait_while(state, quiet).expect("no panic inside");
        std::mem::take(&mut state.rings) > 0
    }
}

/// Takes everything from `consumer` and checks the order. Tells how much it was.
fn drain(consumer: &mut Consumer<u64>, expected: &mut u64) -> usize {
    consumer.pop_batch(usize::MAX, |number| {
        assert_eq!(number, *expected);
        *expected += 1;
    })
}

/// Three shards send to one that sleeps whenever it can. When all have finished, nothing may be left
/// that the sleeper was not woken for: a lost wake-up is found by its leftovers, not by a time-out.
#[test]
fn a_sleeper_is_woken_for_every_flush() {
    // No more than a ring holds, so that every sender finishes even if the sleeper never wakes.
    const ITEMS: u64 = 1_000;
    for _ in 0..3 {
        let mut ports = grid(4, |_| Arc::new(Gong::default()));
        let bell = ports[0].sleeper.bell().clone();
        let senders = ports.split_off(1);
        let port = ports.remove(0);
        assert!(port.incoming.iter().all(|from| from.system.capacity() as u64 >= ITEMS));
        let received = thread::scope(|scope| {
            let receiver = scope.spawn(move || receive(port));
            let senders: Vec<_> =
                senders.into_iter().map(|port| scope.spawn(|| send(port, ITEMS))).collect();
            for sender in senders {
                sender.join().expect("the sender is well");
            }
            bell.close();
            receiver.join().expect("the receiver is well")
        });
        assert_eq!(received, [[ITEMS; 2]; 3]);
    }
}

/// The shard's loop. Returns what it has received when the bell is closed.
fn receive(mut port: Port<u64, Arc<Gong>>) -> [[u64; 2]; 3] {
    let mut expected = [[0; 2]; 3];
    loop {
        let taken = drain_all(&mut port, &mut expected);
        if taken > 0 || !port.announce(|| false) {
            continue;
        }
        let rung = port.sleeper.bell().wait();
        port.sleeper.awake();
        if !rung {
            assert_eq!(drain_all(&mut port, &mut expected), 0, "slept on a flush");
            return expected;
        }
    }
}

fn drain_all<B: Bell>(port: &mut Port<u64, B>, expected: &mut [[u64; 2]; 3]) -> usize {
    let mut taken = 0;
    for (from, [system, user]) in port.incoming.iter_mut().zip(expected) {
        taken += drain(&mut from.system, system) + drain(&mut from.user, user);
    }
    taken
}

fn send<B: Bell>(mut port: Port<u64, B>, items: u64) {
    let mut sizes = Sizes(port.shard as u64);
    let (mut system, mut user) = (VecDeque::new(), VecDeque::new());
    let mut sent = [0; 2];
    let to = port.outgoing_to(0).expect("another shard");
    while (sent != [items; 2] || !system.is_empty() || !user.is_empty()) && !to.is_abandoned() {
        for (outbox, sent) in [&mut system, &mut user].into_iter().zip(&mut sent) {
            let more = (sizes.below(4) as u64).min(items - *sent);
            outbox.extend(*sent..*sent + more);
            *sent += more;
        }
        to.flush(&mut system, &mut user);
        if sizes.below(3) == 0 {
            // Lets the receiver run dry, so that it sleeps often.
            thread::yield_now();
        }
    }
}

/// A queue that any thread fills rings the same doorbell as the rings do.
#[test]
fn a_thread_outside_wakes_the_shard_through_an_injection_queue() {
    const ITEMS: u64 = 3_000;
    let injected = Mutex::new(VecDeque::new());
    let mut sleeper = Sleeper::new(Arc::new(Gong::default()));
    let bell = sleeper.bell().clone();
    let doorbell = sleeper.doorbell();
    let queue = &injected;
    let taken = thread::scope(|scope| {
        let shard = scope.spawn(move || {
            let mut taken = 0;
            let take_all = || queue.lock().expect("no panic inside").drain(..).sum::<u64>();
            loop {
                taken += take_all();
                if !sleeper.announce(|| !queue.lock().expect("no panic inside").is_empty()) {
                    continue;
                }
                let rung = sleeper.bell().wait();
                sleeper.awake();
                if !rung {
                    assert_eq!(take_all(), 0, "slept on an injected item");
                    return taken;
                }
            }
        });
        let outside: Vec<_> = [doorbell.clone(), doorbell]
            .into_iter()
            .map(|doorbell| {
                scope.spawn(move || {
                    for _ in 0..ITEMS {
                        queue.lock().expect("no panic inside").push_back(1);
                        doorbell.notify();
                    }
                })
            })
            .collect();
        for thread in outside {
            thread.join().expect("the thread is well");
        }
        bell.close();
        shard.join().expect("the shard is well")
    });
    assert_eq!(taken, 2 * ITEMS);
}
