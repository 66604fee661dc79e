//! Messages on their way to be handled elsewhere, within reach of both sides.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::time::Instant;

/// A message of a batch, with what its handler may ask of it.
#[derive(Debug)]
pub(super) struct Item<M> {
    pub(super) message: M,
    pub(super) deadline: Instant,
}

/// Messages that one side takes one by one, and the other may take back.
///
/// A message that was taken is the taker's: it counts as handled, whatever becomes of it. Taking
/// and taking back exclude each other, so each message ends on one side.
#[derive(Debug)]
pub(super) struct Batch<M> {
    state: Mutex<State<M>>,
}

#[derive(Debug)]
struct State<M> {
    waiting: VecDeque<Item<M>>,
    taken: usize,
}

impl<M> Batch<M> {
    pub(super) const fn new(waiting: VecDeque<Item<M>>) -> Self {
        Self { state: Mutex::new(State { waiting, taken: 0 }) }
    }

    /// No user code runs while this is locked.
    fn lock(&self) -> MutexGuard<'_, State<M>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the oldest message.
    pub(super) fn take(&self) -> Option<Item<M>> {
        let mut state = self.lock();
        let item = state.waiting.pop_front()?;
        state.taken += 1;
        Some(item)
    }

    /// Takes back what was not taken, but for the first of all, which is the message that the actor
    /// is at.
    pub(super) fn take_back_rest(&self) -> VecDeque<Item<M>> {
        let mut state = self.lock();
        let keep = usize::from(state.taken == 0).min(state.waiting.len());
        state.waiting.split_off(keep)
    }

    /// Takes back what was not taken, and tells how many were.
    pub(super) fn take_back(&self) -> (usize, VecDeque<Item<M>>) {
        let mut state = self.lock();
        (state.taken, std::mem::take(&mut state.waiting))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(count: u32) -> Batch<u32> {
        Batch::new((0..count).map(|message| Item { message, deadline: Instant::NEVER }).collect())
    }

    fn messages(items: VecDeque<Item<u32>>) -> Vec<u32> {
        items.into_iter().map(|item| item.message).collect()
    }

    #[test]
    fn the_message_that_the_actor_is_at_is_not_taken_back_by_a_stop() {
        let fresh = batch(3);
        assert_eq!(messages(fresh.take_back_rest()), [1, 2]);
        assert_eq!(fresh.take().map(|item| item.message), Some(0));
        assert!(fresh.take().is_none());

        let begun = batch(3);
        begun.take();
        assert_eq!(messages(begun.take_back_rest()), [1, 2]);
        let (taken, rest) = begun.take_back();
        assert_eq!((taken, messages(rest)), (1, vec![]));
    }

    #[test]
    fn a_kill_takes_back_all_that_was_not_taken() {
        let batch = batch(3);
        batch.take();
        let (taken, rest) = batch.take_back();
        assert_eq!((taken, messages(rest)), (1, vec![1, 2]));
        assert!(batch.take().is_none());
    }
}
