//! What a shard needs from the world, as traits.
//!
//! Core is a state machine without I/O. Everything it cannot compute comes through this module:
//! time, randomness, packets from other shards, completions. Two drivers implement it, the
//! production runtime and the simulator, and one conformance suite holds them together.
//!
//! **Completion-shaped.** An operation is submitted with an [`OpId`] and owned data, and completes
//! later through [`crate::Shard::complete`]; one on a socket may be told of as it is submitted, where
//! nothing had to be waited for. Submitting never fails and never blocks: every failure is a
//! completion. Between submit and completion the driver owns the data, so dropping a
//! future frees nothing under the kernel's hands; cancelling is a request, and the operation still
//! completes, exactly once for its last completion. This is what lets the simulator place submit,
//! effect and completion at three different times, and what lets a driver use multishot
//! operations and registered buffers. (The trouble with the poll shape on io_uring is described in
//! "Async Rust is not safe with io_uring", tonbo.io, 2024.)

mod blocking;
mod blocks;
mod datagram;
mod disk;
mod driver;
mod mesh;
mod net;
mod sources;

pub use crate::actor::note_panic;
#[cfg(feature = "sim")]
pub use crate::maybe::maybe;
pub(crate) use blocking::is_inline;
pub use blocking::{
    Blocking, Job, Kept, ResolveRequest, Resolver, ThreadId, ThreadJob, Threads, run_inline,
};
pub use blocks::Blocks;
pub use datagram::{BindOptions, UnixAddress};
pub use disk::{Disk, DiskDone, DiskRequest, FileId, OpenMode};
pub use driver::{Driver, Injected, Injector, IoDone, IoResult, OpId, Request};
pub use mesh::{Inlet, Lane, NoPeers, Outlet};
pub use net::{Buffer, ListenOptions, Net, NetDone, NetRequest, ShutdownSide, SocketId};
pub use sources::{Clock, Entropy, Wall};
