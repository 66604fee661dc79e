//! One call that blocks.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::actor::{Panic, catch};
use crate::io::{IoFuture, Ran, blocking};

/// Runs `job` on a thread of the node's blocking pool, and gives back what it returned.
///
/// The pool is elastic: a job starts a thread when none is free, up to a bound (256, see the
/// builder's `blocking_threads_max`), beyond which jobs wait; a thread that finds no job for a while
/// ends. The simulator runs the job inline at a drawn time.
///
/// # Errors
///
/// See [`BlockingError`].
///
/// # Cancel safety
///
/// Dropping the future leaves the job to run to its end; what it returned is then dropped on the
/// shard.
///
/// # Shard
///
/// For actors and tasks; elsewhere the future is an error at once, and `job` is dropped.
pub fn spawn_blocking<T, F>(job: F) -> SpawnBlocking<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    SpawnBlocking(blocking(move || catch(job)))
}

/// The news of a job; see [`spawn_blocking`].
///
/// # Cancel safety
///
/// Dropping this leaves the job to run to its end; what it returned is then dropped on the shard.
#[must_use = "a future does nothing unless it is awaited"]
pub struct SpawnBlocking<T>(IoFuture<Ran<Result<T, Panic>>>);

impl<T: 'static> Future for SpawnBlocking<T> {
    type Output = Result<T, BlockingError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|ran| match ran {
            Ok(outcome) => outcome.map_err(BlockingError::Panicked),
            Err(error) => Err(BlockingError::NotRun(error.kind())),
        })
    }
}

impl<T> fmt::Debug for SpawnBlocking<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SpawnBlocking")
    }
}

/// Why a job has no result.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BlockingError {
    /// It panicked, with that message. Its thread goes on.
    Panicked(Panic),
    /// It was not run: `QuotaExceeded` when as many jobs wait as may, `Interrupted` when the system
    /// has shut down, `OutOfMemory` when there is no thread and none can be started, `NotConnected`
    /// outside any shard.
    NotRun(io::ErrorKind),
}

impl fmt::Display for BlockingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(panic) => write!(f, "the job panicked: {panic}"),
            Self::NotRun(why) => write!(f, "the job was not run: {why}"),
        }
    }
}

impl std::error::Error for BlockingError {}
