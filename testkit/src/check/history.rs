//! What clients did.

use std::fmt;

/// Operations in the order in which they were called and in which they returned.
///
/// One thread records it, so the order of the records is that of time.
#[derive(Clone, Debug)]
pub struct History<O, R> {
    operations: Vec<Operation<O, R>>,
    /// Calls and returns so far.
    now: usize,
}

/// Names a call within its history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallId(usize);

/// One operation. Without a return it may have taken effect at any time since its call, or never.
#[derive(Clone, Debug)]
pub(super) struct Operation<O, R> {
    pub(super) op: O,
    pub(super) called: usize,
    pub(super) returned: Option<(usize, R)>,
    /// It had no effect, and will have none.
    failed: bool,
}

impl<O, R> History<O, R> {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { operations: Vec::new(), now: 0 }
    }

    /// Records that `op` is called: before anything of it leaves the client.
    pub fn call(&mut self, op: O) -> CallId {
        self.operations.push(Operation { op, called: self.now, returned: None, failed: false });
        self.now += 1;
        CallId(self.operations.len() - 1)
    }

    /// Records what a call returned: after the client has got it. A call whose outcome nobody knows
    /// is left without.
    ///
    /// # Panics
    ///
    /// If the call has returned already, or is of another history.
    pub fn returned(&mut self, call: CallId, result: R) {
        let operation = &mut self.operations[call.0];
        assert!(operation.returned.is_none() && !operation.failed, "a call returns once");
        operation.returned = Some((self.now, result));
        self.now += 1;
    }

    /// Records that a call had no effect and will have none: a refusal, say. Whoever only lost sight
    /// of it does not know that, and leaves it without a return.
    ///
    /// # Panics
    ///
    /// If the call has returned already, or is of another history.
    pub fn failed(&mut self, call: CallId) {
        let operation = &mut self.operations[call.0];
        assert!(operation.returned.is_none() && !operation.failed, "a call returns once");
        operation.failed = true;
    }

    /// How many operations were called.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether none was.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Those that may have had an effect.
    pub(super) fn operations(&self) -> impl Iterator<Item = &Operation<O, R>> {
        self.operations.iter().filter(|operation| !operation.failed)
    }
}

impl<O, R> Default for History<O, R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<O: fmt::Debug, R: fmt::Debug> fmt::Display for Operation<O, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.returned {
            Some((at, result)) => {
                write!(f, "{:?} -> {result:?} from {} to {at}", self.op, self.called)
            }
            None => write!(f, "{:?} from {}, never returned", self.op, self.called),
        }
    }
}
