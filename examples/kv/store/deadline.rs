//! When a key dies.

/// The last millisecond of unix time in which a key lives, or [`Deadline::NEVER`].
///
/// Redis keeps a key through the very millisecond of its deadline; so do we.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deadline(u64);

impl Deadline {
    /// No deadline. Later than every other one.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// The deadline at `unix_ms`.
    pub(crate) fn at_ms(unix_ms: u64) -> Self {
        debug_assert!(unix_ms < u64::MAX, "that instant means never");
        Self(unix_ms)
    }

    /// Whether the key is dead at `now_ms`.
    pub(crate) fn is_past(self, now_ms: u64) -> bool {
        now_ms > self.0
    }

    /// The instant in milliseconds of unix time, if there is one.
    pub(crate) fn unix_ms(self) -> Option<u64> {
        (self != Self::NEVER).then_some(self.0)
    }
}
