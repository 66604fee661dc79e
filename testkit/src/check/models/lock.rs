//! A lock.

use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;

use crate::check::Model;

/// Locks by key, with the clients that hold them. Free at first.
#[derive(Clone, Copy, Debug)]
pub struct Lock<K, C>(PhantomData<fn(K, C)>);

/// What can be asked of a lock. The answer is whether it worked: a lock is acquired when it is
/// free, and released by whoever holds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LockOp<K, C> {
    /// Takes the lock for a client.
    Acquire(K, C),
    /// Gives it back.
    Release(K, C),
}

impl<K, C> Lock<K, C> {
    /// The model.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<K, C> Default for Lock<K, C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Clone + Debug + Ord, C: Clone + Debug + Eq + Hash> Model for Lock<K, C> {
    type Op = LockOp<K, C>;
    type Result = bool;
    type Key = K;
    type State = Option<C>;

    fn key(&self, op: &Self::Op) -> K {
        match op {
            LockOp::Acquire(key, _) | LockOp::Release(key, _) => key.clone(),
        }
    }

    fn step(&self, state: &Option<C>, op: &Self::Op, result: Option<&bool>) -> Option<Option<C>> {
        let (works, then) = match op {
            LockOp::Acquire(_, client) => (state.is_none(), Some(client.clone())),
            LockOp::Release(_, client) => (state.as_ref() == Some(client), None),
        };
        let after = if works { then } else { state.clone() };
        result.is_none_or(|result| *result == works).then_some(after)
    }
}
