//! Where a new actor goes.

/// Which shard an actor is built on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Placement {
    /// The shard of whoever spawns: messages between the two never cross a core.
    Here,
    /// That shard.
    Shard(u16),
    /// Wherever the runtime thinks best. At present: the shards in turn, but none that hangs.
    Any,
    /// The shards in turn, beginning with the spawner's; one that hangs (see
    /// [`crate::ShardHealth::sick`]) misses its turn.
    RoundRobin,
    /// The shard that a key belongs to: the same key, the same shard. Keys may be plain small
    /// integers; they are mixed first.
    Key(u64),
}
