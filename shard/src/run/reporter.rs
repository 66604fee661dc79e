//! The reporter of a system that was given no other.

use std::io::{Write, stderr};

use greenroom_core::{ExitReason, Pid, Reporter};

/// Prints each failure as one line on standard error.
#[derive(Clone, Copy, Default, Debug)]
pub struct StderrReporter;

impl Reporter for StderrReporter {
    fn actor_failed(&self, pid: Pid, name: &str, reason: &ExitReason) {
        // One write, so that lines of several shards do not mix; nobody can be told if it fails.
        let line = format!("greenroom: {name} {pid}: {reason}\n");
        drop(stderr().write_all(line.as_bytes()));
    }
}
