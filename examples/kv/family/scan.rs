//! `SCAN`.

use super::Done;
use super::arguments::{integer, is};
use crate::command::{Call, CommandError};
use crate::glob::{self, Case};
use crate::resp::{Args, Writer};
use crate::store::Keyspace;

/// Keys to walk past where the client does not say how many.
const COUNT: usize = 10;

/// What the options said.
struct Options<'a> {
    count: usize,
    pattern: Option<&'a [u8]>,
    kind: Option<&'a [u8]>,
}

/// The shard that is to be asked: a cursor is a position on the walk through one shard's keys, and
/// the shard's number in the remainder by the count of shards.
pub(crate) fn shard_of_cursor(args: Args<'_>, shards: u16) -> u16 {
    // What is no cursor is refused by whoever is asked.
    args.get(1).and_then(cursor).map_or(0, |cursor| (cursor % u64::from(shards)) as u16)
}

/// `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]`
///
/// Walks the shards one after the other.
pub(super) fn scan<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let cursor = cursor(call.at(1)).ok_or(CommandError::Text("ERR invalid cursor"))?;
    let Options { count, pattern, kind } = options(call.args.tail(2))?;
    let place = keys.parts().0.place();
    let (shard, shards) = (u64::from(place.shard), u64::from(place.shards));
    let step = keys.walk(cursor / shards, count, |key, key_kind| {
        pattern.is_none_or(|pattern| glob::matches(pattern, key, Case::Sensitive))
            && kind.is_none_or(|kind| is(kind, key_kind))
    });
    let next = match step.next {
        Some(position) => position * shards + shard,
        None => (shard + 1) % shards,
    };
    out.array(2);
    out.bulk(next.to_string().as_bytes());
    out.array(step.keys.len());
    step.keys.iter().for_each(|key| out.bulk(key));
    Ok(())
}

fn cursor(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    if text.is_empty() { Some(0) } else { text.parse().ok() }
}

fn options(args: Args<'_>) -> Result<Options<'_>, CommandError<'_>> {
    let mut options = Options { count: COUNT, pattern: None, kind: None };
    let mut args = args.iter();
    while let Some(option) = args.next() {
        let value = args.next().ok_or(CommandError::Syntax)?;
        if is(option, "COUNT") {
            let count = usize::try_from(integer(value)?).ok().filter(|count| *count > 0);
            options.count = count.ok_or(CommandError::Syntax)?;
        } else if is(option, "MATCH") {
            options.pattern = Some(value);
        } else if is(option, "TYPE") {
            options.kind = Some(value);
        } else {
            return Err(CommandError::Syntax);
        }
    }
    Ok(options)
}
