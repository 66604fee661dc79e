//! What became of every message this shard accepted.

use std::cell::Cell;
use std::iter::Sum;

use super::work::Work;
use crate::actor::Undelivered;

/// Counts of messages by their end. When nothing is queued or running,
/// `accepted = handled + undelivered`; what was refused was never accepted.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Ledger {
    /// Entered a mailbox of this shard, or arrived from another shard for one; or was on its way
    /// from this shard to another when this one was brought down.
    pub accepted: u64,
    /// Handled to the end, or to a panic or kill in their handler.
    pub handled: u64,
    /// Given back to their sender for want of room.
    pub refused: u64,
    /// Not handled, by [`Undelivered`] in the order of [`Undelivered::ALL`].
    pub undelivered: [u64; Undelivered::ALL.len()],
}

impl Ledger {
    /// Accepted messages that are neither handled nor undelivered yet.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.accepted - self.handled - self.undelivered.iter().sum::<u64>()
    }

    /// Adds what somebody else counted.
    pub(super) fn add(&mut self, other: &Self) {
        self.accepted += other.accepted;
        self.handled += other.handled;
        self.refused += other.refused;
        for (mine, theirs) in self.undelivered.iter_mut().zip(other.undelivered) {
            *mine += theirs;
        }
    }
}

impl Sum for Ledger {
    fn sum<I: Iterator<Item = Self>>(ledgers: I) -> Self {
        ledgers.fold(Self::default(), |mut sum, ledger| {
            sum.add(&ledger);
            sum
        })
    }
}

/// What is rare of the ledger, as the shard writes it. What was accepted is in
/// [`super::work::Work`], what was handled in [`super::kinds::Kind`].
#[derive(Debug, Default)]
pub(crate) struct LedgerCell {
    /// Of those that were handled: elsewhere, in batches that came back.
    carried: Cell<u64>,
    refused: Cell<u64>,
    undelivered: [Cell<u64>; Undelivered::ALL.len()],
}

#[inline(always)]
pub(super) fn increment(cell: &Cell<u64>) {
    cell.set(cell.get() + 1);
}

impl LedgerCell {
    pub(super) fn carry(&self) {
        increment(&self.carried);
    }

    pub(super) const fn carried(&self) -> u64 {
        self.carried.get()
    }

    pub(super) fn refuse(&self) {
        increment(&self.refused);
    }

    pub(super) fn undeliver(&self, reason: Undelivered) {
        increment(&self.undelivered[reason as usize]);
    }

    pub(super) fn read(&self, work: &Work, handled: u64) -> Ledger {
        Ledger {
            accepted: work.accepted.get(),
            handled,
            refused: self.refused.get(),
            undelivered: std::array::from_fn(|index| self.undelivered[index].get()),
        }
    }
}
