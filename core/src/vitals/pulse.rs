//! The words that a shard writes as it goes.

use std::sync::atomic::{AtomicU64, Ordering};

/// The beat and the running task of one shard. Written by the shard alone; on lines of their own, so
/// that nothing else the shard touches is read by others.
///
/// The beat is twice the number of steps begun, plus one inside a step. All stores are relaxed: a
/// reader that looks twice sees a step that ends at last, however late, and there is nothing else to
/// order.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Pulse {
    beat: AtomicU64,
    /// Place of the task that is being polled; generation 0 when none is.
    running: AtomicU64,
}

impl Pulse {
    #[inline]
    pub(crate) fn begin_step(&self) {
        let beat = self.beat.load(Ordering::Relaxed);
        self.beat.store((beat + 2) | 1, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn end_step(&self) {
        let beat = self.beat.load(Ordering::Relaxed);
        self.beat.store(beat & !1, Ordering::Relaxed);
    }

    pub(super) fn beat(&self) -> Beat {
        Beat(self.beat.load(Ordering::Relaxed))
    }

    #[inline(always)]
    pub(crate) fn running(&self) -> u64 {
        self.running.load(Ordering::Relaxed)
    }

    #[inline(always)]
    pub(crate) fn run(&self, place: u64) {
        self.running.store(place, Ordering::Relaxed);
    }
}

/// A beat as it was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Beat(pub(super) u64);

impl Beat {
    /// Of no shard.
    pub(super) const NEVER: Self = Self(u64::MAX);

    /// Whether the shard is inside a step.
    pub(super) const fn in_step(self) -> bool {
        self.0 & 1 == 1
    }
}
