//! The search for an order.
//!
//! The algorithm is Wing and Gong's with Lowe's memory: try the operations that may come first, one
//! after the other; go back when none fits; and never try the same rest from the same state twice.
//! Wing, Gong: Testing and Verifying Concurrent Objects, 1993. Lowe: Testing for Linearizability,
//! 2017. Parts are checked apart (Horn, Kroening: Faster linearizability checking via
//! P-compositionality, 2015).

use std::collections::BTreeMap;
use std::fmt::{self, Debug};

use greenroom_core::hash::DetHashSet;

use super::history::{History, Operation};
use super::model::Model;

/// What a history was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// There is such an order.
    Linearizable,
    /// There is none; says for which part, and what was done there.
    Violation(String),
    /// It takes more steps than the search was given to tell. This is no success.
    Unknown,
}

impl Verdict {
    /// Nothing, for a history that was found to be linearizable.
    ///
    /// # Panics
    ///
    /// For any other, with the reason.
    pub fn expect_linearizable(self) {
        assert!(self == Self::Linearizable, "{self}");
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linearizable => f.write_str("linearizable"),
            Self::Violation(what) => write!(f, "not linearizable: {what}"),
            Self::Unknown => f.write_str("not known to be linearizable: the search was given up"),
        }
    }
}

/// Whether `history` can be told as operations of `model`, one after the other, each between its
/// call and its return. Tries at most `steps_max` operations for each part.
pub fn linearizable<M: Model>(
    model: &M,
    history: &History<M::Op, M::Result>,
    steps_max: usize,
) -> Verdict {
    let mut parts: Parts<'_, M> = BTreeMap::new();
    for operation in history.operations() {
        parts.entry(model.key(&operation.op)).or_default().push(operation);
    }
    let mut verdict = Verdict::Linearizable;
    for (key, operations) in parts {
        match Search::new(model, &operations).run(steps_max) {
            Some(true) => {}
            Some(false) => return Verdict::Violation(describe(&key, &operations)),
            None => verdict = Verdict::Unknown,
        }
    }
    verdict
}

/// The operations of each part.
type Parts<'h, M> =
    BTreeMap<<M as Model>::Key, Vec<&'h Operation<<M as Model>::Op, <M as Model>::Result>>>;

fn describe<K: Debug, O: Debug, R: Debug>(key: &K, operations: &[&Operation<O, R>]) -> String {
    let lines = operations.iter().map(|operation| format!("\n  {operation}"));
    format!("{key:?}{}", lines.collect::<String>())
}

/// A search for an order of the operations of one part.
struct Search<'h, M: Model> {
    model: &'h M,
    operations: &'h [&'h Operation<M::Op, M::Result>],
    /// Operations put into order so far, and what the part held before each.
    order: Vec<(usize, M::State)>,
    /// Which those are.
    done: Vec<bool>,
    state: M::State,
    /// From where everything was tried in vain: what was done, and what the part held.
    seen: DetHashSet<(Vec<bool>, M::State)>,
}

impl<'h, M: Model> Search<'h, M> {
    fn new(model: &'h M, operations: &'h [&'h Operation<M::Op, M::Result>]) -> Self {
        let done = vec![false; operations.len()];
        let (order, state, seen) = (Vec::new(), M::State::default(), DetHashSet::default());
        Self { model, operations, order, done, state, seen }
    }

    /// Whether there is an order; `None` if that took too long to find out.
    fn run(&mut self, steps_max: usize) -> Option<bool> {
        // Operations before this one were tried from here.
        let mut next = 0;
        for _ in 0..steps_max {
            if self.is_complete() {
                return Some(true);
            }
            match self.candidate(next) {
                Some((index, state)) => {
                    self.done[index] = true;
                    if self.seen.insert((self.done.clone(), state.clone())) {
                        self.order.push((index, std::mem::replace(&mut self.state, state)));
                        next = 0;
                    } else {
                        self.done[index] = false;
                        next = index + 1;
                    }
                }
                None => {
                    let Some((index, state)) = self.order.pop() else { return Some(false) };
                    self.done[index] = false;
                    self.state = state;
                    next = index + 1;
                }
            }
        }
        None
    }

    /// Whether all that returned is in the order; what did not may never have happened.
    fn is_complete(&self) -> bool {
        let mut rest = self.operations.iter().zip(&self.done);
        rest.all(|(operation, done)| *done || operation.returned.is_none())
    }

    /// The first operation from `start` on that may come now, and what it leaves.
    fn candidate(&self, start: usize) -> Option<(usize, M::State)> {
        let open = || self.operations.iter().zip(&self.done).filter(|(_, done)| !**done);
        // Whoever was called after another returned cannot come before it.
        let ends = open().filter_map(|(operation, _)| operation.returned.as_ref());
        let first_end = ends.map(|(at, _)| *at).min().unwrap_or(usize::MAX);
        let mut rest = self.operations.iter().enumerate().skip(start);
        rest.find_map(|(index, operation)| {
            if self.done[index] || operation.called > first_end {
                return None;
            }
            let result = operation.returned.as_ref().map(|(_, result)| result);
            Some((index, self.model.step(&self.state, &operation.op, result)?))
        })
    }
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
