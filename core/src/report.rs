//! Who is told when an actor fails.

use crate::actor::ExitReason;
use crate::pid::Pid;

/// Receives what somebody should read: crashes, hooks that failed. A system's builder sets one;
/// the default prints to standard error.
pub trait Reporter: Send + Sync {
    /// An actor ended other than normally, or a hook of it failed. `name` is its configured name
    /// or its type's.
    fn actor_failed(&self, pid: Pid, name: &str, reason: &ExitReason);
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn actor_failed(&self, _: Pid, _: &str, _: &ExitReason) {}
}
