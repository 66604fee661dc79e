//! The actor model and the shard state machine of Greenroom.
//!
//! **One stage per core.** A shard owns actors and runs them on one thread; shards share nothing
//! and exchange packets. This crate is that shard as a state machine: what came in, one step, what
//! goes out.
//!
//! **This crate has no clock, no thread, no socket, no file and no source of randomness.** They
//! come in through the traits of [`runtime`], which two drivers implement: the production runtime
//! in `greenroom-shard`, and the simulator in `greenroom-testkit`, which runs every shard of every
//! node on one thread from one seed. Nothing here names an operating system.
//!
//! # Features
//!
//! `sim`, which the testkit turns on: [`maybe!`] asks the shard's driver, and what [`assertions`] see
//! is kept. Without it the one is `false`, and of the others only violations count.
//!
//! A user of actors wants the facade crate, `greenroom`; a writer of drivers begins at [`Shard`].

#![deny(unsafe_code)]

mod actor;
pub mod assertions;
mod backend;
mod context;
mod handle;
pub mod hash;
pub mod io;
mod letters;
pub mod limits;
mod mailbox;
mod maybe;
pub mod mesh;
mod pid;
pub mod process;
pub mod registry;
mod reply;
mod report;
pub mod runtime;
mod shard;
mod shutdown;
pub mod supervision;
mod task;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod time;
mod timer;
pub mod trace;
mod vitals;
mod words;

pub use actor::{
    Actor, ActorConfig, Context, Error, ExitReason, Flow, Hook, Monitor, Panic, Result, Signal,
    StopMode, Undelivered,
};
pub use backend::{
    Backend, BlockingActor, BlockingContext, BlockingError, Courier, SpawnBlocking, spawn_blocking,
};
pub use context::TraceContext;
pub use handle::{
    ActorRef, Call, CallError, CallPath, CastError, Exit, Gathered, MonitoredSpawn, Outside,
    OutsideError, Placement, Recipient, RefError, Send, SendError, Spawn, SpawnError, System,
    SystemHandle,
};
pub use letters::{DeadLetter, DeadLetters, LetterBound, LetterReason, WhenSlow};
pub use mailbox::MailboxBound;
pub use pid::{NodeId, Pid, PidError, ShardId};
pub use reply::Reply;
pub use report::{Reporter, Silent};
pub use shard::{
    Completed, Fifo, InUse, Ledger, LedgerError, Next, Pump, Pumped, Ready, Shard, ShardSetup,
    Ties, TurnPolicy, TypeLedger, Wait,
};
pub use shutdown::{
    HookFailure, HookFault, HookRefused, ShardReport, ShutdownOutcome, ShutdownPhase,
    ShutdownReport,
};
pub use task::{LocalTask, TaskError, spawn_local};
pub use time::Instant;
pub use timer::{Elapsed, IntervalTimer, Sleep, Timeout, Timer, sleep, sleep_until, timeout};
pub use vitals::{ActorHealth, Health, NodeVitals, ShardHealth, Stall, StalledActor, Watchdog};
