//! A register that compares before it swaps.

use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;

use crate::check::Model;

/// Registers by key that are also swapped where they hold what is expected. Empty at first.
#[derive(Clone, Copy, Debug)]
pub struct Cas<K, V>(PhantomData<fn(K, V)>);

/// What can be asked of one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CasOp<K, V> {
    /// Asks for the value.
    Read(K),
    /// Sets a value.
    Write(K, V),
    /// Sets a value where another is.
    Swap {
        /// Which register.
        key: K,
        /// What it must hold; nothing for one that was never written.
        expected: Option<V>,
        /// What it holds then.
        new: V,
    },
}

/// What one answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CasResult<V> {
    /// What was read.
    Value(Option<V>),
    /// It was written.
    Written,
    /// Whether it was swapped.
    Swapped(bool),
}

impl<K, V> Cas<K, V> {
    /// The model.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<K, V> Default for Cas<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Clone + Debug + Ord, V: Clone + Debug + Eq + Hash> Model for Cas<K, V> {
    type Op = CasOp<K, V>;
    type Result = CasResult<V>;
    type Key = K;
    type State = Option<V>;

    fn key(&self, op: &Self::Op) -> K {
        match op {
            CasOp::Read(key) | CasOp::Write(key, _) | CasOp::Swap { key, .. } => key.clone(),
        }
    }

    fn step(
        &self,
        state: &Option<V>,
        op: &Self::Op,
        result: Option<&Self::Result>,
    ) -> Option<Option<V>> {
        let (after, answer) = match op {
            CasOp::Read(_) => (state.clone(), CasResult::Value(state.clone())),
            CasOp::Write(_, value) => (Some(value.clone()), CasResult::Written),
            CasOp::Swap { expected, new, .. } if expected == state => {
                (Some(new.clone()), CasResult::Swapped(true))
            }
            CasOp::Swap { .. } => (state.clone(), CasResult::Swapped(false)),
        };
        result.is_none_or(|result| *result == answer).then_some(after)
    }
}
