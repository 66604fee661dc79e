//! Work that would stop a shard: blocking calls, name resolution, threads.

use std::any::Any;
use std::cell::Cell;
use std::fmt;

use super::OpId;

/// Work for a thread that may block.
pub struct Job(pub Box<dyn FnOnce() -> Box<dyn Any + Send> + Send>);

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Job")
    }
}

/// A pool of threads that may block, shared by a node's shards.
pub trait Blocking {
    /// Runs `job` elsewhere; completes with [`super::IoDone::Ran`] on the submitting shard. A panic
    /// of the job completes with an error; it ends neither the thread's pool nor the shard.
    fn submit(&self, op: OpId, job: Job);
}

/// A question to the name service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResolveRequest {
    /// Host name or address literal.
    pub host: String,
    /// The port to put in the answers.
    pub port: u16,
}

/// Name resolution.
pub trait Resolver {
    /// Looks a host up; completes with [`super::IoDone::Resolved`], never with an empty list.
    fn submit(&self, op: OpId, request: ResolveRequest);
}

/// What an actor that has a thread of its own keeps there: built there, used there, dropped there.
pub type Kept = Option<Box<dyn Any>>;

/// Work for a thread that somebody has to himself, with what is kept on it.
pub struct ThreadJob(pub Box<ThreadWork>);

type ThreadWork = dyn FnOnce(&mut Kept) -> Box<dyn Any + Send> + Send;

impl fmt::Debug for ThreadJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ThreadJob")
    }
}

/// Names a thread that [`Threads::open`] has started. Not used again while it is open.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ThreadId(pub u64);

/// Threads that are no shard's, each for the jobs of whoever opened it.
pub trait Threads {
    /// Starts a thread of that name for jobs of the caller alone. In the simulator it is a place in
    /// a table, and its jobs run inline at drawn times.
    ///
    /// # Errors
    ///
    /// What the operating system says when it cannot start a thread.
    fn open(&self, name: &str) -> std::io::Result<ThreadId>;

    /// Runs `job` on that thread after those submitted before; completes with
    /// [`super::IoDone::Ran`] on the submitting shard. A panic of the job completes with an error,
    /// and the thread goes on. On a thread that is not open it completes with an error.
    fn submit(&self, op: OpId, thread: ThreadId, job: ThreadJob);

    /// Lets the thread end when it has done what was submitted. What is kept there is dropped
    /// there.
    fn close(&self, thread: ThreadId);
}

thread_local! {
    static INLINE: Cell<bool> = const { Cell::new(false) };
}

/// Calls `f` as if on another thread, for a driver that has none: waiting there for the system
/// would never end, and is refused as it is on a shard.
pub fn run_inline<R>(f: impl FnOnce() -> R) -> R {
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            INLINE.set(self.0);
        }
    }
    let _before = Before(INLINE.replace(true));
    f()
}

/// Whether this is inside [`run_inline`].
pub(crate) fn is_inline() -> bool {
    INLINE.get()
}
