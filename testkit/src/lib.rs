//! The simulated runtime of Greenroom: every shard and node on one thread, from one seed.
//!
//! The same actor code that runs on real cores runs here, on the same shard state machine and the
//! same pump, while everything that a machine leaves open is a choice made from a seed: who runs
//! next, when a packet is seen, when a doorbell arrives, how long a write takes. Run a program
//! under many seeds and it meets orders of events that a real machine shows once a year; a seed
//! that fails fails again each time it is run.
//!
//! * [`TestRuntime`] is one run.
//! * [`seeds`] and [`Campaign`] run a test under many seeds, check that each run is a function of
//!   its seed, and say how to repeat the one that failed.
//! * [`#[sim_test]`](macro@sim_test) makes a campaign of a function.
//! * [`Campaign::exhaustive`] tries every schedule of a tiny one.
//! * [`Campaign::guided`] goes on from runs that found something new.
//! * [`greenroom_core::maybe!`] puts into actors what is planned to be unlikely.
//! * [`check`] says whether what clients saw was possible.
//! * [`monitor`] has what watches a run: the framework's own monitors, always on, and a test's.
//! * [`greenroom_core::assertions`] are answered by all seeds of a campaign together: a
//!   [`Summary`].
//! * [`plant`] holds the canaries that show that bugs are still found.
//!
//! The environment steers a campaign: `SIM_SEED=0x1f3` (or decimal) runs that seed alone,
//! `SIM_SEEDS=1000` that many, `SIM_TIME=10m` as many as fit; `SIM_BASE=text` runs others, which follow
//! from that text as well as from the test's name; `SIM_POLICY=pct3` chooses shards that way, `SIM_REPLAY=file.dec` makes the run of a log again, `SIM_CHECK=1` runs each seed twice, `SIM_GUIDED=1` guides every campaign,
//! `SIM_JOBS=2` two seeds side by side, and `SIM_HASHES=file` appends a line `test seed hash` for
//! each. A failure leaves its log below `target/sim`, with that of a smaller run that fails in the
//! same way, and beside each log the events of the run (`.trace`) and a page of them for any browser
//! (`.html`); `greenroom-show`, the program of the package `greenroom-pictures`, prints a trace and
//! makes other pictures of it. `SIM_SEED` leaves the events also where the test passes. Copied to
//! `tests/sim/corpus/<test>/`, a log is run before any seed from then on; `SIM_RECORD=1` writes anew
//! those that no longer fit.
//!
//! Inside a turn nobody may read a real clock, ask the operating system for randomness, start a
//! thread, open a socket of the operating system or put the thread to sleep: on Linux the functions
//! that do so are interposed, and a run in which they were called fails with the place of the call.
//!
//! # What is not simulated
//!
//! Only what goes through core's traits: a library that brings threads, sockets or a reactor of its
//! own cannot run here. A pid's text holds how many nodes of its name the process has had, so a
//! program that makes decisions on the text of a pid does not repeat; on pids themselves it does.

#![deny(unsafe_code)]

mod blocking;
mod campaign;
pub mod check;
mod clocks;
mod disk;
mod draws;
mod events;
mod faults;
mod guard;
mod hosts;
mod interpose;
mod maybe;
mod mesh;
pub mod monitor;
mod net;
pub mod plant;
mod policy;
mod replay;
mod runtime;
mod slots;
mod swarm;
mod threads;
mod trace;
mod world;

pub use campaign::{Campaign, Explored, Failure, Shrunk, Summary, at_once, passed, seeds};
pub use draws::{Decision, Site};
pub use faults::{Crash, Fault, Faults, Peer, Shift};
pub use greenroom_core::System;
pub use greenroom_macros::sim_test;
pub use maybe::MaybeSite;
pub use monitor::{Happening, Monitor, Seen};
pub use plant::Plant;
pub use policy::{Policy, TaskOrder};
pub use replay::{DecisionLog, Drift, LogError, Segment};
pub use runtime::{Builder, Choice, Root, TestRuntime};
pub use trace::{Kind, Record, TraceFile};
