//! The simulated runtime: N shards of M nodes on one thread.
//!
//! Each shard is core's own [`greenroom_core::Shard`] under core's own pump, the code that runs in
//! production; only the world around it is made of choices. The stepper takes what is due out of
//! the events, lets the policy choose one shard among those that can run, runs one round of it,
//! and moves virtual time on when nobody can run. A run is over when its root task is, and it has
//! failed when nothing can move before that.

mod boot;
mod builder;
mod cell;
mod checks;
mod clocks;
mod control;
mod crash;
mod cycle;
mod end;
mod faults;
mod inspect;
mod phases;
mod report;
mod root;
mod round;
mod stalls;
mod stepper;
mod test_runtime;
mod trace_file;

pub use builder::Builder;
pub use control::Choice;
pub use root::Root;
pub(crate) use test_runtime::RETHROWN_IN;
pub use test_runtime::TestRuntime;
