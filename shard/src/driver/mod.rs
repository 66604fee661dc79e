//! What runs shards: threads, clocks, wake-ups, and the operating system's I/O.
//!
//! There are two drivers, which keep the same contract: [`glommio`], an executor and an epoll set,
//! and [`uring`], a ring. The rest is common to both, and to any on this kind of machine. Every file
//! that names a system call's crate is below here.

mod affinity;
mod bell;
mod clock;
mod datagram;
mod drive;
mod entropy;
mod inject;
mod kind;
mod links;
mod panic;
mod shard_loop;
mod slots;
mod tcp;
mod thread;
mod unix;

#[cfg(feature = "driver-glommio")]
mod glommio;
#[cfg(feature = "driver-glommio")]
mod sockets;
#[cfg(feature = "driver-uring")]
mod uring;

pub(crate) use crate::mesh::Doorbell;
pub(crate) use affinity::Cores;
pub(crate) use bell::Bell;
pub(crate) use clock::{NodeClock, Quantum};
#[cfg(feature = "driver-uring")]
pub(crate) use drive::RingLimits;
pub(crate) use drive::{FoundFeature, drive, look_for_features, try_out};
pub(crate) use entropy::{entropy, sharpen_timers};
pub(crate) use inject::Inject;
pub use kind::{Driver, UnknownDriver};
pub(crate) use links::{Incomings, take_apart};
pub(crate) use panic::{message_of, quietly, told};
pub(crate) use shard_loop::{Setup, ShardLoop, World};
pub(crate) use thread::on_a_thread;
