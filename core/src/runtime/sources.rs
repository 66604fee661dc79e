//! Time and randomness.

use std::time::Duration;

use crate::time::Instant;

/// Wall-clock time as the duration since 1970-01-01 UTC. May step backwards; never measure with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Wall(pub Duration);

/// A node's clocks. Read by drivers, once a turn; core and actors see what was read.
pub trait Clock {
    /// Monotonic time. Never goes back on one shard.
    fn now(&self) -> Instant;

    /// Wall-clock time.
    fn wall(&self) -> Wall;
}

/// The source of a shard's seed. Asked once, when the shard is built; every draw after that is
/// derived from it, so that a simulated run is a function of its seed.
pub trait Entropy {
    /// 64 random bits.
    fn seed(&self) -> u64;
}
