//! Names of actors: who lives where, and which of the many that ever lived there.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::process;

/// One incarnation of a node in this process: an index into the process-wide node table.
///
/// Every `System` and every simulated node has its own; an index is never used twice. A node takes
/// one index per shard, of which this is the first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(u32);

/// A shard's number among all that this process ever had; never used twice.
///
/// What belongs to one shard (a port, a claim, a timer's handle) keeps this one word of its home.
/// It is the node's index plus the shard's number, because a node takes as many indices as it has
/// shards.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ShardSerial(u32);

impl ShardSerial {
    pub(crate) const fn new(node: NodeId, shard: ShardId) -> Self {
        Self(node.0 + shard.0 as u32)
    }

    #[inline]
    pub(crate) const fn number(self) -> u32 {
        self.0
    }

    #[inline]
    pub(crate) const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// The shard's number within `node`, if it may be one of its shards; to be compared with how
    /// many it has.
    #[inline]
    pub(crate) const fn within(self, node: NodeId) -> u32 {
        self.0.wrapping_sub(node.0)
    }
}

impl fmt::Display for ShardSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

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
    home: Home,
    /// Slot in the high half, generation in the low one.
    place: u64,
}

/// A shard of a node: the first word of the pids that live there.
///
/// Node in the high half, then the shard, then 16 bits of room for a later field. One word, so that
/// comparing it is one instruction, and storing it is one store: a word that is put together from
/// smaller stores and loaded whole at once makes the processor wait.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Home(u64);

impl Home {
    pub(crate) const fn new(node: NodeId, shard: ShardId) -> Self {
        Self((node.0 as u64) << 32 | (shard.0 as u64) << 16)
    }

    pub(crate) const fn node(self) -> NodeId {
        NodeId((self.0 >> 32) as u32)
    }

    pub(crate) const fn shard(self) -> ShardId {
        ShardId((self.0 >> 16) as u16)
    }
}

const _: () = assert!(size_of::<Pid>() == 16);

impl Pid {
    /// Names no actor: no slot has a generation 0.
    pub(crate) const NOBODY: Self = Self::new(NodeId(u32::MAX), ShardId(0), 0, 0);

    pub(crate) const fn new(node: NodeId, shard: ShardId, slot: u32, generation: u32) -> Self {
        Self::at(Home::new(node, shard), (slot, generation))
    }

    #[inline]
    pub(crate) const fn at(home: Home, target: (u32, u32)) -> Self {
        Self { home, place: Self::place_of(target) }
    }

    /// Slot and generation as one word.
    #[inline(always)]
    pub(crate) const fn place_of((slot, generation): (u32, u32)) -> u64 {
        (slot as u64) << 32 | generation as u64
    }

    #[inline]
    pub(crate) const fn home(self) -> Home {
        self.home
    }

    /// Slot and generation as one word.
    #[inline]
    pub(crate) const fn place(self) -> u64 {
        self.place
    }

    /// The pid of that place on a shard.
    #[inline]
    pub(crate) const fn in_place(home: Home, place: u64) -> Self {
        Self { home, place }
    }

    /// Slot and generation.
    #[inline]
    pub(crate) const fn target(self) -> (u32, u32) {
        (self.slot(), self.generation())
    }

    /// The node this actor lives on.
    #[must_use]
    pub const fn node(self) -> NodeId {
        self.home.node()
    }

    /// The shard this actor lives on.
    #[must_use]
    pub const fn shard(self) -> ShardId {
        self.home.shard()
    }

    /// The actor's slot on its shard.
    #[must_use]
    pub const fn slot(self) -> u32 {
        (self.place >> 32) as u32
    }

    /// Which of the slot's logical actors this is; the first is 1.
    #[must_use]
    pub const fn generation(self) -> u32 {
        self.place as u32
    }
}

impl Hash for Pid {
    /// Leaves the node out: its index depends on how many nodes this process has seen, and a map
    /// by pid would iterate in another order each time the same seed is run.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.shard().hash(state);
        self.place.hash(state);
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match process::node_name(self.node()) {
            Some((name, incarnation)) => write!(f, "{name}@{incarnation}")?,
            None => write!(f, "?@{}", self.node().0)?,
        }
        write!(f, "/{}.{}.{}", self.shard(), self.slot(), self.generation())
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
