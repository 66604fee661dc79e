//! How many restarts are too many.

use std::collections::VecDeque;
use std::time::Duration;

use crate::limits::{RESTARTS_MAX, RESTARTS_WITHIN};
use crate::time::Instant;

/// At most so many restarts within so long; OTP's intensity and period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    /// Most restarts within the time; with 0 the first crash is one too many.
    pub restarts: u32,
    /// How long a restart counts.
    pub within: Duration,
}

impl Default for Budget {
    /// 3 restarts within 5 s.
    fn default() -> Self {
        Self { restarts: RESTARTS_MAX, within: RESTARTS_WITHIN }
    }
}

impl Budget {
    /// So many restarts within so long.
    #[must_use]
    pub const fn new(restarts: u32, within: Duration) -> Self {
        Self { restarts, within }
    }
}

/// The restarts that count at present.
#[derive(Debug, Default)]
pub(super) struct Window {
    restarts: VecDeque<Instant>,
}

impl Window {
    /// Counts a restart at `now`. Tells whether the budget allows it.
    pub(super) fn admit(&mut self, budget: Budget, now: Instant) -> bool {
        while self.restarts.front().is_some_and(|&at| at + budget.within <= now) {
            self.restarts.pop_front();
        }
        if self.restarts.len() >= budget.restarts as usize {
            return false;
        }
        self.restarts.push_back(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restarts_count_for_as_long_as_the_budget_says() {
        let budget = Budget::new(2, Duration::from_secs(5));
        let at = |secs: u64| Instant::from_nanos(secs * 1_000_000_000);
        let mut window = Window::default();
        assert!(window.admit(budget, at(10)));
        assert!(window.admit(budget, at(12)));
        assert!(!window.admit(budget, at(14)));
        assert!(window.admit(budget, at(15)), "the first does not count any more");
        assert!(!window.admit(budget, at(16)));
        assert!(!Window::default().admit(Budget::new(0, Duration::MAX / 4), at(1)));
    }
}
