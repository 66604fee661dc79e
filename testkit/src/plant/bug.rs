//! Which bugs can be planted.

/// A bug to plant in the simulated runtime.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Plant {
    /// A shard that is about to park looks at its rings *before* it announces that it sleeps. A
    /// packet that is pushed in between rings no bell, and the shard sleeps on it.
    LostWakeUp,
    /// A ring now and then delivers two user packets in the wrong order.
    Reordering,
}
