//! No turn over its budget.

use greenroom_core::limits::TURN_MESSAGES;
use greenroom_core::{Ready, TurnPolicy};

/// What a turn was allowed, and what it took.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Budget {
    tasks_max: u32,
    handoffs_max: u32,
    polled: u32,
}

impl Budget {
    /// Whether a turn stayed in it, that handled so many messages; an actor handles at most
    /// `messages_max` in one poll.
    #[inline]
    pub(crate) fn check(self, handled: u64, messages_max: u32) -> Result<(), String> {
        let each = u64::from(messages_max.max(TURN_MESSAGES) + self.handoffs_max);
        if self.polled > self.tasks_max || handled > u64::from(self.polled) * each {
            return Err(self.over(handled, each));
        }
        Ok(())
    }

    #[cold]
    fn over(self, handled: u64, each: u64) -> String {
        let Self { tasks_max, polled, .. } = self;
        format!(
            "a turn polled {polled} tasks of at most {tasks_max}, and handled {handled} messages \
             of at most {each} a poll"
        )
    }
}

/// A turn's choices, counted.
#[derive(Debug)]
pub(crate) struct Budgeted<P> {
    pub(crate) choices: P,
    pub(crate) budget: Budget,
}

impl<P: TurnPolicy> TurnPolicy for Budgeted<P> {
    #[inline]
    fn pick(&mut self, ready: &Ready) -> usize {
        self.budget.polled += 1;
        self.choices.pick(ready)
    }

    #[inline]
    fn pick_only(&mut self) {
        self.budget.polled += 1;
        self.choices.pick_only();
    }

    #[inline]
    fn tasks_max(&mut self) -> u32 {
        self.budget.tasks_max = self.choices.tasks_max();
        self.budget.tasks_max
    }

    #[inline]
    fn handoffs_max(&mut self) -> u32 {
        self.budget.handoffs_max = self.choices.handoffs_max();
        self.budget.handoffs_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_that_takes_more_than_it_was_given_is_found() {
        let budget = Budget { tasks_max: 2, handoffs_max: 1, polled: 2 };
        assert_eq!(budget.check(2 * u64::from(TURN_MESSAGES + 1), 1), Ok(()));
        assert!(budget.check(2 * u64::from(TURN_MESSAGES + 1) + 1, 1).is_err());
        assert_eq!(budget.check(400, 200), Ok(()), "an actor may be given more");
        let over = Budget { polled: 3, ..budget };
        assert!(over.check(0, 1).unwrap_err().contains("polled 3 tasks of at most 2"));
    }
}
