//! What happened, as a hash that is always on and as the last records.
//!
//! Every event of the simulator and of core is folded into one 64-bit rolling hash, so that "the
//! same run" is one comparison; a checkpoint of it is kept every 1024 events, so that two runs
//! that differ can be told where. The last 4,096 events are kept as records for reports, and where
//! a run is to be looked at, all of them up to four million; each with the event that led to it,
//! where that is known.
//!
//! Nothing that depends on the process enters the hash: no address, no node index of the
//! process-wide table, no name of a type. So it is the same on every machine.

mod causes;
mod file;
mod kind;
mod log;
mod observer;
mod record;

pub(crate) use causes::Causes;
pub use file::TraceFile;
pub(crate) use file::{Head, Mishap, encoded};
pub use kind::Kind;
pub(crate) use log::{CHECKPOINT_EVENTS, Checkpoints, Close, Place, Reach, Trace, fold_bytes};
pub(crate) use observer::ShardObserver;
pub use record::Record;
