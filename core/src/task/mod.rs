//! Tasks: the unit a shard polls. An actor is one, so is a spawned future.

mod local;
pub(crate) mod waker;

pub use local::{LocalTask, TaskError, spawn_local};
