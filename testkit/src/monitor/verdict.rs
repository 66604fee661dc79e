//! That a monitor has found the run to be broken.

use std::cell::{Cell, RefCell};

/// How the message of a broken run begins; what is broken follows in brackets, and is the same
/// whenever the same is broken.
pub(crate) const BROKEN: &str = "broken [";

/// The first thing that was found. It is told when the turn is over: a monitor does not unwind what
/// it watches.
#[derive(Debug, Default)]
pub(crate) struct Verdicts {
    any: Cell<bool>,
    first: RefCell<Option<String>>,
}

impl Verdicts {
    /// Notes that `monitor` has found something.
    #[cold]
    #[inline(never)]
    pub(crate) fn broken(&self, monitor: &str, what: String) {
        if !self.any.replace(true) {
            *self.first.borrow_mut() = Some(format!("{BROKEN}monitor {monitor}]: {what}"));
        }
    }

    #[inline]
    pub(crate) const fn any(&self) -> bool {
        self.any.get()
    }

    pub(crate) fn take(&self) -> Option<String> {
        self.any.set(false);
        self.first.borrow_mut().take()
    }
}
