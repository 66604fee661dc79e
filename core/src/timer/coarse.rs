//! The wheel that bounds calls: cheap to enter, never early, up to a tick late.
//!
//! Nearly every call is answered long before its deadline, so the common cost must be nothing.
//! A reply slot is entered once and stays entered while it serves one call after another: when its
//! tick comes, the slot is asked what deadline it has now, and entered again, forgotten, or failed.
//! (Lazy timers of this kind are in Varghese and Lauck, 1987; measured against a sorted map in the
//! design, a map costs more than the rest of a call.)

use std::cell::{Cell, RefCell};

use crate::limits::COARSE_TICK;
use crate::time::Instant;

/// Bits of an instant below a tick: 2^23 ns, 8.4 ms.
const TICK_BITS: u32 = 23;
const SLOTS: usize = 1024;

const _: () = assert!((1 << TICK_BITS) / 1_000_000 == COARSE_TICK.as_millis());

/// See the module.
#[derive(Debug)]
pub(crate) struct CoarseWheel {
    inner: RefCell<Inner>,
    /// The first tick that may have an entry, `u64::MAX` for none: nothing is taken out early, so
    /// it only has to be looked for again when it has come.
    earliest: Cell<u64>,
}

#[derive(Debug)]
struct Inner {
    /// The last tick that was processed.
    position: u64,
    slots: Vec<Vec<(u32, u32)>>,
    entered: usize,
}

impl Default for CoarseWheel {
    fn default() -> Self {
        let inner = Inner { position: 0, slots: Vec::new(), entered: 0 };
        Self { inner: RefCell::new(inner), earliest: Cell::new(u64::MAX) }
    }
}

impl CoarseWheel {
    /// The tick at which a deadline is checked: the first that begins after it, or the farthest
    /// the wheel reaches, where it is checked once on the way.
    #[inline]
    pub(crate) fn tick_of(&self, deadline: Instant, now: Instant) -> u32 {
        let reach = (now.as_nanos() >> TICK_BITS) + SLOTS as u64 - 1;
        ((deadline.as_nanos() >> TICK_BITS) + 1).min(reach) as u32
    }

    /// Enters a reply slot for that tick.
    pub(crate) fn enter(&self, slot: u32, tick: u32) {
        let inner = &mut *self.inner.borrow_mut();
        if inner.slots.is_empty() {
            inner.slots.resize_with(SLOTS, Vec::new);
        }
        inner.slots[tick as usize % SLOTS].push((slot, tick));
        inner.entered += 1;
        self.earliest.set(self.earliest.get().min(u64::from(tick)));
    }

    /// Takes the entries whose tick has come.
    #[inline]
    pub(crate) fn expire(&self, now: Instant) -> Vec<(u32, u32)> {
        let inner = &mut *self.inner.borrow_mut();
        let target = now.as_nanos() >> TICK_BITS;
        if inner.position >= target {
            return Vec::new();
        }
        let turns = (target - inner.position).min(SLOTS as u64);
        inner.position = target;
        let mut due = Vec::new();
        if inner.entered > 0 {
            for tick in target + 1 - turns..=target {
                let list = &mut inner.slots[tick as usize % SLOTS];
                let before = due.len();
                // A slot may hold entries of a later turn of the wheel when time jumped.
                due.extend(list.extract_if(.., |&mut (_, at)| u64::from(at) <= target));
                inner.entered -= due.len() - before;
            }
        }
        if self.earliest.get() <= target {
            self.earliest.set(inner.first_after(target));
        }
        due
    }

    /// When the next entry's tick begins; never, when there is none.
    #[inline]
    pub(crate) fn next_due(&self) -> Instant {
        match self.earliest.get() {
            u64::MAX => Instant::NEVER,
            earliest => Instant::from_nanos(earliest << TICK_BITS),
        }
    }
}

impl Inner {
    /// The first tick after `position` whose slot has an entry; `u64::MAX` when none has.
    fn first_after(&self, position: u64) -> u64 {
        if self.entered == 0 {
            return u64::MAX;
        }
        let mut ticks = position + 1..=position + SLOTS as u64;
        let found = ticks.find(|&tick| !self.slots[tick as usize % SLOTS].is_empty());
        found.unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn is_never_early_and_at_most_a_tick_late() {
        let wheel = CoarseWheel::default();
        let tick_span = Duration::from_nanos(1 << TICK_BITS);
        for (slot, millis) in (0u32..).zip([0u64, 1, 8, 9, 100, 5_000, 8_000]) {
            let deadline = Instant::ORIGIN + Duration::from_millis(millis);
            wheel.enter(slot, wheel.tick_of(deadline, Instant::ORIGIN));
            let at = Instant::from_nanos(
                u64::from(wheel.tick_of(deadline, Instant::ORIGIN)) << TICK_BITS,
            );
            assert!(at > deadline && at - deadline <= tick_span);
        }
        let mut seen = Vec::new();
        while !wheel.next_due().is_never() {
            let next = wheel.next_due();
            seen.extend(wheel.expire(next).into_iter().map(|(slot, _)| slot));
        }
        assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_jump_in_time_takes_everything_that_is_due() {
        let wheel = CoarseWheel::default();
        let deadline = Instant::ORIGIN + Duration::from_secs(3600);
        // Beyond the wheel's reach: checked on the way, at the farthest slot.
        let tick = wheel.tick_of(deadline, Instant::ORIGIN);
        assert_eq!(tick as usize, SLOTS - 1);
        wheel.enter(7, tick);
        assert_eq!(wheel.expire(deadline), [(7, tick)]);
        assert!(wheel.next_due().is_never());
    }
}
