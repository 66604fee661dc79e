//! Work that would stop a shard: blocking calls, name resolution, threads.

use std::any::Any;
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

/// Threads that belong to the runtime rather than to a shard: watchdogs, couriers.
pub trait Threads {
    /// Starts a thread of that name. The simulator refuses with `Unsupported`: what needs a real
    /// thread has a simulated twin there.
    ///
    /// # Errors
    ///
    /// What the operating system says when it cannot start a thread; `body` was not run.
    fn spawn(&self, name: &str, body: Box<dyn FnOnce() + Send>) -> std::io::Result<()>;
}
