//! A task that a test started and waits for.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use greenroom_core::{LocalTask, TaskError};

/// A task that [`super::TestRuntime::start_on`] started. Dropping it lets the task go on.
#[derive(Debug)]
pub struct Root<T> {
    task: LocalTask<T>,
    /// Among all shards.
    shard: u32,
}

impl<T> Root<T> {
    pub(super) const fn new(task: LocalTask<T>, shard: u32) -> Self {
        Self { task, shard }
    }

    /// Whether the task has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    pub(super) const fn shard(&self) -> u32 {
        self.shard
    }

    /// The result of a task that has ended.
    pub(super) fn take(self) -> Result<T, TaskError> {
        let task = pin!(self.task);
        match task.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => Err(TaskError::Aborted),
        }
    }
}
