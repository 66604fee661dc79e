//! The system as its own shards see it.

use std::fmt;
use std::time::Duration;

use super::SystemHandle;
use crate::actor::ExitReason;
use crate::pid::{NodeId, Pid, ShardId};
use crate::runtime::Wall;
use crate::shard::{Ledger, current};
use crate::time::Instant;

/// The system, for code that runs inside it: spawning, time, and where one is.
///
/// Plain data. Threads outside take a [`SystemHandle`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct System {
    node: NodeId,
}

impl System {
    pub(crate) const fn new(node: NodeId) -> Self {
        Self { node }
    }

    /// The system the calling code runs in; `None` outside any shard.
    #[must_use]
    pub fn current() -> Option<Self> {
        current::with(|shard| Self::new(shard.node()))
    }

    /// The node this system is.
    #[must_use]
    pub const fn node(&self) -> NodeId {
        self.node
    }

    /// How many shards the system has; 0 when asked from outside it.
    #[must_use]
    pub fn shards(&self) -> u16 {
        self.here(|shard| shard.shards()).unwrap_or(0)
    }

    /// The shard the calling code runs on; `None` outside this system.
    #[must_use]
    pub fn shard(&self) -> Option<ShardId> {
        self.here(|shard| shard.id())
    }

    /// Monotonic time as of this turn; the clock's origin outside this system.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.here(|shard| shard.now()).unwrap_or(Instant::ORIGIN)
    }

    /// Wall-clock time; zero outside this system.
    #[must_use]
    pub fn wall(&self) -> Wall {
        self.here(|shard| shard.wall()).unwrap_or(Wall(Duration::ZERO))
    }

    /// The handle for threads outside.
    #[must_use]
    pub const fn handle(&self) -> SystemHandle {
        SystemHandle::new(self.node)
    }

    /// What became of every message this shard accepted; empty outside this system.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.here(|shard| shard.ledger()).unwrap_or_default()
    }

    /// Kills an actor at its next await, for that reason. An actor of another node is left alone.
    pub fn kill_for(&self, pid: Pid, reason: ExitReason) {
        self.here(|shard| shard.end(pid, crate::shard::lifecycle::End::Kill(reason.into())));
    }

    pub(crate) fn here<R>(&self, f: impl FnOnce(&crate::Shard) -> R) -> Option<R> {
        current::with(|shard| (shard.node() == self.node).then(|| f(shard))).flatten()
    }
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match crate::process::node_name(self.node) {
            Some((name, incarnation)) => write!(f, "System({name}@{incarnation})"),
            None => write!(f, "System(?@{})", self.node.index()),
        }
    }
}
