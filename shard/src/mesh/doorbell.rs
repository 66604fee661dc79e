//! Sleeping without missing a message, waking without a system call per message.
//!
//! # The problem
//!
//! A shard that finds its rings empty wants to sleep. A producer that publishes wants to know
//! whether it has to wake the shard, because a wake-up is a system call and costs as much as very
//! many messages. Each side writes one word and then reads the other's:
//!
//! ```text
//!   the shard, about to sleep                    a producer, at each flush
//!   -------------------------                    -------------------------
//!   A1  asleep = true                            P1  tail = ..       (publishes the flush)
//!   A2  fence(SeqCst)                            P2  fence(SeqCst)
//!   A3  look at the tail of every ring           P3  look at asleep
//!       anything there: asleep = false, go on        true: exchange it for false, and ring
//!       nothing: sleep                               the bell if the exchange succeeded
//! ```
//!
//! Without the fences, either side's store may still sit in its store buffer while its load already
//! runs: A3 sees no flush, P3 sees no sleeper, and the shard sleeps on a message. (compio lost
//! wake-ups to a flaw of this family.)
//!
//! # Why nothing is missed
//!
//! It is Dekker's argument. All `SeqCst` fences of the program stand in one total order, and of two
//! of them the later one's thread sees what the other's thread stored before its own. So for every
//! flush and every announcement, one of these holds:
//!
//! - *A2 before P2.* Then P3 sees the announcement, or a later value of the word. A later value was
//!   written either by the shard, which is awake then and will look at its rings before it sleeps
//!   again, or by another producer's exchange, which has rung or is about to ring.
//! - *P2 before A2.* Then A3 sees the flush, and the shard does not sleep.
//!
//! A wake-up that was rung by one producer serves all: the shard, once awake, drains every ring and
//! announces anew, and the argument starts over with that announcement. A flush that the drain did
//! not see yet is caught by its A3.
//!
//! Everything else can be relaxed. A1 and P1 need no order of their own: what matters is that they
//! stand before a fence. (P1 is a release store for the sake of the items, see
//! [`mod@super::ring`].) A3 and P3 stand after one. The exchange's atomicity makes one wake-up out
//! of many flushes; it releases, and [`Sleeper::awake`] acquires, only so that the first drain
//! already finds the flush that rang; the next A3 would find it as well.
//!
//! # The price
//!
//! A flush pays a fence and a load of a line that is written only by going to sleep and waking up,
//! so that under load it stays in every producer's cache. A shard that never announces, because it
//! spins, costs its producers no more.
//!
//! # The bell
//!
//! How a shard blocks is its driver's affair, and the protocol asks one thing of it: *a ring is
//! remembered*. The bell may ring before the shard has got as far as blocking, and it may ring
//! late, for an announcement that was withdrawn meanwhile; the one must not be lost, and the other
//! costs a look at empty rings. An eventfd, a futex with a counter, a semaphore and a task's waker
//! all remember. Two rules follow for the driver:
//!
//! 1. It swallows a ring (reads the eventfd) only by waking up, never between the announcement and
//!    blocking.
//! 2. After every wake-up, whatever its cause, it calls [`Sleeper::awake`], drains, and announces
//!    anew.

use std::{fmt, sync::Arc as StdArc};

use super::fault::{Fault, planted};
use crate::sync::{Arc, AtomicBool, Ordering, fence};

/// What wakes a blocked shard.
pub trait Bell: Send + Sync {
    /// Wakes the shard, or its next attempt to block if it does not block yet. Called from any
    /// thread, at most once per announcement. It must not panic, and it runs on the sender's time.
    fn ring(&self);
}

/// A bell that others hold too, for a driver that blocks on it from elsewhere.
impl<B: Bell + ?Sized> Bell for StdArc<B> {
    fn ring(&self) {
        (**self).ring();
    }
}

/// The sleeping side: one per shard, owned by what runs it.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc;
///
/// use greenroom_shard::mesh::{Bell, Sleeper, ring};
///
/// struct Channel(mpsc::Sender<()>);
///
/// impl Bell for Channel {
///     fn ring(&self) {
///         self.0.send(()).expect("the shard outlives its doorbell");
///     }
/// }
///
/// let (rung, blocks) = mpsc::channel();
/// let mut sleeper = Sleeper::new(Channel(rung));
/// let doorbell = sleeper.doorbell();
/// let (mut producer, mut consumer) = ring(8);
/// std::thread::scope(|scope| {
///     scope.spawn(move || {
///         producer.push("hello").expect("an empty ring has room");
///         producer.publish();
///         doorbell.notify();
///     });
///     while consumer.pop_batch(8, |item| assert_eq!(item, "hello")) == 0 {
///         if sleeper.announce(|| !consumer.is_empty()) {
///             blocks.recv().expect("the bell is alive");
///             sleeper.awake();
///         }
///     }
/// });
/// ```
pub struct Sleeper<B> {
    shared: Arc<Shared<B>>,
}

impl<B: Bell> Sleeper<B> {
    /// A sleeper that is awake.
    #[must_use]
    pub fn new(bell: B) -> Self {
        Self { shared: Arc::new(Shared { asleep: AtomicBool::new(false), bell }) }
    }

    /// A handle for those who may have to wake this shard.
    #[must_use]
    pub fn doorbell(&self) -> Doorbell<B> {
        Doorbell { shared: self.shared.clone() }
    }

    /// The bell, for a driver that keeps both its sides in one value.
    #[must_use]
    pub fn bell(&self) -> &B {
        &self.shared.bell
    }

    /// Announces that the shard is about to sleep, then asks `has_work` to look at everything that
    /// others can fill: the rings and the injection queue.
    ///
    /// Returns whether the shard may block now. If so, any flush from here on rings the bell, and
    /// so may one that came just before; after blocking, [`awake`](Self::awake) is due. If not,
    /// there is work, and the announcement is withdrawn already, though a ring for it may come
    /// late.
    pub fn announce(&mut self, has_work: impl FnOnce() -> bool) -> bool {
        self.shared.asleep.store(true, Ordering::Relaxed);
        if !planted(Fault::AnnounceFence) {
            fence(Ordering::SeqCst);
        }
        if !planted(Fault::Recheck) && has_work() {
            self.awake();
            return false;
        }
        true
    }

    /// Withdraws the announcement, after blocking. Tells whether a producer has answered it, which
    /// means that the bell was rung or is about to be; a timer or an I/O completion wakes a shard
    /// without that.
    pub fn awake(&mut self) -> bool {
        !self.shared.asleep.swap(false, Ordering::Acquire)
    }
}

/// The waking side: any number per shard, on any thread, also on one that is no shard.
pub struct Doorbell<B> {
    shared: Arc<Shared<B>>,
}

impl<B: Bell> Doorbell<B> {
    /// Wakes the shard if it sleeps or is about to. To be called once after each flush, after its
    /// items are published.
    ///
    /// Of several flushes that find the same announcement, one rings.
    #[inline]
    pub fn notify(&self) {
        if !planted(Fault::FlushFence) {
            fence(Ordering::SeqCst);
        }
        if self.shared.asleep.load(Ordering::Relaxed) {
            self.wake();
        }
    }

    /// Takes the announcement, and rings if it was still there.
    #[cold]
    fn wake(&self) {
        let asleep = &self.shared.asleep;
        // Not a swap: who finds the announcement gone has nothing to write.
        let taken = asleep.compare_exchange(true, false, Ordering::Release, Ordering::Relaxed);
        if taken.is_ok() || planted(Fault::Coalesce) {
            self.shared.bell.ring();
        }
    }
}

impl<B> Clone for Doorbell<B> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

/// On lines of its own: every producer reads it at every flush, so nothing that changes may stand
/// beside it.
#[repr(align(128))]
struct Shared<B> {
    /// Set by the shard alone. Cleared by the shard or by a producer.
    asleep: AtomicBool,
    bell: B,
}

#[cfg(not(loom))]
const _: () = {
    assert!(align_of::<Shared<u64>>() == 128 && size_of::<Shared<u64>>() == 128);
};

impl<B> fmt::Debug for Sleeper<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asleep = self.shared.asleep.load(Ordering::Relaxed);
        f.debug_struct("Sleeper").field("asleep", &asleep).finish_non_exhaustive()
    }
}

impl<B> fmt::Debug for Doorbell<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asleep = self.shared.asleep.load(Ordering::Relaxed);
        f.debug_struct("Doorbell").field("asleep", &asleep).finish_non_exhaustive()
    }
}
