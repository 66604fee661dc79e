//! What all parts of a simulated run share: time, choices, the trace, and what is under way.
//!
//! The world is used from inside a shard's turn (through the driver, the rings and the observer)
//! and from the stepper between turns. It never calls into a shard, so nothing in it is borrowed
//! while user code runs.

mod driver;
mod injector;
mod shard;
mod shared;

pub(crate) use driver::SimDriver;
pub(crate) use injector::{Inbox, SimInjector};
pub(crate) use shard::{Phase, ShardState};
pub(crate) use shared::{NodeState, World, WorldSetup};
