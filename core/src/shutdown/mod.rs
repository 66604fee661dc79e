//! The end of a whole system, in good order.
//!
//! A driver begins it on shard 0 with [`crate::Shard::begin_shutdown`], and pumps all shards until
//! [`crate::Shard::shutdown_outcome`] says that it is over. Everything between is a task of shard 0
//! that asks all shards for one thing after the other:
//!
//! ```text
//! BeforeStop  hooks: take no more work in
//! Stop        hooks; supervision trees, the last one started first
//! close       every actor that is left is asked to stop
//! kill        only once the deadline has passed: what is left is killed
//! AfterStop   hooks: no actor is alive any more
//! ```
//!
//! A step is over when every shard has said so, or at the deadline. A shard that does not answer
//! after the kill runs a handler that neither returns nor awaits: it is *stuck*, and nobody waits
//! for it from there on. (The model is Akka's `CoordinatedShutdown`, with three phases.)
//!
//! What remains is the driver's: [`crate::Shard::seal`], packets that are still under way, and
//! [`crate::Shard::abandon_all`]. Then every message that was accepted has been handled or counted
//! as undelivered, and [`ShutdownReport`] has the sum.

mod coordinator;
mod handle;
mod hooks;
mod phase;
mod report;
mod state;

pub use coordinator::ShutdownOutcome;
pub use handle::HookRefused;
pub use phase::ShutdownPhase;
pub use report::{HookFailure, HookFault, ShardReport, ShutdownReport};
pub(crate) use state::ShutdownState;
