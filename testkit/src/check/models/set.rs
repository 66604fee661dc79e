//! A set.

use std::fmt::Debug;
use std::marker::PhantomData;

use crate::check::Model;

/// A set, empty at first. Its elements do not know each other, so each is a part of its own; where
/// there are several sets, the element says of which it is.
#[derive(Clone, Copy, Debug)]
pub struct Set<V>(PhantomData<fn(V)>);

/// What can be asked of a set. The answer is whether the element was there before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SetOp<V> {
    /// Adds an element.
    Insert(V),
    /// Takes an element out.
    Remove(V),
    /// Asks for an element.
    Contains(V),
}

impl<V> Set<V> {
    /// The model.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<V> Default for Set<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V: Clone + Debug + Ord> Model for Set<V> {
    type Op = SetOp<V>;
    type Result = bool;
    type Key = V;
    type State = bool;

    fn key(&self, op: &Self::Op) -> V {
        match op {
            SetOp::Insert(element) | SetOp::Remove(element) | SetOp::Contains(element) => {
                element.clone()
            }
        }
    }

    fn step(&self, state: &bool, op: &Self::Op, result: Option<&bool>) -> Option<bool> {
        let after = match op {
            SetOp::Insert(_) => true,
            SetOp::Remove(_) => false,
            SetOp::Contains(_) => *state,
        };
        result.is_none_or(|result| result == state).then_some(after)
    }
}
