//! Why a system does not start, and why a run has no result.

use std::fmt;
use std::io;
use std::sync::Arc;

use greenroom_core::{Error, Panic, ShardId, ShardReport, ShutdownReport};

/// Why there is no system. Nothing of it is left.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// A system has 1 to 65,535 shards.
    Shards(usize),
    /// The machine lacks something; the text says what, and how to get it.
    Machine(String),
    /// A shard was to be bound to a core this process may not use, or to one of an empty list.
    Core(Option<usize>),
    /// The process runs as many shards as it can number.
    ProcessFull,
    /// A shard's thread or its executor could not be made.
    Shard(ShardId, io::Error),
    /// The code that was to run at the start of each shard panicked, with that message.
    OnShardStart(ShardId, Arc<str>),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shards(shards) => write!(f, "a system of {shards} shards; 1 to 65535 can be"),
            Self::Machine(finding) => f.write_str(finding),
            Self::Core(Some(core)) => write!(f, "this process may not run on core {core}"),
            Self::Core(None) => f.write_str("the list of cores to bind shards to is empty"),
            Self::ProcessFull => f.write_str("this process runs 65535 shards already"),
            Self::Shard(shard, error) => write!(f, "shard {shard} did not start: {error}"),
            Self::OnShardStart(shard, message) => {
                write!(f, "the start of shard {shard} panicked: {message}")
            }
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Shard(_, error) => Some(error),
            _ => None,
        }
    }
}

/// Why a run has no result.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunError {
    /// The system did not start; the root did not run.
    Start(StartError),
    /// The root returned this error.
    Root(Error),
    /// The root panicked.
    Panicked(Panic),
    /// The system shut down before the root was finished.
    ShutDown,
    /// The runtime failed on that shard, with that message, and the system ended with it: a bug of
    /// the runtime, or a kernel that has lost what it was to tell.
    Failed(ShardId, Arc<str>),
    /// Called on a shard's own thread, which would stop that shard until the run is over.
    OnShard,
}

impl RunError {
    /// Why a system ended that was not to.
    pub(super) fn of(report: ShutdownReport) -> Self {
        let failed = |end: ShardReport| Some(Self::Failed(end.shard, end.failed?));
        report.shards.into_iter().find_map(failed).unwrap_or(Self::ShutDown)
    }

    /// The root's own error where there is one, else this one: what a program's `main` returns.
    #[must_use]
    pub fn into_error(self) -> Error {
        match self {
            Self::Root(error) => error,
            other => other.into(),
        }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(error) => error.fmt(f),
            Self::Root(error) => error.fmt(f),
            Self::Panicked(message) => write!(f, "the root panicked: {message}"),
            Self::ShutDown => f.write_str("the system shut down before its root was finished"),
            Self::Failed(shard, message) => write!(f, "shard {shard} failed: {message}"),
            Self::OnShard => f.write_str("a run on a shard's own thread would stop that shard"),
        }
    }
}

impl std::error::Error for RunError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Start(error) => Some(error),
            Self::Root(error) => Some(&**error),
            _ => None,
        }
    }
}

impl From<StartError> for RunError {
    fn from(error: StartError) -> Self {
        Self::Start(error)
    }
}
