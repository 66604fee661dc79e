//! Sets.

use super::arguments::{count, signed_count};
use super::{
    Done, FAST_READ, FAST_REMOVE, FAST_WRITE, INSERT, META, READ, READ_REMOVE, REMOVE, SLOW_READ,
};
use crate::command::{Call, CommandError, KeySpec, Spec, parse};
use crate::resp::Writer;
use crate::store::{Keyspace, Kind, Set};

const READS: &[&str] = &["@read", "@set", "@slow"];
const FAST_READS: &[&str] = &["@read", "@set", "@fast"];
const FAST_WRITES: &[&str] = &["@write", "@set", "@fast"];
const RANDOM: &[&str] = &["nondeterministic_output"];
const ANY_ORDER: &[&str] = &["nondeterministic_output_order"];

/// Most members that `SRANDMEMBER` repeats: what it answers is bounded by no set.
const REPEATED_MAX: u64 = 1 << 20;

/// The rows.
pub(crate) const SETS: &[Spec] = &[
    Spec::handled("sadd", -3, sadd)
        .flags(FAST_WRITE)
        .keys(KeySpec::one(INSERT))
        .categories(FAST_WRITES),
    Spec::handled("srem", -3, srem)
        .flags(FAST_REMOVE)
        .keys(KeySpec::one(REMOVE))
        .categories(FAST_WRITES),
    Spec::handled("smembers", 2, smembers)
        .flags(SLOW_READ)
        .keys(KeySpec::one(READ))
        .categories(READS)
        .tips(ANY_ORDER),
    Spec::handled("sismember", 3, sismember)
        .flags(FAST_READ)
        .keys(KeySpec::one(META))
        .categories(FAST_READS),
    Spec::handled("scard", 2, scard)
        .flags(FAST_READ)
        .keys(KeySpec::one(META))
        .categories(FAST_READS),
    Spec::handled("spop", -2, spop)
        .flags(FAST_REMOVE)
        .keys(KeySpec::one(READ_REMOVE))
        .categories(FAST_WRITES)
        .tips(RANDOM),
    Spec::handled("srandmember", -2, srandmember)
        .flags(SLOW_READ)
        .keys(KeySpec::one(READ))
        .categories(READS)
        .tips(RANDOM),
    Spec::parsed("sinter", -2, parse::sinter)
        .flags(SLOW_READ)
        .keys(KeySpec::all(1, READ))
        .categories(READS)
        .tips(ANY_ORDER),
    Spec::parsed("sunion", -2, parse::sunion)
        .flags(SLOW_READ)
        .keys(KeySpec::all(1, READ))
        .categories(READS)
        .tips(ANY_ORDER),
    Spec::parsed("sdiff", -2, parse::sdiff)
        .flags(SLOW_READ)
        .keys(KeySpec::all(1, READ))
        .categories(READS)
        .tips(ANY_ORDER),
];

fn sadd<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let members = call.args.tail(2);
    let added = keys.edit_or_create(call.at(1), |set: &mut Set| {
        members.iter().filter(|member| set.insert(member)).count()
    })?;
    out.count(added);
    Ok(())
}

fn srem<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let members = call.args.tail(2);
    let removed = keys.edit(call.at(1), |set: &mut Set| {
        members.iter().filter(|member| set.remove(member)).count()
    })?;
    out.count(removed.unwrap_or(0));
    Ok(())
}

fn smembers<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let set = keys.read::<Set>(call.at(1))?;
    out.set(set.map_or(0, Kind::len));
    set.into_iter().flat_map(Set::iter).for_each(|member| out.bulk(member));
    Ok(())
}

fn sismember<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let set = keys.read::<Set>(call.at(1))?;
    out.count(set.is_some_and(|set| set.contains(call.at(2))));
    Ok(())
}

fn scard<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    out.count(keys.read::<Set>(call.at(1))?.map_or(0, Kind::len));
    Ok(())
}

/// `SPOP key [count]`
fn spop<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    if call.args.len() > 3 {
        return Err(CommandError::Syntax);
    }
    let count = call.args.get(2).map(count).transpose()?;
    let mut random = keys.random().fork();
    let popped = keys.edit(call.at(1), |set: &mut Set| {
        let len = count.unwrap_or(1).min(set.len());
        if count.is_some() {
            out.set(len);
        }
        (0..len).for_each(|_| out.bulk(&set.take(random.below(set.len()))));
    })?;
    match (popped, count) {
        (Some(()), _) => {}
        (None, Some(_)) => out.set(0),
        (None, None) => out.null(),
    }
    Ok(())
}

/// `SRANDMEMBER key [count]`: so many different ones, or with repetitions if the count is negative.
fn srandmember<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    if call.args.len() > 3 {
        return Err(CommandError::Syntax);
    }
    let count = call.args.get(2).map(signed_count).transpose()?;
    if count.is_some_and(|count| count < 0 && count.unsigned_abs() > REPEATED_MAX) {
        return Err(CommandError::Text("ERR value is out of range"));
    }
    let mut random = keys.random().fork();
    let Some(set) = keys.read::<Set>(call.at(1))? else {
        match count {
            None => out.null(),
            Some(_) => out.array(0),
        }
        return Ok(());
    };
    match count {
        None => out.bulk(set.member(random.below(set.len()))),
        Some(count @ ..0) => {
            out.array(count.unsigned_abs() as usize);
            (count..0).for_each(|_| out.bulk(set.member(random.below(set.len()))));
        }
        Some(count) => {
            let len = usize::try_from(count).unwrap_or(usize::MAX).min(set.len());
            out.array(len);
            let places = random.distinct(len, set.len());
            places.into_iter().for_each(|place| out.bulk(set.member(place)));
        }
    }
    Ok(())
}
