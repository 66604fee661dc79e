//! Sorted sets.

use super::arguments::count;
use super::zadd::{zadd, zincrby};
use super::zrange::zrange;
use super::{
    Done, FAST_READ, FAST_REMOVE, FAST_WRITE, META, READ, READ_REMOVE, READ_WRITE, REMOVE,
    SLOW_READ, UPDATE,
};
use crate::command::{Call, CommandError, KeySpec, Spec};
use crate::resp::{Protocol, Writer};
use crate::store::{Keyspace, Kind, Score, SortedSet};

const READS: &[&str] = &["@read", "@sortedset", "@slow"];
const FAST_READS: &[&str] = &["@read", "@sortedset", "@fast"];
const FAST_WRITES: &[&str] = &["@write", "@sortedset", "@fast"];

/// The rows.
pub(crate) const SORTED_SETS: &[Spec] = &[
    Spec::handled("zadd", -4, zadd)
        .flags(FAST_WRITE)
        .keys(KeySpec::one(UPDATE))
        .categories(FAST_WRITES),
    Spec::handled("zincrby", 4, zincrby)
        .flags(FAST_WRITE)
        .keys(KeySpec::one(READ_WRITE))
        .categories(FAST_WRITES),
    Spec::handled("zrem", -3, zrem)
        .flags(FAST_REMOVE)
        .keys(KeySpec::one(REMOVE))
        .categories(FAST_WRITES),
    Spec::handled("zscore", 3, zscore)
        .flags(FAST_READ)
        .keys(KeySpec::one(READ))
        .categories(FAST_READS),
    Spec::handled("zcard", 2, zcard)
        .flags(FAST_READ)
        .keys(KeySpec::one(META))
        .categories(FAST_READS),
    Spec::handled("zrange", -4, zrange).flags(SLOW_READ).keys(KeySpec::one(READ)).categories(READS),
    Spec::handled("zpopmin", -2, zpopmin)
        .flags(FAST_REMOVE)
        .keys(KeySpec::one(READ_REMOVE))
        .categories(FAST_WRITES),
];

fn zrem<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let members = call.args.tail(2);
    let removed = keys.edit(call.at(1), |set: &mut SortedSet| {
        members.iter().filter(|member| set.remove(member)).count()
    })?;
    out.count(removed.unwrap_or(0));
    Ok(())
}

fn zscore<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let set = keys.read::<SortedSet>(call.at(1))?;
    match set.and_then(|set| set.score(call.at(2))) {
        Some(score) => out.double(score.number()),
        None => out.null(),
    }
    Ok(())
}

fn zcard<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    out.count(keys.read::<SortedSet>(call.at(1))?.map_or(0, Kind::len));
    Ok(())
}

/// `ZPOPMIN key [count]`
fn zpopmin<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    if call.args.len() > 3 {
        return Err(CommandError::Syntax);
    }
    let count = call.args.get(2).map(count).transpose()?;
    let nested = count.is_some();
    let popped = keys.edit(call.at(1), |set: &mut SortedSet| {
        let len = count.unwrap_or(1).min(set.len());
        head(out, len, nested);
        for (member, score) in (0..len).filter_map(|_| set.pop_least()) {
            pair(out, &member, score, nested);
        }
    })?;
    if popped.is_none() {
        out.array(0);
    }
    Ok(())
}

/// The head of a reply of `len` members with their scores. RESP3 puts each pair into an array of
/// its own if `nested`; else they follow each other.
pub(super) fn head(out: &mut Writer, len: usize, nested: bool) {
    out.array(if nested && out.protocol() == Protocol::Resp3 { len } else { len * 2 });
}

/// A member with its score, as [`head`] announced them.
pub(super) fn pair(out: &mut Writer, member: &[u8], score: Score, nested: bool) {
    if nested && out.protocol() == Protocol::Resp3 {
        out.array(2);
    }
    out.bulk(member);
    out.double(score.number());
}
