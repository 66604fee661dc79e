//! Reading numbers out of arguments.

use crate::command::CommandError;
use crate::{decimal, float};

/// An integer.
pub(super) fn integer(text: &[u8]) -> Result<i64, CommandError<'static>> {
    decimal::parse_i64(text).ok_or(CommandError::NotInteger)
}

/// How many of something: an integer that is not negative.
pub(super) fn count(text: &[u8]) -> Result<usize, CommandError<'static>> {
    let count = decimal::parse_i64(text).and_then(|count| usize::try_from(count).ok());
    count.ok_or(CommandError::Text("ERR value is out of range, must be positive"))
}

/// An integer whose negative is one too.
pub(super) fn signed_count(text: &[u8]) -> Result<i64, CommandError<'static>> {
    const RANGE: &str = "ERR value is out of range, value must between -9223372036854775807 and \
                         9223372036854775807";
    let count = integer(text)?;
    if count == i64::MIN { Err(CommandError::Text(RANGE)) } else { Ok(count) }
}

/// A floating-point number.
pub(super) fn double(text: &[u8]) -> Result<f64, CommandError<'static>> {
    float::parse(text).ok_or(CommandError::NotFloat)
}

/// Whether an argument is that option, in any case.
pub(super) fn is(argument: &[u8], option: &str) -> bool {
    argument.eq_ignore_ascii_case(option.as_bytes())
}
