//! What of a shard's turn led to what.
//!
//! Core reports events one by one, and not which of them led to which. Much of that follows from
//! their order: a message is queued because a packet was delivered, a task is polled because a
//! message was queued for it. Where it does not follow, the turn itself is the cause.

use std::cell::{Cell, RefCell};

/// More than one, so none for certain.
const SEVERAL: u64 = u64::MAX;

/// The events of one shard that others may follow from, as marks: numbers plus 1, 0 for none.
#[derive(Debug, Default)]
pub(crate) struct Causes {
    /// The turn that is under way, or was the last.
    turn: Cell<u64>,
    /// A task may be polled for something that happened before the turn.
    left_over: Cell<bool>,
    /// What reached the shard last in this turn, unless it made a task ready that is known.
    input: Cell<u64>,
    /// What did before that.
    inputs: Cell<u64>,
    /// The tasks polled in this turn.
    polled: Cell<u64>,
    /// What made the task of each slot ready, since it was polled last.
    readied: RefCell<Vec<u64>>,
}

impl Causes {
    pub(crate) fn turn_begins(&self, turn: u64) {
        self.turn.set(turn);
        self.input.set(0);
        self.inputs.set(0);
        self.polled.set(0);
    }

    pub(crate) const fn turn(&self) -> u64 {
        self.turn.get()
    }

    /// Says whether tasks may be ready, before the next turn begins.
    pub(crate) fn leaves_over(&self, any: bool) {
        self.left_over.set(any);
    }

    /// Something reached the shard, which was caused by `cause`: what it caused itself is not
    /// counted apart.
    #[inline]
    pub(crate) fn arrived(&self, mark: u64, cause: u64) {
        let before = self.input.replace(mark);
        if before != 0 && before != cause {
            self.inputs.set(if self.inputs.get() == 0 { before } else { SEVERAL });
        }
    }

    /// A task was woken for no reason.
    pub(crate) fn arrived_spuriously(&self) {
        self.inputs.set(SEVERAL);
    }

    /// A task was spawned. Its slot may have been another's, with messages that were never handled.
    pub(crate) fn spawned(&self, slot: u32, mark: u64, cause: u64) {
        if let Some(readied) = self.readied.borrow_mut().get_mut(slot as usize) {
            *readied = 0;
        }
        self.readied(slot, mark, cause);
    }

    /// The shard begins anew.
    pub(crate) fn reset(&self) {
        let Self { turn, left_over, input, inputs, polled, readied } = self;
        [turn, input, inputs, polled].into_iter().for_each(|mark| mark.set(0));
        left_over.set(false);
        readied.take();
    }

    /// A message was queued for a task because of `cause`.
    #[inline]
    pub(crate) fn readied(&self, slot: u32, mark: u64, cause: u64) {
        if cause == self.input.get() {
            self.input.set(0);
        }
        let readied = &mut *self.readied.borrow_mut();
        let slot = slot as usize;
        if readied.len() <= slot {
            readied.resize(slot + 1, 0);
        }
        if readied[slot] == 0 {
            readied[slot] = mark;
        }
    }

    /// Why the task of a slot is polled now.
    #[inline]
    pub(crate) fn of_poll(&self, slot: u32) -> u64 {
        let readied = self.readied.borrow_mut().get_mut(slot as usize).map(std::mem::take);
        let readied = readied.unwrap_or(0);
        if readied != 0 {
            return readied;
        }
        // The one thing that reached a shard at rest woke the first task that it polls.
        let input = match (self.inputs.get(), self.input.get()) {
            (0, input) | (input, 0) => input,
            _ => SEVERAL,
        };
        let certain = !self.left_over.get() && self.polled.get() == 0;
        if certain && input != 0 && input != SEVERAL { input } else { self.turn() }
    }

    #[inline]
    pub(crate) fn polls(&self, mark: u64) {
        self.polled.set(if self.polled.get() == 0 { mark } else { SEVERAL });
    }

    /// Why packets leave now: a flush takes those of all tasks of the turn.
    #[inline]
    pub(crate) fn of_flush(&self) -> u64 {
        match self.polled.get() {
            0 | SEVERAL => self.turn(),
            polled => polled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poll_is_caused_by_what_made_its_task_ready() {
        let causes = Causes::default();
        causes.turn_begins(1);
        causes.arrived(2, 0);
        causes.readied(7, 3, 2);
        causes.readied(7, 4, 2);
        assert_eq!(causes.of_poll(7), 3);
        causes.polls(5);
        assert_eq!(causes.of_flush(), 5);
        assert_eq!(causes.of_poll(7), 1, "the second poll has no message of its own");
        causes.polls(6);
        assert_eq!(causes.of_flush(), 1);
    }

    #[test]
    fn a_slot_that_was_anothers_begins_anew() {
        let causes = Causes::default();
        causes.turn_begins(1);
        causes.readied(7, 2, 0);
        causes.spawned(7, 3, 0);
        causes.readied(7, 4, 0);
        assert_eq!(causes.of_poll(7), 3);
        causes.readied(7, 5, 0);
        causes.reset();
        assert_eq!(causes.of_poll(7), 0);
    }

    #[test]
    fn what_made_a_task_ready_woke_no_other() {
        let causes = Causes::default();
        causes.turn_begins(1);
        causes.arrived(2, 0);
        causes.arrived(3, 2);
        causes.arrived(4, 0);
        causes.readied(7, 5, 4);
        assert_eq!(causes.of_poll(0), 3, "a reply that came before a message");
        causes.turn_begins(10);
        causes.arrived(11, 0);
        causes.readied(7, 12, 11);
        causes.arrived(13, 0);
        assert_eq!(causes.of_poll(0), 13, "a reply that came after a message");
        causes.turn_begins(20);
        causes.arrived_spuriously();
        assert_eq!(causes.of_poll(0), 20);
    }

    #[test]
    fn a_single_arrival_woke_the_first_task_of_a_shard_at_rest() {
        let causes = Causes::default();
        let first_poll = |arrivals: &[(u64, u64)], left_over| {
            causes.leaves_over(left_over);
            causes.turn_begins(1);
            arrivals.iter().for_each(|&(mark, cause)| causes.arrived(mark, cause));
            causes.of_poll(0)
        };
        assert_eq!(first_poll(&[(2, 9)], false), 2);
        assert_eq!(first_poll(&[(2, 9), (3, 2)], false), 3);
        assert_eq!(first_poll(&[(2, 9), (3, 9)], false), 1);
        assert_eq!(first_poll(&[(2, 9)], true), 1);
        assert_eq!(first_poll(&[], false), 1);
    }
}
