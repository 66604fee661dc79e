//! User code that nobody has to answer for: drops, wakers, reporters.

use super::{Shard, current};
use crate::actor::{ExitReason, Panic, catch};
use crate::pid::Pid;

/// Runs user code that belongs to no task. A panic ends nothing; it is reported where the thread is
/// inside a shard. For what can be reached from anywhere; a shard has [`Shard::guarded`].
pub(crate) fn shielded(what: &str, f: impl FnOnce()) {
    if let Err(panic) = catch(f) {
        current::with(|shard| shard.report_stray(what, panic));
    }
}

impl Shard {
    /// Reports a panic of user code that belongs to no task.
    #[cold]
    pub(crate) fn report_stray(&self, what: &str, panic: Panic) {
        let nobody = Pid::new(self.node(), self.id(), u32::MAX, 0);
        self.report(nobody, what, &ExitReason::Panicked(panic));
    }
}
