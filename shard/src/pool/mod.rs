//! Work that may block, on threads of its own.
//!
//! A shard never blocks, and glommio's pool loses whoever waits for a job that panics; so blocking
//! jobs and name resolution go to this pool, which a system's shards share. Results come back
//! through the door of the shard that asked, like everything else from outside.
//!
//! A thread that an actor has to itself is no part of the pool, but comes from here as well, and goes
//! with it.

mod jobs;
mod roster;
mod threads;
mod workers;

pub(crate) use jobs::Jobs;
pub(crate) use workers::{THREADS_MAX, Workers};
