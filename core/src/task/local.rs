//! Futures that run beside actors.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::actor::{Panic, catch};
use crate::shard::current;
use crate::task::waker::{StoredWaker, TaskWord};

/// Runs `future` as a task of its own on the current shard. It starts an empty call chain, and
/// goes on when the handle is dropped.
///
/// # Panics
///
/// Outside any shard, or when the shard has no slot left.
pub fn spawn_local<T: 'static>(future: impl Future<Output = T> + 'static) -> LocalTask<T> {
    let shared = Rc::new(Shared {
        outcome: RefCell::new(None),
        waiter: RefCell::new(StoredWaker::NONE),
        abort: Cell::new(false),
    });
    let body = run(future, Finish(shared.clone()));
    let spawned = current::with(|shard| {
        let (slot, generation) = shard.spawn_task(Box::pin(body))?;
        Some(TaskWord::new(shard.unique(), slot, generation))
    });
    let word = spawned
        .expect("spawn_local needs a shard to run on")
        .expect("the shard has no slot left for another task");
    LocalTask { shared, word }
}

struct Shared<T> {
    outcome: RefCell<Option<Result<T, TaskError>>>,
    waiter: RefCell<StoredWaker>,
    abort: Cell<bool>,
}

/// Says how the task ended, whatever way it ends.
struct Finish<T>(Rc<Shared<T>>);

impl<T> Finish<T> {
    fn with(self, outcome: Result<T, TaskError>) {
        *self.0.outcome.borrow_mut() = Some(outcome);
    }
}

impl<T> Drop for Finish<T> {
    fn drop(&mut self) {
        self.0.outcome.borrow_mut().get_or_insert(Err(TaskError::Aborted));
        let waiter = self.0.waiter.borrow_mut().take();
        waiter.wake();
    }
}

async fn run<T>(future: impl Future<Output = T>, finish: Finish<T>) {
    let mut future = Box::pin(future);
    let outcome = poll_fn(|cx| {
        if finish.0.abort.get() {
            return Poll::Ready(Err(TaskError::Aborted));
        }
        match catch(|| future.as_mut().poll(cx)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Err(panic) => Poll::Ready(Err(TaskError::Panicked(panic))),
        }
    })
    .await;
    // Dropped before anybody hears of the end: who waits for a task may rely on what it held.
    drop(future);
    finish.with(outcome);
}

/// Why a task has no result.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TaskError {
    /// It was aborted, or its shard shut down.
    Aborted,
    /// It panicked, with that message.
    Panicked(Panic),
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aborted => f.write_str("the task was aborted"),
            Self::Panicked(panic) => write!(f, "the task panicked: {panic}"),
        }
    }
}

impl std::error::Error for TaskError {}

/// A task of this shard; awaiting it gives its result. Dropping it lets the task go on.
///
/// # Cancel safety
///
/// A result that was not taken stays in the handle.
pub struct LocalTask<T> {
    shared: Rc<Shared<T>>,
    word: TaskWord,
}

impl<T> fmt::Debug for LocalTask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalTask").field("task", &self.word).finish_non_exhaustive()
    }
}

impl<T> LocalTask<T> {
    /// Ends the task at its next await.
    pub fn abort(&self) {
        if self.is_finished() {
            return;
        }
        self.shared.abort.set(true);
        self.word.wake();
    }

    /// Whether the task has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        Rc::strong_count(&self.shared) == 1 || self.shared.outcome.borrow().is_some()
    }
}

impl<T> Future for LocalTask<T> {
    type Output = Result<T, TaskError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(outcome) = self.shared.outcome.borrow_mut().take() {
            return Poll::Ready(outcome);
        }
        let waker = StoredWaker::of(cx.waker());
        if let Some(word) = waker.task() {
            // It is kept where the shard does not find it.
            word.lend();
        }
        let old = std::mem::replace(&mut *self.shared.waiter.borrow_mut(), waker);
        drop(old);
        Poll::Pending
    }
}
