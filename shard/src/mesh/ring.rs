//! A bounded queue from one thread to one other.
//!
//! # The idea
//!
//! Two cores talk through cache lines, and what a message costs is how many lines have to move from
//! one core's cache to the other's, not how many instructions run. A ring moves the line of the
//! item itself, and beyond it only the two cursors. So everything here is about moving the cursors'
//! lines seldom:
//!
//! - *Batches.* [`Producer::push_batch`] writes all that fits and publishes once;
//!   [`Consumer::pop_batch`] takes what has come and gives the slots back once.
//! - *Cached cursors.* The producer remembers the head it saw last, and looks again only when the
//!   ring looks full; the consumer looks at the tail only when it wants more than it knows of.
//!   (Batches and cached cursors are MCRingBuffer's: Lee, Bu and Chandranmenon, "A Lock-Free,
//!   Cache-Efficient Shared Ring Buffer for Multi-Core Architectures", 2009.)
//! - *No false sharing.* What one side writes shares no line with anything that the other side
//!   touches:
//!
//! ```text
//!   on the producer's side      shared                              on the consumer's side
//!   +---------------------+     +---------------------------------+     +---------------------+
//!   | Producer     128 B  |     |   0  tail                 128 B |     | Consumer     128 B  |
//!   |   tail              | --> |      written by the producer    | --> |   head              |
//!   |   published         |     +---------------------------------+     |   tail_seen         |
//!   |   head_seen         | <-- | 128  head                 128 B | <-- +---------------------+
//!   +---------------------+     |      written by the consumer    |
//!                               +---------------------------------+
//!                               | 256  slots, gone flags          |
//!                               |      read by both, not written  |
//!                               +---------------------------------+
//!                               | slots: 64 B each, on lines      |
//!                               |      --> items, one way         |
//!                               +---------------------------------+
//! ```
//!
//!   The handles are aligned too: kept side by side, two of them would share a line that both
//!   threads write at every call.
//!
//! # Why a ring of our own
//!
//! `rtrb` is the ring to beat, and
//! `cargo run --release -p greenroom-shard --example ring_floor` holds the two against each other:
//! 64-byte items from an outbox, on two pinned cores, in turns. In three runs on a virtual machine
//! with two cores, the medians of our time over that of `rtrb`'s chunks were
//!
//! | flushed every | 1 | 8 | 32 | 128 | round trip, both sides polling |
//! |---|---|---|---|---|---|
//! | own / rtrb | 0.62-0.77 | 0.89-0.99 | 0.94-1.01 | 1.01-1.04 | 0.74-0.92 |
//!
//! So large batches are a tie, at what moving the items' lines costs, and what comes singly, as
//! calls and replies do, is faster. The second reason is that loom can look inside: a ring that
//! takes its atomics from [`crate::sync`] is checked together with the doorbell.
//!
//! # What is kept and what is lost
//!
//! Items arrive in order and once. When the producer goes, what it wrote is published first, and
//! the consumer still gets it. When the consumer goes, it drops what has been published; what the
//! producer publishes after that is dropped when the producer goes as well. Nothing is dropped
//! twice.

use std::fmt;

use super::batch::Batch;
use super::slot::{self, Reader, Writer};

/// Makes a ring of `capacity` slots.
///
/// # Panics
///
/// When `capacity` is not a power of two.
///
/// # Examples
///
/// ```
/// let (mut producer, mut consumer) = greenroom_shard::mesh::ring(4);
/// let mut outbox: std::collections::VecDeque<u32> = (0..6).collect();
/// assert_eq!(producer.push_batch(&mut outbox), 4);
/// assert_eq!(outbox, [4, 5]);
/// let mut taken = Vec::new();
/// assert_eq!(consumer.pop_batch(3, |item| taken.push(item)), 3);
/// assert_eq!(taken, [0, 1, 2]);
/// ```
#[must_use]
pub fn ring<T: Send>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    let (writer, reader) = slot::halves(capacity);
    (Producer { writer }, Consumer { reader })
}

/// The end of a ring that sends.
///
/// An item is *staged* by [`push`](Self::push) and seen by the consumer once it is *published*, by
/// [`publish`](Self::publish), by [`push_batch`](Self::push_batch), or when the producer is
/// dropped.
pub struct Producer<T> {
    writer: Writer<T>,
}

impl<T: Send> Producer<T> {
    /// Stages one item.
    ///
    /// # Errors
    ///
    /// Gives the item back when the ring is full. All that was staged is published then, because no
    /// room can come otherwise.
    #[inline]
    pub fn push(&mut self, item: T) -> Result<(), T> {
        let result = self.writer.write(item);
        if result.is_err() {
            self.writer.publish();
        }
        result
    }

    /// Publishes what is staged, with one release store. Tells whether there was anything.
    #[inline]
    pub fn publish(&mut self) -> bool {
        self.writer.publish()
    }

    /// Moves as many items as fit from the front of `outbox` into the ring, and publishes them,
    /// with what was staged before, at once. Returns how many were moved; the others stay in
    /// `outbox`.
    #[inline]
    pub fn push_batch(&mut self, outbox: &mut impl Batch<T>) -> usize {
        let count = self.writer.write_batch(outbox);
        self.writer.publish();
        count
    }

    /// The slots of the ring.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.writer.capacity()
    }

    /// Whether the consumer is gone. From then on the ring fills up and stays full.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.writer.is_abandoned()
    }
}

/// The end of a ring that receives.
///
/// Dropping it drops every item that has been published, so that what waits for one of them learns
/// that nobody will answer.
pub struct Consumer<T: Send> {
    reader: Reader<T>,
}

impl<T: Send> Consumer<T> {
    /// Takes at most `max` items, oldest first, and gives all their slots back with one release
    /// store. Returns how many were taken.
    ///
    /// # Panics
    ///
    /// When `take` does. The item it was given is gone; the later ones stay in the ring, and the
    /// slots of those taken are given back.
    #[inline]
    pub fn pop_batch(&mut self, max: usize, take: impl FnMut(T)) -> usize {
        self.reader.read_batch(max, take)
    }

    /// Items that could be taken now. More may be published at any time.
    #[must_use]
    pub fn len(&self) -> usize {
        self.reader.len()
    }

    /// Whether there is nothing to take now. This is the re-check of the sleep protocol: a relaxed
    /// look, which the fence of [`Sleeper::announce`](super::Sleeper::announce) orders.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The slots of the ring.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.reader.capacity()
    }

    /// Whether the producer is gone. What it had pushed can still be taken; when this is true and
    /// the ring is empty, it stays empty.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.reader.is_abandoned()
    }
}

impl<T: Send> Drop for Consumer<T> {
    fn drop(&mut self) {
        // First the flag, so that a producer that looks can stop. One round is enough and must be:
        // a producer that does not look could fill the ring again for ever.
        self.reader.abandon();
        self.reader.read_batch(usize::MAX, drop);
    }
}

impl<T> fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("capacity", &self.writer.capacity())
            .finish_non_exhaustive()
    }
}

impl<T: Send> fmt::Debug for Consumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
#[path = "ring_tests.rs"]
mod tests;
