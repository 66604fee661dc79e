//! **Greenroom: one stage per core.** A thread-per-core, shared-nothing actor platform on io_uring,
//! with a deterministic simulator for the same code.
//!
//! Each core runs a *shard* of actors on an executor of its own; shards exchange packets through
//! rings and share nothing else. An actor is state with a mailbox: its handler is an `async fn` that
//! borrows `&mut self` across awaits, runs one message at a time, and needs no lock. What crosses
//! cores is explicit (a message), what fails is contained (an actor), what waits is bounded (a
//! mailbox, a deadline).
//!
//! **This crate holds no code of its own beyond names.** It gathers what a user needs from the
//! crates beneath: actors from `greenroom-core`, the production runtime from `greenroom-shard`,
//! sockets from `greenroom-net`. The simulator is `greenroom-testkit`.
//!
//! ```no_run
//! use greenroom::prelude::*;
//!
//! struct Counter {
//!     total: u64,
//! }
//!
//! enum Msg {
//!     Add(u64),
//!     Get(Reply<u64>),
//! }
//!
//! impl Actor for Counter {
//!     type Message = Msg;
//!
//!     async fn handle(&mut self, message: Msg, _ctx: &Context<Self>) -> Flow {
//!         match message {
//!             Msg::Add(n) => self.total += n,
//!             Msg::Get(reply) => reply.send(self.total),
//!         }
//!         Flow::Continue
//!     }
//! }
//!
//! fn main() -> greenroom::Result {
//!     greenroom::run(async |system| {
//!         let counter = system.spawn(Placement::Any, || Counter { total: 0 }).await?;
//!         counter.cast(Msg::Add(2))?;
//!         let total = counter.call(Msg::Get).await?;
//!         println!("{total}");
//!         Ok(())
//!     })
//! }
//! ```

#![forbid(unsafe_code)]

#[cfg(doctest)]
mod guide;
mod system_builder;

pub use greenroom_core::trace::announce;
pub use greenroom_core::{
    Actor, ActorConfig, ActorHealth, ActorRef, Backend, BlockingActor, BlockingContext,
    BlockingError, Call, CallError, CastError, Completed, Context, Courier, DeadLetter,
    DeadLetters, Elapsed, Error, Exit, ExitReason, Flow, Gathered, Health, Hook, HookFailure,
    HookFault, HookRefused, Instant, IntervalTimer, Ledger, LedgerError, LetterBound, LetterReason,
    LocalTask, MailboxBound, Monitor, MonitoredSpawn, NodeId, Outside, OutsideError, Panic, Pid,
    PidError, Placement, Recipient, RefError, Reply, Reporter, Result, Send, SendError,
    ShardHealth, ShardId, ShutdownPhase, Signal, Silent, Sleep, Spawn, SpawnBlocking, SpawnError,
    Stall, StalledActor, StopMode, System, SystemHandle, TaskError, Timeout, Timer, TraceContext,
    TypeLedger, Undelivered, WhenSlow, always, assertions, hash, io, limits, maybe, reachable,
    registry, runtime, sleep, sleep_until, sometimes, spawn_blocking, spawn_local, supervision,
    timeout, unreachable, watermark,
};
pub use greenroom_net as net;
pub use greenroom_shard::{
    Builder, Driver, Finding, IdleStrategy, Pin, Report, RunError, Running, Severity, ShardReport,
    ShutdownReport, StartError, StderrReporter, UnknownDriver, doctor, run,
};
pub use system_builder::SystemBuilder;

/// The names nearly every program uses.
pub mod prelude {
    pub use crate::{Actor, ActorRef, Context, Flow, Placement, Reply, System, SystemBuilder as _};
}
