//! Parts of strings.

use super::Done;
use super::arguments::integer;
use super::ranges::stretch;
use crate::command::{Call, CommandError};
use crate::resp::Writer;
use crate::store::Keyspace;

/// Longest string in bytes: what one argument may bring (Redis's `proto-max-bulk-len`).
const STRING_BYTES_MAX: usize = 512 << 20;

/// `APPEND key value`
pub(super) fn append<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let len = keys.text(call.at(1))?.map_or(0, <[u8]>::len);
    fits(len, call.at(2))?;
    out.count(keys.splice(call.at(1), None, call.at(2))?);
    Ok(())
}

pub(super) fn strlen<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    out.count(keys.text(call.at(1))?.map_or(0, <[u8]>::len));
    Ok(())
}

/// `GETRANGE key first last`
pub(super) fn getrange<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let (first, last) = (integer(call.at(2))?, integer(call.at(3))?);
    let value = keys.text(call.at(1))?.unwrap_or_default();
    // A last byte before the first is taken for the first, unless both were counted from the end
    // and the wrong way round.
    let crossed = first < 0 && last < 0 && first > last;
    let last = if last < 0 { last.max(-(value.len() as i64)) } else { last };
    let found = stretch(first, last, value.len()).filter(|_| !crossed);
    out.bulk(found.map_or(b"", |(start, len)| &value[start..start + len]));
    Ok(())
}

/// `SETRANGE key offset value`
pub(super) fn setrange<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let (offset, part) = (integer(call.at(2))?, call.at(3));
    let offset = usize::try_from(offset);
    let offset = offset.map_err(|_| CommandError::Text("ERR offset is out of range"))?;
    let current = keys.text(call.at(1))?.map_or(0, <[u8]>::len);
    if part.is_empty() {
        out.count(current);
        return Ok(());
    }
    fits(offset, part)?;
    out.count(keys.splice(call.at(1), Some(offset), part)?);
    Ok(())
}

/// Whether a string may hold `part` from `offset` on.
fn fits(offset: usize, part: &[u8]) -> Result<(), CommandError<'static>> {
    if offset.saturating_add(part.len()) > STRING_BYTES_MAX {
        const TOO_LONG: &str = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
        return Err(CommandError::Text(TOO_LONG));
    }
    Ok(())
}
