//! The production runtime of Greenroom: executors pinned to cores, SPSC rings, io_uring.

#![deny(unsafe_code)]

#[cfg(not(loom))]
mod doctor;
#[cfg(not(loom))]
mod driver;
#[cfg(not(loom))]
mod kernel;
pub mod mesh;
#[cfg(not(loom))]
mod pool;
#[cfg(not(loom))]
mod run;
mod sync;

#[cfg(not(loom))]
pub use doctor::{Finding, Report, Severity, doctor};
#[cfg(not(loom))]
pub use driver::{Driver, UnknownDriver};
#[cfg(not(loom))]
pub use greenroom_core::{ShardReport, ShutdownReport};
#[cfg(not(loom))]
pub use run::{Builder, IdleStrategy, Pin, RunError, Running, StartError, StderrReporter, run};
