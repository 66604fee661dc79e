//! When in a shutdown something runs.

use std::fmt;

/// What a hook of a shutdown runs in, in this order. A phase begins when the one before is over on
/// all shards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ShutdownPhase {
    /// Everything is still there: close listeners, leave groups, finish what was begun.
    BeforeStop,
    /// Beside the supervision trees, which stop now.
    Stop,
    /// No actor is alive any more: flush, close files.
    AfterStop,
}

impl ShutdownPhase {
    /// All phases, in order.
    pub const ALL: [Self; 3] = [Self::BeforeStop, Self::Stop, Self::AfterStop];
}

impl fmt::Display for ShutdownPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BeforeStop => "before stop",
            Self::Stop => "stop",
            Self::AfterStop => "after stop",
        })
    }
}
