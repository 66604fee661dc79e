//! The driver as a shard sees it, and the one door for what comes from outside its thread.

use std::any::Any;
use std::fmt;
use std::io;
use std::net::SocketAddr;

use super::{
    Blocking, Clock, Disk, DiskDone, DiskRequest, Job, Net, NetDone, NetRequest, ResolveRequest,
    Resolver, ThreadId, ThreadJob, Threads,
};
use crate::shard::Shard;

/// Names an operation of one shard; given back with its completion. Never reused on a shard.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OpId {
    pub(crate) slot: u32,
    pub(crate) serial: u32,
}

impl OpId {
    /// The operation as one word, for a ring's user data.
    #[must_use]
    pub const fn as_word(self) -> u64 {
        (self.serial as u64) << 32 | self.slot as u64
    }

    /// Its place among those of its shard that are under way; small, and used again after it.
    #[must_use]
    pub const fn place(self) -> u32 {
        self.slot
    }

    /// The operation that [`OpId::as_word`] spelled. A word that names no operation of the shard
    /// is harmless: its completion is dropped.
    #[must_use]
    pub const fn from_word(word: u64) -> Self {
        Self { slot: word as u32, serial: (word >> 32) as u32 }
    }
}

/// Any operation, before it is handed to the trait it belongs to.
#[derive(Debug)]
pub enum Request {
    /// For [`Net`].
    Net(NetRequest),
    /// For [`Disk`].
    Disk(DiskRequest),
    /// For [`Resolver`].
    Resolve(ResolveRequest),
    /// For [`Blocking`].
    Run(Job),
    /// For [`Threads`].
    OnThread(ThreadId, ThreadJob),
}

/// What any operation came to.
pub enum IoDone {
    /// A network operation.
    Net(NetDone),
    /// A file operation.
    Disk(DiskDone),
    /// Addresses of a host; at least one.
    Resolved(Vec<SocketAddr>),
    /// What a blocking job returned.
    Ran(Box<dyn Any + Send>),
}

impl fmt::Debug for IoDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Net(done) => done.fmt(f),
            Self::Disk(done) => done.fmt(f),
            Self::Resolved(addresses) => f.debug_tuple("Resolved").field(addresses).finish(),
            Self::Ran(_) => f.write_str("Ran"),
        }
    }
}

/// A completion's outcome.
pub type IoResult = io::Result<IoDone>;

/// The world of one shard. One object per shard, on the shard's thread.
pub trait Driver: Clock {
    /// Whether the driver wants its thread back soon, because I/O or a timer waits. Asked every
    /// few messages, so it must cost no more than a load or two.
    fn need_preempt(&self) -> bool;

    /// The shard's network.
    fn net(&self) -> &dyn Net;

    /// The shard's disk.
    fn disk(&self) -> &dyn Disk;

    /// The node's name resolution.
    fn resolver(&self) -> &dyn Resolver;

    /// The node's blocking pool.
    fn blocking(&self) -> &dyn Blocking;

    /// Threads that are no shard's.
    fn threads(&self) -> &dyn Threads;

    /// Whether something unlikely is to happen at that site of the program, see
    /// [`maybe!`](crate::maybe!). Never, unless the driver is a simulation's.
    #[cfg(feature = "sim")]
    fn maybe(&self, _site: &'static str, _probability: f64) -> bool {
        false
    }

    /// How much the mailbox of the actor in that slot is to hold, whose settings say `depth`. At
    /// most that, and at least one; less in a simulation alone.
    #[cfg(feature = "sim")]
    fn mailbox_depth(&self, _slot: u32, depth: u32) -> u32 {
        depth
    }

    /// A message found no room in the mailbox of the actor in that slot.
    #[cfg(feature = "sim")]
    fn mailbox_was_full(&self, _slot: u32) {}
}

/// What reaches a shard from outside its thread, other than through the mesh.
pub enum Injected {
    /// A waker fired on another thread.
    Wake {
        /// The task's slot.
        slot: u32,
        /// The low 24 bits of its generation; a mismatch is a stale waker and ignored.
        generation_low: u32,
    },
    /// Code to run on the shard, between turns. A panic in it ends nothing but itself.
    Run(Box<dyn FnOnce(&Shard) + Send>),
}

impl fmt::Debug for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wake { slot, .. } => f.debug_struct("Wake").field("slot", slot).finish(),
            Self::Run(_) => f.write_str("Run"),
        }
    }
}

/// A shard's door for everybody who is not on its thread: unbounded, never blocks, wakes the shard.
pub trait Injector: Send + Sync {
    /// Hands something to the shard.
    ///
    /// # Errors
    ///
    /// Gives it back when the shard has shut down.
    fn inject(&self, injected: Injected) -> Result<(), Injected>;
}
