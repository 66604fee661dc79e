//! A register: written and read.

use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;

use crate::check::Model;

/// Registers by key. Empty at first.
#[derive(Clone, Copy, Debug)]
pub struct Register<K, V>(PhantomData<fn(K, V)>);

/// What can be asked of a register.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RegisterOp<K, V> {
    /// Sets a value.
    Write(K, V),
    /// Asks for the value.
    Read(K),
}

/// What a register answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RegisterResult<V> {
    /// It was written.
    Written,
    /// What was read; nothing before the first write.
    Value(Option<V>),
}

impl<K, V> Register<K, V> {
    /// The model.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<K, V> Default for Register<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Clone + Debug + Ord, V: Clone + Debug + Eq + Hash> Model for Register<K, V> {
    type Op = RegisterOp<K, V>;
    type Result = RegisterResult<V>;
    type Key = K;
    type State = Option<V>;

    fn key(&self, op: &Self::Op) -> K {
        match op {
            RegisterOp::Write(key, _) | RegisterOp::Read(key) => key.clone(),
        }
    }

    fn step(
        &self,
        state: &Option<V>,
        op: &Self::Op,
        result: Option<&Self::Result>,
    ) -> Option<Option<V>> {
        let (after, answer) = match op {
            RegisterOp::Write(_, value) => (Some(value.clone()), RegisterResult::Written),
            RegisterOp::Read(_) => (state.clone(), RegisterResult::Value(state.clone())),
        };
        result.is_none_or(|result| *result == answer).then_some(after)
    }
}
