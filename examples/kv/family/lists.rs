//! Lists.

use super::arguments::{count, integer};
use super::ranges::stretch;
use super::{
    Done, FAST_READ, FAST_REMOVE, FAST_WRITE, INSERT, META, READ, READ_REMOVE, REMOVE, SLOW_READ,
    SLOW_REMOVE, SLOW_WRITE, UPDATE,
};
use crate::command::{Call, CommandError, KeySpec, Spec};
use crate::resp::Writer;
use crate::store::{End, Keyspace, Kind, List};

const READS: &[&str] = &["@read", "@list", "@slow"];
const FAST_READS: &[&str] = &["@read", "@list", "@fast"];
const WRITES: &[&str] = &["@write", "@list", "@slow"];
const FAST_WRITES: &[&str] = &["@write", "@list", "@fast"];

/// The rows.
pub(crate) const LISTS: &[Spec] = &[
    Spec::handled("lpush", -3, |call, keys, out| push(call, keys, out, End::Front))
        .flags(FAST_WRITE)
        .keys(KeySpec::one(INSERT))
        .categories(FAST_WRITES),
    Spec::handled("rpush", -3, |call, keys, out| push(call, keys, out, End::Back))
        .flags(FAST_WRITE)
        .keys(KeySpec::one(INSERT))
        .categories(FAST_WRITES),
    Spec::handled("lpushx", -3, |call, keys, out| push_present(call, keys, out, End::Front))
        .flags(FAST_WRITE)
        .keys(KeySpec::one(INSERT))
        .categories(FAST_WRITES),
    Spec::handled("rpushx", -3, |call, keys, out| push_present(call, keys, out, End::Back))
        .flags(FAST_WRITE)
        .keys(KeySpec::one(INSERT))
        .categories(FAST_WRITES),
    Spec::handled("lpop", -2, |call, keys, out| pop(call, keys, out, End::Front))
        .flags(FAST_REMOVE)
        .keys(KeySpec::one(READ_REMOVE))
        .categories(FAST_WRITES),
    Spec::handled("rpop", -2, |call, keys, out| pop(call, keys, out, End::Back))
        .flags(FAST_REMOVE)
        .keys(KeySpec::one(READ_REMOVE))
        .categories(FAST_WRITES),
    Spec::handled("llen", 2, llen).flags(FAST_READ).keys(KeySpec::one(META)).categories(FAST_READS),
    Spec::handled("lrange", 4, lrange).flags(SLOW_READ).keys(KeySpec::one(READ)).categories(READS),
    Spec::handled("lindex", 3, lindex).flags(SLOW_READ).keys(KeySpec::one(READ)).categories(READS),
    Spec::handled("lset", 4, lset).flags(SLOW_WRITE).keys(KeySpec::one(UPDATE)).categories(WRITES),
    Spec::handled("lrem", 4, lrem).flags(SLOW_REMOVE).keys(KeySpec::one(REMOVE)).categories(WRITES),
    Spec::handled("ltrim", 4, ltrim)
        .flags(SLOW_REMOVE)
        .keys(KeySpec::one(REMOVE))
        .categories(WRITES),
];

/// Adds the call's elements, one after the other; returns how many there are then.
fn push_all(list: &mut List, call: &Call<'_>, end: End) -> usize {
    call.args.tail(2).iter().for_each(|element| list.push(end, element));
    list.len()
}

fn push<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer, end: End) -> Done<'a> {
    out.count(keys.edit_or_create(call.at(1), |list| push_all(list, call, end))?);
    Ok(())
}

fn push_present<'a>(
    call: &Call<'a>,
    keys: &mut Keyspace<'_>,
    out: &mut Writer,
    end: End,
) -> Done<'a> {
    let len = keys.edit(call.at(1), |list: &mut List| push_all(list, call, end))?;
    out.count(len.unwrap_or(0));
    Ok(())
}

/// `LPOP key [count]`, `RPOP key [count]`
fn pop<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer, end: End) -> Done<'a> {
    if call.args.len() > 3 {
        return Err(CommandError::Arity(call.spec.name));
    }
    let Some(count) = call.args.get(2).map(count).transpose()? else {
        let popped = keys.edit(call.at(1), |list: &mut List| list.pop(end))?.flatten();
        out.bulk_or_null(popped.as_deref());
        return Ok(());
    };
    let popped = keys.edit(call.at(1), |list: &mut List| {
        let len = count.min(list.len());
        out.array(len);
        (0..len).filter_map(|_| list.pop(end)).for_each(|element| out.bulk(&element));
    })?;
    if popped.is_none() {
        out.null_array();
    }
    Ok(())
}

fn llen<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    out.count(keys.read::<List>(call.at(1))?.map_or(0, Kind::len));
    Ok(())
}

/// `LRANGE key first last`
fn lrange<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let (first, last) = (integer(call.at(2))?, integer(call.at(3))?);
    let list = keys.read::<List>(call.at(1))?;
    match list.and_then(|list| Some((list, stretch(first, last, list.len())?))) {
        None => out.array(0),
        Some((list, (start, len))) => {
            out.array(len);
            list.range(start, len).for_each(|element| out.bulk(element));
        }
    }
    Ok(())
}

/// `LINDEX key index`
fn lindex<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    match keys.read::<List>(call.at(1))? {
        None => out.null(),
        Some(list) => out.bulk_or_null(list.element(integer(call.at(2))?)),
    }
    Ok(())
}

/// `LSET key index element`
fn lset<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let replaced = keys.edit(call.at(1), |list: &mut List| {
        integer(call.at(2)).map(|index| list.replace(index, call.at(3)))
    })?;
    match replaced.transpose()? {
        Some(true) => out.ok(),
        Some(false) => return Err(CommandError::Text("ERR index out of range")),
        None => return Err(CommandError::NO_SUCH_KEY),
    }
    Ok(())
}

/// `LREM key count element`: the first ones, or from the end if the count is negative; 0 for all.
fn lrem<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let count = integer(call.at(2))?;
    let from = if count < 0 { End::Back } else { End::Front };
    let count_max = if count == 0 { usize::MAX } else { count.unsigned_abs() as usize };
    let removed =
        keys.edit(call.at(1), |list: &mut List| list.remove(call.at(3), from, count_max))?;
    out.count(removed.unwrap_or(0));
    Ok(())
}

/// `LTRIM key first last`
fn ltrim<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let (first, last) = (integer(call.at(2))?, integer(call.at(3))?);
    keys.edit(call.at(1), |list: &mut List| {
        let (start, len) = stretch(first, last, list.len()).unwrap_or_default();
        list.trim(start, len);
    })?;
    out.ok();
    Ok(())
}
