//! The bell of a shard that sleeps in a ring, under loom: told by a message, or by an eventfd that
//! the ring watches, whichever the sender has. As [`super::loom_mesh`].
//!
//! The ring is modelled by what the kernel promises of it: a message is a completion; a watch
//! completes when the eventfd is written to, and at once where it was written to before; a sleep
//! ends when there is a completion. The rest is ours: [`greenroom_shard::mesh`] and the rules of
//! `shard/src/driver/bell.rs`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use greenroom_shard::mesh::{Bell, Consumer, Doorbell, Producer, Sleeper, ring};
use loom::sync::atomic::{AtomicBool, AtomicUsize};
use loom::sync::{Condvar, Mutex};
use loom::thread;

use super::loom_mesh::model;

#[derive(Default)]
struct Kernel {
    completions: usize,
    /// The eventfd's count.
    written: usize,
    watched: bool,
}

/// A ring with its eventfd.
#[derive(Default)]
struct Rung {
    kernel: Mutex<Kernel>,
    completed: Condvar,
    /// Those who ring know of the ring.
    told: AtomicBool,
    /// So many messages do not get there: their senders have no ring, or a broken one.
    refused: AtomicUsize,
    /// A bug: who finds a message refused leaves it at that.
    gives_up: bool,
}

impl Rung {
    fn refusing(refused: usize) -> Self {
        Self { refused: AtomicUsize::new(refused), ..Self::default() }
    }

    fn message(&self) -> bool {
        let less = |left: usize| left.checked_sub(1);
        if self.refused.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok() {
            return self.gives_up;
        }
        self.kernel.lock().expect("no panic inside").completions += 1;
        self.completed.notify_one();
        true
    }

    fn write(&self) {
        let mut kernel = self.kernel.lock().expect("no panic inside");
        kernel.written += 1;
        if kernel.watched {
            kernel.completions += 1;
            self.completed.notify_one();
        }
    }

    /// Watches the eventfd, as the shard does before it first sleeps and when a watch has ended.
    fn watch(&self) {
        let mut kernel = self.kernel.lock().expect("no panic inside");
        kernel.watched = true;
        kernel.completions += usize::from(kernel.written > 0);
    }

    /// A watch has ended; the old rings are forgotten, and it begins anew.
    fn watch_anew(&self) {
        self.kernel.lock().expect("no panic inside").watched = false;
        self.kernel.lock().expect("no panic inside").written = 0;
        self.watch();
    }

    fn sleep(&self) {
        let mut kernel = self.kernel.lock().expect("no panic inside");
        while kernel.completions == 0 {
            kernel = self.completed.wait(kernel).expect("no panic inside");
        }
        kernel.completions = 0;
    }
}

impl Bell for Rung {
    fn ring(&self) {
        if self.told.load(Ordering::Acquire) && self.message() {
            return;
        }
        self.write();
    }
}

fn push_and_notify(mut producer: Producer<u32>, doorbell: &Doorbell<Arc<Rung>>) {
    producer.push(0).expect("room");
    producer.publish();
    doorbell.notify();
}

/// A shard that begins to watch and to be told while others ring for it already: one of them from a
/// thread of another shard, one from a thread outside.
fn wake_up(refused: usize) {
    let bell = Arc::new(Rung::refusing(refused));
    let mut sleeper = Sleeper::new(bell.clone());
    let (producer, mut consumer): (_, Consumer<u32>) = ring(2);
    let (inside, outside) = (sleeper.doorbell(), sleeper.doorbell());
    let injected = Arc::new(Mutex::new(VecDeque::new()));
    let queue = injected.clone();
    let sender = thread::spawn(move || push_and_notify(producer, &inside));
    let injector = thread::spawn(move || {
        queue.lock().expect("no panic inside").push_back(7);
        outside.notify();
    });
    bell.watch();
    bell.told.store(true, Ordering::Release);
    let (mut taken, mut wakes) = (0, 0);
    loop {
        consumer.pop_batch(usize::MAX, |_| taken += 1);
        taken += injected.lock().expect("no panic inside").drain(..).count();
        if taken == 2 {
            break;
        }
        let queued = || injected.lock().expect("no panic inside").is_empty();
        if sleeper.announce(|| !consumer.is_empty() || !queued()) {
            bell.sleep();
            sleeper.awake();
            wakes += 1;
            if wakes == 1 {
                bell.watch_anew();
            }
        }
    }
    sender.join().expect("the sender is well");
    injector.join().expect("the injector is well");
}

#[test]
fn a_shard_in_a_ring_misses_no_bell() {
    model(|| wake_up(0));
}

#[test]
fn nor_one_whose_message_does_not_get_there() {
    model(|| wake_up(1));
}

/// Without the second way the shard sleeps on a message.
#[test]
fn a_refused_message_that_nobody_follows_up_is_found() {
    let body = || {
        let bell = Arc::new(Rung { gives_up: true, ..Rung::refusing(1) });
        let mut sleeper = Sleeper::new(bell.clone());
        let (producer, mut consumer): (_, Consumer<u32>) = ring(2);
        let doorbell = sleeper.doorbell();
        bell.watch();
        bell.told.store(true, Ordering::Release);
        let sender = thread::spawn(move || push_and_notify(producer, &doorbell));
        let mut taken = 0;
        while !sleeper.announce(|| !consumer.is_empty()) {
            consumer.pop_batch(usize::MAX, |_| taken += 1);
        }
        sender.join().expect("the sender is well");
        let rung = bell.kernel.lock().expect("no panic inside").completions > 0;
        assert!(rung || consumer.is_empty(), "slept on a message");
    };
    let found = std::panic::catch_unwind(|| model(body));
    let panic = found.expect_err("the planted bug went unnoticed");
    let message = panic.downcast_ref::<&str>().expect("an assertion's words");
    assert_eq!(*message, "slept on a message");
}
