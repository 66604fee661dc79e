//! Strings and counters.

use super::arguments::double;
use super::substrings::{append, getrange, setrange, strlen};
use super::{
    Done, FAST_READ, FAST_REMOVE, FAST_WRITE, INSERT, META, OVERWRITE, READ, READ_REMOVE,
    READ_WRITE, SLOW_READ, SLOW_WRITE, UPDATE,
};
use crate::command::{Call, CommandError, KeySpec, Spec, Time, parse, set, set::Change};
use crate::float::{self, Sum};
use crate::resp::Writer;
use crate::store::{Condition, Deadline, Expiry, Keyspace, SetRule};

const READS: &[&str] = &["@read", "@string", "@slow"];
const FAST_READS: &[&str] = &["@read", "@string", "@fast"];
const WRITES: &[&str] = &["@write", "@string", "@slow"];
const FAST_WRITES: &[&str] = &["@write", "@string", "@fast"];

/// The rows.
pub(crate) const STRINGS: &[Spec] = &[
    Spec::parsed("get", 2, parse::get)
        .flags(FAST_READ)
        .keys(KeySpec::one(READ))
        .categories(FAST_READS),
    Spec::parsed("set", -3, set::set)
        .flags(SLOW_WRITE)
        .keys(
            KeySpec::one(&["RW", "access", "update", "variable_flags"])
                .notes("RW and ACCESS due to the optional `GET` argument"),
        )
        .categories(WRITES),
    Spec::parsed("incr", 2, parse::incr)
        .flags(FAST_WRITE)
        .keys(KeySpec::one(READ_WRITE))
        .categories(FAST_WRITES),
    Spec::parsed("decr", 2, parse::decr)
        .flags(FAST_WRITE)
        .keys(KeySpec::one(READ_WRITE))
        .categories(FAST_WRITES),
    Spec::parsed("incrby", 3, parse::incr_by)
        .flags(FAST_WRITE)
        .keys(KeySpec::one(READ_WRITE))
        .categories(FAST_WRITES),
    Spec::parsed("decrby", 3, parse::decr_by)
        .flags(FAST_WRITE)
        .keys(KeySpec::one(READ_WRITE))
        .categories(FAST_WRITES),
    Spec::handled("incrbyfloat", 3, incrbyfloat)
        .flags(FAST_WRITE)
        .keys(KeySpec::one(READ_WRITE))
        .categories(FAST_WRITES),
    Spec::parsed("mget", -2, parse::mget)
        .flags(FAST_READ)
        .keys(KeySpec::all(1, READ))
        .categories(FAST_READS)
        .tips(&["request_policy:multi_shard"]),
    Spec::parsed("mset", -3, parse::mset)
        .flags(SLOW_WRITE)
        .keys(KeySpec::all(2, OVERWRITE))
        .categories(WRITES)
        .tips(&["request_policy:multi_shard", "response_policy:all_succeeded"]),
    Spec::handled("getdel", 2, getdel)
        .flags(FAST_REMOVE)
        .keys(KeySpec::one(READ_REMOVE))
        .categories(FAST_WRITES),
    Spec::handled("getex", -2, getex)
        .flags(FAST_REMOVE)
        .keys(KeySpec::one(READ_WRITE).notes("RW and UPDATE because it changes the TTL"))
        .categories(FAST_WRITES),
    Spec::handled("getset", 3, getset)
        .flags(FAST_WRITE)
        .keys(KeySpec::one(READ_WRITE))
        .categories(FAST_WRITES),
    Spec::handled("setnx", 3, setnx)
        .flags(FAST_WRITE)
        .keys(KeySpec::one(&["OW", "insert"]))
        .categories(FAST_WRITES),
    Spec::handled("setex", 4, |call, keys, out| setex(call, keys, out, Time::SECONDS))
        .flags(SLOW_WRITE)
        .keys(KeySpec::one(OVERWRITE))
        .categories(WRITES),
    Spec::handled("psetex", 4, |call, keys, out| setex(call, keys, out, Time::MILLISECONDS))
        .flags(SLOW_WRITE)
        .keys(KeySpec::one(OVERWRITE))
        .categories(WRITES),
    Spec::handled("append", 3, append)
        .flags(FAST_WRITE)
        .keys(KeySpec::one(INSERT))
        .categories(FAST_WRITES),
    Spec::handled("strlen", 2, strlen)
        .flags(FAST_READ)
        .keys(KeySpec::one(META))
        .categories(FAST_READS),
    Spec::handled("getrange", 4, getrange)
        .flags(SLOW_READ)
        .keys(KeySpec::one(READ))
        .categories(READS),
    Spec::handled("setrange", 4, setrange)
        .flags(SLOW_WRITE)
        .keys(KeySpec::one(UPDATE))
        .categories(WRITES),
];

fn getdel<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    out.bulk_or_null(keys.text(call.at(1))?);
    let (store, now_ms) = keys.parts();
    store.remove(now_ms, call.at(1));
    Ok(())
}

/// `GETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST]`
fn getex<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let change = set::getex_options(call.args.tail(2))?;
    let Some(value) = keys.text(call.at(1))? else {
        out.null();
        return Ok(());
    };
    let deadline = match change {
        Some(Change::Time(time, text)) => Some(time.deadline(text, call.now_ms, call.spec.name)?),
        Some(Change::Persist) => Some(Deadline::NEVER),
        None => None,
    };
    out.bulk(value);
    if let Some(deadline) = deadline {
        let (store, now_ms) = keys.parts();
        store.set_deadline(now_ms, call.at(1), deadline);
    }
    Ok(())
}

fn getset<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    out.bulk_or_null(keys.text(call.at(1))?);
    keys.set(call.at(1), call.at(2), SetRule::PLAIN);
    Ok(())
}

fn setnx<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let rule = SetRule { condition: Condition::Absent, ..SetRule::PLAIN };
    out.count(keys.set(call.at(1), call.at(2), rule));
    Ok(())
}

/// `SETEX key seconds value`, `PSETEX key milliseconds value`
fn setex<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer, time: Time) -> Done<'a> {
    let deadline: Deadline = time.deadline(call.at(2), call.now_ms, call.spec.name)?;
    let rule = SetRule { expiry: Expiry::Replace(deadline), ..SetRule::PLAIN };
    keys.set(call.at(1), call.at(3), rule);
    out.ok();
    Ok(())
}

/// `INCRBYFLOAT key delta`
fn incrbyfloat<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let current = keys.text(call.at(1))?.unwrap_or(b"0");
    double(current)?;
    double(call.at(2))?;
    let sum = match float::sum(current, call.at(2)) {
        Sum::Finite(text) => text,
        Sum::Infinite => {
            return Err(CommandError::Text("ERR increment would produce NaN or Infinity"));
        }
    };
    let rule = SetRule { expiry: Expiry::Keep, ..SetRule::PLAIN };
    keys.set(call.at(1), sum.as_bytes(), rule);
    out.bulk(sum.as_bytes());
    Ok(())
}
