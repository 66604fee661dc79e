//! What a campaign found.

use std::fmt;

use crate::replay::DecisionLog;
use crate::trace::TraceFile;

/// A run in which a test fails.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// Its seed; 0 in an exhaustive campaign, which has none.
    pub seed: u64,
    /// How many runs passed before it.
    pub after: u64,
    /// What the test, the simulator, or the comparison of two runs said.
    pub message: String,
    /// The choices that led there.
    pub log: DecisionLog,
    /// The events that led there, as a file that `greenroom-show` reads.
    pub trace: TraceFile,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {:#x}, after {} that passed: {}", self.seed, self.after, self.message)
    }
}
