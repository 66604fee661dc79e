//! What can be seen of a shard from outside its thread: whether it still moves, whom it runs, and
//! what its actors say of their health.
//!
//! Everything else of a shard is its own; this is here because a shard that hangs in a handler can
//! answer no question. It writes a few words as it goes, each with a plain store: a *beat* at both
//! ends of each step, and the *place* of the task it polls. A watchdog reads them from a thread of
//! its own ([`Watchdog`], a function of the words and the time, so that the simulator has the same),
//! and marks a shard *sick* whose step does not end. The mark names the beat at which the shard hung:
//! the next one takes it back, without anybody's doing.
//!
//! Words are read for reports, placement and questions, never to decide what a message does. What
//! actors publish, and the names of those who were given one, are in tables behind locks. A reader
//! holds one to copy a pointer; the shard takes one where a table changes: at the spawn and the end
//! of actors once one has a name of its own or has said something of itself, at the first actor of a
//! type, and where the table of slots grows. It then copies the table if a reader has it.

mod answers;
mod health;
mod names;
mod node;
mod own;
mod pulse;
mod watchdog;

pub use health::{ActorHealth, Health};
pub use node::{NodeVitals, ShardHealth};
pub(crate) use own::OwnVitals;
pub(crate) use pulse::Pulse;
pub use watchdog::{Stall, StalledActor, Watchdog};
