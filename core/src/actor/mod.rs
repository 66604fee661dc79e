//! Actors: state that one task owns, and the loop that feeds it messages.

mod batch;
mod body;
mod bonds;
mod config;
mod context;
mod contract;
mod exit;
mod health;
mod hook;
mod left;
mod panic;
mod signal;

pub(crate) use batch::Owner;
pub(crate) use body::{call_in_place, embody, keep_factory};
pub use config::{ActorConfig, StopMode};
pub use context::Context;
pub use contract::{Actor, Flow, Undelivered};
pub(crate) use exit::Ending;
pub use exit::{ExitReason, Hook};
pub use panic::{Panic, note as note_panic};
pub(crate) use panic::{catch, note_places};
pub use signal::{Monitor, Signal};

/// Any error, as hooks and programs return it.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// What programs and hooks return.
pub type Result<T = ()> = std::result::Result<T, Error>;
