//! What the thing under test should do.

use std::fmt::Debug;
use std::hash::Hash;

/// A thing that does one operation at a time, made of parts that do not know each other.
///
/// Each operation concerns one part, named by a key; a history is linearizable when it is for every
/// part alone (Herlihy and Wing's locality), so the search is done part by part.
pub trait Model {
    /// What can be asked.
    type Op: Debug;
    /// What can be answered.
    type Result: Debug;
    /// Names a part.
    type Key: Clone + Debug + Ord;
    /// What a part holds.
    type State: Clone + Default + Eq + Hash;

    /// The part that `op` concerns.
    fn key(&self, op: &Self::Op) -> Self::Key;

    /// What a part holds after `op`, if in `state` it may be answered with `result`; `None` for an
    /// answer that nobody got, which may be any.
    fn step(
        &self,
        state: &Self::State,
        op: &Self::Op,
        result: Option<&Self::Result>,
    ) -> Option<Self::State>;
}
