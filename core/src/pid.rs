//! Names of actors: who lives where, and which of the many that ever lived there.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::process;

/// One incarnation of a node in this process: an index into the process-wide node table.
///
/// Every `System` and every simulated node has its own; an index is never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(u32);

impl NodeId {
    pub(crate) const fn new(index: u32) -> Self {
        Self(index)
    }

    /// The index into the process-wide table.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0
    }
}

/// The number of a shard within its node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ShardId(pub u16);

impl ShardId {
    /// The shard's number as an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The identity of one logical actor: 16 bytes, never reused within a process.
///
/// The *generation* counts the logical actors that lived in a slot, so a stale pid is refused
/// everywhere; a restart in place keeps the pid. Spelled `name@incarnation/shard.slot.generation`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pid {
    node: NodeId,
    shard: ShardId,
    /// Room for a later field; always zero, so that equality stays a comparison of two words.
    spare: u16,
    slot: u32,
    generation: u32,
}

const _: () = assert!(size_of::<Pid>() == 16);

impl Pid {
    /// Names no actor: no slot has a generation 0.
    pub(crate) const NOBODY: Self = Self::new(NodeId(u32::MAX), ShardId(0), 0, 0);

    pub(crate) const fn new(node: NodeId, shard: ShardId, slot: u32, generation: u32) -> Self {
        Self { node, shard, spare: 0, slot, generation }
    }

    /// The node this actor lives on.
    #[must_use]
    pub const fn node(self) -> NodeId {
        self.node
    }

    /// The shard this actor lives on.
    #[must_use]
    pub const fn shard(self) -> ShardId {
        self.shard
    }

    /// The actor's slot on its shard.
    #[must_use]
    pub const fn slot(self) -> u32 {
        self.slot
    }

    /// Which of the slot's logical actors this is; the first is 1.
    #[must_use]
    pub const fn generation(self) -> u32 {
        self.generation
    }
}

impl Hash for Pid {
    /// Leaves the node out: its index depends on how many nodes this process has seen, and a map
    /// by pid would iterate in another order each time the same seed is run.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.shard.hash(state);
        (u64::from(self.slot) << 32 | u64::from(self.generation)).hash(state);
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match process::node_name(self.node) {
            Some((name, incarnation)) => write!(f, "{name}@{incarnation}")?,
            None => write!(f, "?@{}", self.node.0)?,
        }
        write!(f, "/{}.{}.{}", self.shard, self.slot, self.generation)
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pid({self})")
    }
}

/// Why a text is no pid of this process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PidError {
    /// The text is not of the form `name@incarnation/shard.slot.generation`.
    Malformed,
    /// No such incarnation of that node is known in this process; nothing was resolved.
    UnknownNode,
}

impl fmt::Display for PidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "not a pid: expected name@incarnation/shard.slot.generation",
            Self::UnknownNode => "no such incarnation of that node is known here",
        })
    }
}

impl std::error::Error for PidError {}

impl FromStr for Pid {
    type Err = PidError;

    fn from_str(text: &str) -> Result<Self, PidError> {
        let (node, actor) = text.rsplit_once('/').ok_or(PidError::Malformed)?;
        let (name, incarnation) = node.rsplit_once('@').ok_or(PidError::Malformed)?;
        let mut parts = actor.split('.');
        let mut number = || parts.next().and_then(|part| part.parse::<u32>().ok());
        let shard = number().and_then(|n| u16::try_from(n).ok()).ok_or(PidError::Malformed)?;
        let slot = number().ok_or(PidError::Malformed)?;
        let generation = number().ok_or(PidError::Malformed)?;
        if parts.next().is_some() {
            return Err(PidError::Malformed);
        }
        let incarnation = incarnation.parse().map_err(|_| PidError::Malformed)?;
        let node = process::find_node(name, incarnation).ok_or(PidError::UnknownNode)?;
        Ok(Self::new(node, ShardId(shard), slot, generation))
    }
}
