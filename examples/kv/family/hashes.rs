//! Hashes.

use super::arguments::integer;
use super::{
    Done, FAST_READ, FAST_REMOVE, FAST_WRITE, INSERT, META, READ, READ_WRITE, REMOVE, SLOW_READ,
    UPDATE,
};
use crate::command::{Call, CommandError, KeySpec, Spec};
use crate::decimal::{self, Decimal};
use crate::resp::Writer;
use crate::store::{Hash, Keyspace, Kind, Refusal};

const READS: &[&str] = &["@read", "@hash", "@slow"];
const FAST_READS: &[&str] = &["@read", "@hash", "@fast"];
const FAST_WRITES: &[&str] = &["@write", "@hash", "@fast"];
const ANY_ORDER: &[&str] = &["nondeterministic_output_order"];

/// The rows.
pub(crate) const HASHES: &[Spec] = &[
    Spec::handled("hset", -4, hset)
        .flags(FAST_WRITE)
        .keys(KeySpec::one(UPDATE))
        .categories(FAST_WRITES),
    Spec::handled("hsetnx", 4, hsetnx)
        .flags(FAST_WRITE)
        .keys(KeySpec::one(INSERT))
        .categories(FAST_WRITES),
    Spec::handled("hget", 3, hget).flags(FAST_READ).keys(KeySpec::one(READ)).categories(FAST_READS),
    Spec::handled("hmget", -3, hmget)
        .flags(FAST_READ)
        .keys(KeySpec::one(READ))
        .categories(FAST_READS),
    Spec::handled("hdel", -3, hdel)
        .flags(FAST_REMOVE)
        .keys(KeySpec::one(REMOVE))
        .categories(FAST_WRITES),
    Spec::handled("hgetall", 2, hgetall)
        .flags(SLOW_READ)
        .keys(KeySpec::one(READ))
        .categories(READS)
        .tips(ANY_ORDER),
    Spec::handled("hkeys", 2, |call, keys, out| one_side(call, keys, out, |(field, _)| field))
        .flags(SLOW_READ)
        .keys(KeySpec::one(READ))
        .categories(READS)
        .tips(ANY_ORDER),
    Spec::handled("hvals", 2, |call, keys, out| one_side(call, keys, out, |(_, value)| value))
        .flags(SLOW_READ)
        .keys(KeySpec::one(READ))
        .categories(READS)
        .tips(ANY_ORDER),
    Spec::handled("hlen", 2, hlen).flags(FAST_READ).keys(KeySpec::one(META)).categories(FAST_READS),
    Spec::handled("hexists", 3, hexists)
        .flags(FAST_READ)
        .keys(KeySpec::one(META))
        .categories(FAST_READS),
    Spec::handled("hincrby", 4, hincrby)
        .flags(FAST_WRITE)
        .keys(KeySpec::one(READ_WRITE))
        .categories(FAST_WRITES),
];

/// `HSET key field value ..`
fn hset<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let pairs = call.args.tail(2);
    if !pairs.len().is_multiple_of(2) {
        return Err(CommandError::Arity(call.spec.name));
    }
    let added = keys.edit_or_create(call.at(1), |hash: &mut Hash| {
        let pairs = (0..pairs.len()).step_by(2).map(|at| (pairs.at(at), pairs.at(at + 1)));
        pairs.filter(|(field, value)| hash.set(field, value)).count()
    })?;
    out.count(added);
    Ok(())
}

/// `HSETNX key field value`
fn hsetnx<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let added = keys.edit_or_create(call.at(1), |hash: &mut Hash| {
        hash.value(call.at(2)).is_none() && hash.set(call.at(2), call.at(3))
    })?;
    out.count(added);
    Ok(())
}

fn hget<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let hash = keys.read::<Hash>(call.at(1))?;
    out.bulk_or_null(hash.and_then(|hash| hash.value(call.at(2))));
    Ok(())
}

fn hmget<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let hash = keys.read::<Hash>(call.at(1))?;
    let fields = call.args.tail(2);
    out.array(fields.len());
    for field in fields.iter() {
        out.bulk_or_null(hash.and_then(|hash| hash.value(field)));
    }
    Ok(())
}

fn hdel<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let fields = call.args.tail(2);
    let removed = keys.edit(call.at(1), |hash: &mut Hash| {
        fields.iter().filter(|field| hash.remove(field)).count()
    })?;
    out.count(removed.unwrap_or(0));
    Ok(())
}

fn hgetall<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let hash = keys.read::<Hash>(call.at(1))?;
    out.map(hash.map_or(0, Kind::len));
    for (field, value) in hash.into_iter().flat_map(Hash::iter) {
        out.bulk(field);
        out.bulk(value);
    }
    Ok(())
}

/// Takes one of a field and its value.
type Side = for<'v> fn((&'v [u8], &'v [u8])) -> &'v [u8];

/// The fields alone, or the values alone.
fn one_side<'a>(
    call: &Call<'a>,
    keys: &mut Keyspace<'_>,
    out: &mut Writer,
    side: Side,
) -> Done<'a> {
    let hash = keys.read::<Hash>(call.at(1))?;
    out.array(hash.map_or(0, Kind::len));
    hash.into_iter().flat_map(Hash::iter).for_each(|pair| out.bulk(side(pair)));
    Ok(())
}

fn hlen<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    out.count(keys.read::<Hash>(call.at(1))?.map_or(0, Kind::len));
    Ok(())
}

fn hexists<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let hash = keys.read::<Hash>(call.at(1))?;
    out.count(hash.is_some_and(|hash| hash.value(call.at(2)).is_some()));
    Ok(())
}

/// `HINCRBY key field delta`
fn hincrby<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let delta = integer(call.at(3))?;
    let sum = keys.edit_or_create(call.at(1), |hash: &mut Hash| {
        let current = hash.value(call.at(2)).map_or(Some(0), decimal::parse_i64);
        let current = current.ok_or(CommandError::Text("ERR hash value is not an integer"))?;
        let sum = current.checked_add(delta).ok_or(CommandError::Refused(Refusal::Overflow))?;
        hash.set(call.at(2), Decimal::new(sum).as_bytes());
        Ok::<_, CommandError<'a>>(sum)
    })??;
    out.integer(sum);
    Ok(())
}
