//! Systems: how they are built, started, watched and ended.

mod builder;
mod error;
mod idle;
mod pin;
mod reporter;
mod running;
mod signals;
mod stage;
mod start;
mod thread;
mod watchdog;

pub use builder::{Builder, run};
pub use error::{RunError, StartError};
pub use idle::IdleStrategy;
pub use pin::Pin;
pub use reporter::StderrReporter;
pub use running::Running;
pub(crate) use stage::{Phase, Seat, Stage};
