//! What a shard does when it has nothing to do.

use std::fmt;
use std::time::Duration;

/// How a shard waits for work: a core's time against the time a sleeping core takes to wake.
///
/// Waking a thread that sleeps costs tens of microseconds, most of them in the kernel and the
/// hypervisor; a thread that spins sees a message within a fraction of one. The default spins a
/// little and then sleeps, so that a shard in conversation answers fast and an idle one is free.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum IdleStrategy {
    /// Sleeps at once. No CPU when idle; each message to a sleeping shard pays for a wake-up.
    Park,
    /// Looks for work for that long, then sleeps. Burns at most that much CPU for each time the
    /// shard runs out of work.
    SpinThenPark(Duration),
    /// Never sleeps. One core per shard is always busy, for the lowest latency there is.
    Spin,
}

impl IdleStrategy {
    /// How long the default spins: about what two wake-ups cost.
    pub const SPIN: Duration = Duration::from_micros(50);

    /// How long to look for work before sleeping; `None` for ever.
    pub(crate) const fn spin(self) -> Option<Duration> {
        match self {
            Self::Park => Some(Duration::ZERO),
            Self::SpinThenPark(spin) => Some(spin),
            Self::Spin => None,
        }
    }
}

impl Default for IdleStrategy {
    fn default() -> Self {
        Self::SpinThenPark(Self::SPIN)
    }
}

impl fmt::Display for IdleStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Park => f.write_str("park"),
            Self::SpinThenPark(spin) => write!(f, "spin {spin:?}, then park"),
            Self::Spin => f.write_str("spin"),
        }
    }
}
