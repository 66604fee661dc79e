//! Who is told when an actor fails, or waits for itself.

use std::time::Duration;

use crate::actor::ExitReason;
use crate::pid::Pid;
use crate::shutdown::HookFailure;
use crate::vitals::Stall;

/// Receives what somebody should read: crashes, hooks that failed. A system's builder sets one;
/// the default prints to standard error.
pub trait Reporter: Send + Sync {
    /// An actor ended other than normally, or a hook of it failed. `name` is its configured name
    /// or its type's.
    fn actor_failed(&self, pid: Pid, name: &str, reason: &ExitReason);

    /// A supervisor restarts a child for the so many-th time, after `delay`. That its incarnation
    /// ended was told by [`Reporter::actor_failed`], unless it ended normally.
    fn child_restarts(
        &self,
        supervisor: Pid,
        child: &str,
        reason: &ExitReason,
        restarts: u64,
        delay: Duration,
    ) {
        let _ = (supervisor, child, reason, restarts, delay);
    }

    /// A hook of the system's shutdown panicked or took too long.
    fn hook_failed(&self, failure: &HookFailure) {
        let _ = failure;
    }

    /// Actors waited for room in one another's mailboxes in a circle, and would have for ever. The
    /// wait of `victim` failed with [`crate::SendError::Cycle`] or [`crate::CallError::Cycle`], so
    /// that the others go on. `path` are those that waited for the victim, nearest first.
    fn cycle_broken(&self, victim: Pid, path: &[Pid]) {
        let _ = (victim, path);
    }

    /// Actors wait for room in one another's mailboxes in a circle, and some of them for something
    /// else as well, so that it may yet dissolve. Nobody's wait fails. Told once of each such wait
    /// of `member`; `path` are those that wait for it, nearest first.
    fn cycle_suspected(&self, member: Pid, path: &[Pid]) {
        let _ = (member, path);
    }

    /// A shard hangs in the middle of a step. Told by the watchdog, on a thread of its own, once a
    /// stall, and no more often than [`crate::limits::STALL_REPORTS`] says.
    fn shard_stalled(&self, stall: &Stall) {
        let _ = stall;
    }
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn actor_failed(&self, _: Pid, _: &str, _: &ExitReason) {}
}
