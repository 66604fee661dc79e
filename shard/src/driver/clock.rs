//! The clocks of a node, and how long a turn may take.

use std::cell::Cell;
#[cfg(feature = "driver-uring")]
use std::time::Duration;
use std::time::{Instant as Monotonic, SystemTime, UNIX_EPOCH};

use greenroom_core::Instant;
use greenroom_core::limits::TURN_TIME;
use greenroom_core::runtime::{Clock, Wall};

/// A node's clocks. Copies tell the same time, so that deadlines may cross shards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeClock {
    origin: Monotonic,
}

#[expect(clippy::disallowed_methods, reason = "this is where time comes from")]
impl NodeClock {
    /// A clock whose origin is now.
    pub(crate) fn new() -> Self {
        Self { origin: Monotonic::now() }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where time comes from")]
impl Clock for NodeClock {
    #[inline]
    fn now(&self) -> Instant {
        let nanos = Monotonic::now().saturating_duration_since(self.origin).as_nanos();
        Instant::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX - 1))
    }

    fn wall(&self) -> Wall {
        Wall(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

/// Ends turns that take too long.
///
/// Core asks every few messages whether the turn should end. Reading the clock each time would
/// cost a quarter of what a small message does, so an answer that came fast, which says that the
/// messages are small, is good for the next [`Quantum::SKIPS`] questions as well.
#[derive(Debug)]
pub(crate) struct Quantum {
    clock: NodeClock,
    end: Cell<Instant>,
    /// When a turn ends that keeps I/O waiting.
    #[cfg(feature = "driver-uring")]
    io_end: Cell<Instant>,
    asked: Cell<Instant>,
    skip: Cell<u32>,
}

impl Quantum {
    /// Questions answered without the clock after a fast one.
    const SKIPS: u32 = 3;
    /// How much of a turn, as a divisor, may pass between two questions for the answer to be fast.
    const FAST_DIVISOR: u32 = 100;

    /// How long a turn lasts at least, whatever waits for its end, so that a shard with much I/O has
    /// a system call for each ten microseconds of work and no more.
    #[cfg(feature = "driver-uring")]
    const IO_TURN_TIME: Duration = Duration::from_micros(10);

    pub(crate) const fn new(clock: NodeClock) -> Self {
        Self {
            clock,
            end: Cell::new(Instant::ORIGIN),
            #[cfg(feature = "driver-uring")]
            io_end: Cell::new(Instant::ORIGIN),
            asked: Cell::new(Instant::ORIGIN),
            skip: Cell::new(0),
        }
    }

    /// Begins a turn, and tells the time.
    #[inline]
    pub(crate) fn begin(&self) -> Instant {
        let now = self.clock.now();
        self.asked.set(now);
        self.end.set(now + TURN_TIME);
        self.skip.set(0);
        now
    }

    /// The same for a turn that is not to outlast `deadline`, or I/O that comes meanwhile, by much.
    #[cfg(feature = "driver-uring")]
    #[inline]
    pub(crate) fn begin_until(&self, deadline: Option<Instant>) -> Instant {
        let now = self.begin();
        let soon = now + Self::IO_TURN_TIME;
        self.io_end.set(soon);
        if let Some(deadline) = deadline {
            self.end.set(self.end.get().min(deadline.max(soon)));
        }
        now
    }

    /// Whether the turn should end.
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.has_passed(&self.end)
    }

    /// Whether the turn should end because I/O waits.
    #[cfg(feature = "driver-uring")]
    #[inline]
    pub(crate) fn is_over_for_io(&self) -> bool {
        self.has_passed(&self.io_end)
    }

    #[inline]
    fn has_passed(&self, end: &Cell<Instant>) -> bool {
        let skip = self.skip.get();
        if skip > 0 {
            self.skip.set(skip - 1);
            return false;
        }
        let now = self.clock.now();
        let fast = now - self.asked.replace(now) < TURN_TIME / Self::FAST_DIVISOR;
        self.skip.set(if fast { Self::SKIPS } else { 0 });
        now >= end.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_ends_once_its_time_has_passed() {
        let quantum = Quantum::new(NodeClock::new());
        let began = quantum.begin();
        while !quantum.is_over() {}
        assert!(quantum.clock.now() - began >= TURN_TIME);
    }

    #[test]
    fn a_clock_never_goes_back_and_its_copies_agree() {
        let clock = NodeClock::new();
        let (before, copied, after) = (clock.now(), { clock }.now(), clock.now());
        assert!(before <= copied && copied <= after);
        assert!(clock.wall() > Wall(Default::default()));
    }
}
