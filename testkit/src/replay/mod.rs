//! A run again, by its choices instead of its seed.
//!
//! Every choice of a run can be recorded under what it was about: the site, the place (mostly a
//! shard), and the how-manieth choice of that site and place it was. A record is replayed by that
//! key, not by position, so a change of the program moves only the choices of the shard and site
//! that it touches. A choice that the record does not know takes the *tame* way (no delay, no
//! fault, the shard that ran last goes on), and the run counts it: see [`Drift`].
//!
//! Two sites record names instead of indices, so that they mean the same after a change: which
//! shard runs next is a shard's number, keyed by the shard that ran before, and which task is
//! polled next is the slot of the task.

mod log;
mod odometer;
mod schedule;
mod script;
mod tape;

pub use log::{DecisionLog, LogError};
pub(crate) use odometer::Odometer;
pub use schedule::Segment;
pub(crate) use schedule::{Schedule, Taken};
pub use script::Drift;
pub(crate) use script::Script;
pub(crate) use tape::{Source, Tape};
