//! The kinds of faults.

/// A kind of fault. The numbers are part of the trace hash and never change meaning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
#[non_exhaustive]
pub enum Fault {
    /// A segment took much longer than is typical.
    Delay = 0,
    /// A segment or a connect was stopped between two nodes that cannot reach each other.
    Partition = 1,
    /// The same, where one of the two can still reach the other.
    OneWayPartition = 2,
    /// The same, where a node can reach no other.
    Isolation = 3,
    /// A segment waited for a link on which nothing moved.
    Clog = 4,
    /// A connection was reset in the middle.
    Reset = 5,
    /// A close reset the peer, which lost what it had not received.
    ResetOnClose = 6,
    /// A segment was lost in a connection of which both ends think that it stands.
    HalfOpen = 7,
    /// A connect was refused although somebody listens.
    Refusal = 8,
    /// A sync failed and its pages were dropped.
    SyncError = 9,
    /// A read failed.
    ReadError = 10,
    /// A write failed, some of it done.
    WriteError = 11,
    /// There was no room for a write, some of it done.
    NoSpace = 12,
    /// An operation waited for a disk that stood still.
    DiskStall = 13,
    /// A change of a file that was not synced was lost with the power.
    LostWrite = 14,
    /// A write that was not synced was torn by the loss of power.
    TornWrite = 15,
    /// A change of a directory that was not synced was lost with the power.
    LostEntry = 16,
    /// A shard that could have run did not for a while.
    ShardStall = 17,
    /// A shard took longer for a round than others do.
    SlowShard = 18,
    /// A node lost its power.
    PowerLoss = 19,
    /// A node's process was killed.
    ProcessKill = 20,
    /// A datagram was lost.
    DatagramLoss = 21,
    /// A datagram arrived once more.
    DatagramDuplication = 22,
    /// A datagram arrived after others that were sent later.
    DatagramReordering = 23,
    /// A datagram found no room in its socket's buffer.
    DatagramOverflow = 24,
    /// A wall clock was read on a node whose clock is off.
    ClockSkew = 32,
    /// A wall clock was read, or a timer fired, on a node whose clocks go too fast or too slow.
    ClockDrift = 33,
    /// A wall clock was read that had jumped since it was read before.
    ClockStep = 34,
    /// A timer fired much too late.
    LateTimer = 35,
    /// A byte was read of which a bit had flipped.
    BitRot = 36,
    /// A read failed on a sector that fails until it is written again.
    LatentError = 37,
    /// A read gave what is elsewhere.
    MisdirectedRead = 38,
    /// A read gave what was there before a write that went elsewhere, or what that put here.
    MisdirectedWrite = 39,
    /// A read gave what was there before a write that had no effect.
    PhantomWrite = 40,
    /// A connect was dropped by a listener whose queue was full.
    BacklogFull = 41,
    /// A segment arrived with a bit flipped.
    Corruption = 42,
    /// A look-up gave the address that a host had before.
    StaleName = 43,
    /// A segment waited for one of several links that were clogged one after another.
    SwizzleClog = 44,
    /// A segment or a connect was stopped between two halves that one node still sees.
    Bridge = 45,
    /// The same, between two groups of nodes.
    Split = 46,
    /// There was no descriptor left for an accept, a connect or an open.
    NoDescriptors = 47,
    /// A node came back with an empty disk.
    WipedDisk = 48,
    /// A message found no room in a mailbox that holds less than its settings say.
    SmallMailbox = 49,
    /// A task that was to be polled was passed over.
    Starvation = 50,
}

impl Fault {
    /// How many kinds there are.
    pub(crate) const COUNT: usize = 44;

    /// More than the number of any.
    pub(crate) const LIMIT: usize = 64;

    /// All kinds.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Delay,
        Self::Partition,
        Self::OneWayPartition,
        Self::Isolation,
        Self::Clog,
        Self::Reset,
        Self::ResetOnClose,
        Self::HalfOpen,
        Self::Refusal,
        Self::SyncError,
        Self::ReadError,
        Self::WriteError,
        Self::NoSpace,
        Self::DiskStall,
        Self::LostWrite,
        Self::TornWrite,
        Self::LostEntry,
        Self::ShardStall,
        Self::SlowShard,
        Self::PowerLoss,
        Self::ProcessKill,
        Self::DatagramLoss,
        Self::DatagramDuplication,
        Self::DatagramReordering,
        Self::DatagramOverflow,
        Self::ClockSkew,
        Self::ClockDrift,
        Self::ClockStep,
        Self::LateTimer,
        Self::BitRot,
        Self::LatentError,
        Self::MisdirectedRead,
        Self::MisdirectedWrite,
        Self::PhantomWrite,
        Self::BacklogFull,
        Self::Corruption,
        Self::StaleName,
        Self::SwizzleClog,
        Self::Bridge,
        Self::Split,
        Self::NoDescriptors,
        Self::WipedDisk,
        Self::SmallMailbox,
        Self::Starvation,
    ];
}
