//! Times, as commands give them.

use super::{Call, CommandError};
use crate::decimal;
use crate::store::Deadline;

/// How a command counts a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    /// From now, or else from 1970.
    relative: bool,
    seconds: bool,
}

impl Time {
    /// Seconds from now.
    pub(crate) const SECONDS: Self = Self { relative: true, seconds: true };
    /// Milliseconds from now.
    pub(crate) const MILLISECONDS: Self = Self { relative: true, seconds: false };
    /// Seconds of unix time.
    pub(crate) const UNIX_SECONDS: Self = Self { relative: false, seconds: true };
    /// Milliseconds of unix time.
    pub(crate) const UNIX_MILLISECONDS: Self = Self { relative: false, seconds: false };

    /// The one that `option` of `SET` and `GETEX` means.
    pub(super) fn of_option(option: &[u8]) -> Option<Self> {
        let options = [
            ("EX", Self::SECONDS),
            ("PX", Self::MILLISECONDS),
            ("EXAT", Self::UNIX_SECONDS),
            ("PXAT", Self::UNIX_MILLISECONDS),
        ];
        let is = |name: &str| option.eq_ignore_ascii_case(name.as_bytes());
        options.into_iter().find(|(name, _)| is(name)).map(|(_, time)| time)
    }

    /// The deadline that `text` gives, which must be positive. One that has passed is allowed: the
    /// key is dead at once.
    pub(crate) fn deadline(
        self,
        text: &[u8],
        now_ms: u64,
        command: &'static str,
    ) -> Result<Deadline, CommandError<'static>> {
        let time = decimal::parse_i64(text).ok_or(CommandError::NotInteger)?;
        let at_ms = (time > 0).then(|| self.to_unix_ms(time, now_ms)).flatten();
        let at_ms = at_ms.and_then(|at_ms| u64::try_from(at_ms).ok());
        at_ms.map(Deadline::at_ms).ok_or(CommandError::ExpireTime(command))
    }

    /// The instant that `text` gives, in milliseconds of unix time; it may lie before 1970.
    pub(super) fn at_ms<'a>(self, text: &[u8], call: Call<'_>) -> Result<i64, CommandError<'a>> {
        let time = decimal::parse_i64(text).ok_or(CommandError::NotInteger)?;
        self.to_unix_ms(time, call.now_ms).ok_or(CommandError::ExpireTime(call.spec.name))
    }

    fn to_unix_ms(self, time: i64, now_ms: u64) -> Option<i64> {
        let ms = time.checked_mul(if self.seconds { 1000 } else { 1 })?;
        ms.checked_add_unsigned(if self.relative { now_ms } else { 0 })
    }
}
