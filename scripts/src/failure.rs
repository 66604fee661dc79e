//! Why a command did not succeed, and with that, its exit code.

use std::fmt;

/// The two ways a command ends badly.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line made no sense: exit code 2, with the usage.
    Usage(String),
    /// The work was tried and failed: exit code 1.
    Failed(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(problem) | Self::Failed(problem) => f.write_str(problem),
        }
    }
}

/// Shorthand for [`Failure::Failed`].
pub(crate) fn failed(problem: impl Into<String>) -> Failure {
    Failure::Failed(problem.into())
}
