//! What happened, as a hash that is always on and as the last records.
//!
//! Every event of the simulator and of core is folded into one 64-bit rolling hash, so that "the
//! same run" is one comparison; a checkpoint of it is kept every 1024 events, so that two runs
//! that differ can be told where. The last 65,536 events are kept as records for reports.
//!
//! Nothing that depends on the process enters the hash: no address, no node index of the
//! process-wide table, no name of a type. So it is the same on every machine.

mod kind;
mod log;
mod observer;
mod record;

pub use kind::Kind;
pub(crate) use log::{CHECKPOINT_EVENTS, Checkpoints, Close, Place, Trace, fold_bytes};
pub(crate) use observer::ShardObserver;
pub use record::Record;
