//! Tasks: the unit a shard polls. An actor is one, so is a spawned future.

mod contract;
mod local;
mod plain;
pub(crate) mod waker;

pub(crate) use contract::Task;
pub use local::{LocalTask, TaskError, spawn_local};
pub(crate) use plain::{Plain, TaskFuture};
