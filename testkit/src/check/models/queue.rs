//! A queue: first in, first out.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;

use crate::check::Model;

/// Queues by key. Empty at first.
#[derive(Clone, Copy, Debug)]
pub struct Queue<K, V>(PhantomData<fn(K, V)>);

/// What can be asked of a queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum QueueOp<K, V> {
    /// Adds a value at the end.
    Push(K, V),
    /// Takes the oldest.
    Pop(K),
}

/// What a queue answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum QueueResult<V> {
    /// It was added.
    Pushed,
    /// What was taken; nothing where it was empty.
    Popped(Option<V>),
}

impl<K, V> Queue<K, V> {
    /// The model.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<K, V> Default for Queue<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Clone + Debug + Ord, V: Clone + Debug + Eq + Hash> Model for Queue<K, V> {
    type Op = QueueOp<K, V>;
    type Result = QueueResult<V>;
    type Key = K;
    type State = VecDeque<V>;

    fn key(&self, op: &Self::Op) -> K {
        match op {
            QueueOp::Push(key, _) | QueueOp::Pop(key) => key.clone(),
        }
    }

    fn step(
        &self,
        state: &VecDeque<V>,
        op: &Self::Op,
        result: Option<&Self::Result>,
    ) -> Option<VecDeque<V>> {
        let mut after = state.clone();
        let answer = match op {
            QueueOp::Push(_, value) => {
                after.push_back(value.clone());
                QueueResult::Pushed
            }
            QueueOp::Pop(_) => QueueResult::Popped(after.pop_front()),
        };
        result.is_none_or(|result| *result == answer).then_some(after)
    }
}
