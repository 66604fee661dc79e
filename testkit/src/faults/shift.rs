//! How far a clock is moved.

use std::time::Duration;

/// A distance in time with a direction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Shift {
    /// Later times.
    Forward(Duration),
    /// Earlier times.
    Back(Duration),
}

impl Shift {
    /// In nanoseconds; at most 292 years.
    pub(crate) fn nanos(self) -> i64 {
        let (Self::Forward(time) | Self::Back(time)) = self;
        let nanos = i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        if matches!(self, Self::Back(_)) { -nanos } else { nanos }
    }
}
