//! What runs shards: threads, clocks, wake-ups, and the operating system's I/O.
//!
//! [`glommio`] is one driver: the loop of a shard and what it waits with. The rest is common to any
//! driver on this kind of machine. Every file that names a system call's crate is below here.

mod affinity;
mod bell;
mod clock;
mod entropy;
mod inject;
mod links;
mod panic;
mod thread;

pub(crate) mod glommio;
pub(crate) mod sockets;

pub(crate) use self::glommio as executor;
pub(crate) use crate::mesh::Doorbell;
pub(crate) use affinity::Cores;
pub(crate) use bell::Bell;
pub(crate) use clock::{NodeClock, Quantum};
pub(crate) use entropy::{entropy, sharpen_timers};
pub(crate) use inject::Inject;
pub(crate) use links::{Doorbells, Links, take_apart};
pub(crate) use panic::message_of;
pub(crate) use thread::on_a_thread;
