//! Keys of any type, and the keyspace as a whole.

use super::{
    Done, FAST_READ, FAST_REMOVE, META, OVERWRITE, READ, READ_REMOVE, SLOW_READ, SLOW_REMOVE,
    UPDATE, scan,
};
use crate::command::{Call, CommandError, KeySpec, Spec, Time, parse};
use crate::resp::Writer;
use crate::store::{Deadline, Keyspace, Renamed};

const READS: &[&str] = &["@keyspace", "@read", "@slow"];
const FAST_READS: &[&str] = &["@keyspace", "@read", "@fast"];
const WRITES: &[&str] = &["@keyspace", "@write", "@slow"];
const FAST_WRITES: &[&str] = &["@keyspace", "@write", "@fast"];
const FLUSHES: &[&str] = &["@keyspace", "@write", "@slow", "@dangerous"];
const DELETE: &[&str] = &["RM", "delete"];

const MULTI_SHARD_SUM: &[&str] = &["request_policy:multi_shard", "response_policy:agg_sum"];
const ALL_SUCCEEDED: &[&str] = &["request_policy:all_shards", "response_policy:all_succeeded"];
const CHANGING: &[&str] = &["nondeterministic_output"];

/// The rows.
pub(crate) const KEYS: &[Spec] = &[
    Spec::parsed("del", -2, parse::del)
        .flags(SLOW_REMOVE)
        .keys(KeySpec::all(1, DELETE))
        .categories(WRITES)
        .tips(MULTI_SHARD_SUM),
    Spec::parsed("unlink", -2, parse::del)
        .flags(FAST_REMOVE)
        .keys(KeySpec::all(1, DELETE))
        .categories(FAST_WRITES)
        .tips(MULTI_SHARD_SUM),
    Spec::parsed("exists", -2, parse::exists)
        .flags(FAST_READ)
        .keys(KeySpec::all(1, META))
        .categories(FAST_READS)
        .tips(MULTI_SHARD_SUM),
    Spec::handled("type", 2, type_name)
        .flags(FAST_READ)
        .keys(KeySpec::one(META))
        .categories(FAST_READS),
    Spec::parsed("expire", -3, |call| parse::expire(call, Time::SECONDS))
        .flags(FAST_REMOVE)
        .keys(KeySpec::one(UPDATE))
        .categories(FAST_WRITES),
    Spec::parsed("pexpire", -3, |call| parse::expire(call, Time::MILLISECONDS))
        .flags(FAST_REMOVE)
        .keys(KeySpec::one(UPDATE))
        .categories(FAST_WRITES),
    Spec::parsed("expireat", -3, |call| parse::expire(call, Time::UNIX_SECONDS))
        .flags(FAST_REMOVE)
        .keys(KeySpec::one(UPDATE))
        .categories(FAST_WRITES),
    Spec::parsed("pexpireat", -3, |call| parse::expire(call, Time::UNIX_MILLISECONDS))
        .flags(FAST_REMOVE)
        .keys(KeySpec::one(UPDATE))
        .categories(FAST_WRITES),
    Spec::handled("persist", 2, persist)
        .flags(FAST_REMOVE)
        .keys(KeySpec::one(UPDATE))
        .categories(FAST_WRITES),
    Spec::parsed("ttl", 2, parse::ttl)
        .flags(FAST_READ)
        .keys(KeySpec::one(READ))
        .categories(FAST_READS)
        .tips(CHANGING),
    Spec::parsed("pttl", 2, parse::pttl)
        .flags(FAST_READ)
        .keys(KeySpec::one(READ))
        .categories(FAST_READS)
        .tips(CHANGING),
    Spec::handled("rename", 3, |call, keys, out| rename(call, keys, out, false))
        .flags(SLOW_REMOVE)
        .keys(KeySpec::two(READ_REMOVE, OVERWRITE))
        .categories(WRITES),
    Spec::handled("renamenx", 3, |call, keys, out| rename(call, keys, out, true))
        .flags(FAST_REMOVE)
        .keys(KeySpec::two(READ_REMOVE, &["OW", "insert"]))
        .categories(FAST_WRITES),
    Spec::parsed("keys", 2, parse::keys_like)
        .flags(SLOW_READ)
        .categories(&["@keyspace", "@read", "@slow", "@dangerous"])
        .tips(&["request_policy:all_shards", "nondeterministic_output_order"]),
    Spec::handled("scan", -2, scan::scan)
        .flags(SLOW_READ)
        .categories(READS)
        .tips(&["nondeterministic_output", "request_policy:special"]),
    Spec::parsed("randomkey", 1, parse::random_key)
        .flags(SLOW_READ)
        .categories(READS)
        .tips(&["request_policy:all_shards", "nondeterministic_output"]),
    Spec::parsed("dbsize", 1, parse::dbsize)
        .flags(FAST_READ)
        .categories(FAST_READS)
        .tips(&["request_policy:all_shards", "response_policy:agg_sum"]),
    Spec::parsed("flushdb", -1, parse::flush)
        .flags(SLOW_REMOVE)
        .categories(FLUSHES)
        .tips(ALL_SUCCEEDED),
    Spec::parsed("flushall", -1, parse::flush)
        .flags(SLOW_REMOVE)
        .categories(FLUSHES)
        .tips(ALL_SUCCEEDED),
];

fn type_name<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    out.simple(keys.type_name(call.at(1)).unwrap_or("none"));
    Ok(())
}

fn persist<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer) -> Done<'a> {
    let (store, now_ms) = keys.parts();
    out.count(store.set_deadline(now_ms, call.at(1), Deadline::NEVER));
    Ok(())
}

/// `RENAME key to`, `RENAMENX key to`
fn rename<'a>(call: &Call<'a>, keys: &mut Keyspace<'_>, out: &mut Writer, keep: bool) -> Done<'a> {
    match (keys.rename(call.at(1), call.at(2), keep), keep) {
        (Renamed::Missing, _) => return Err(CommandError::NO_SUCH_KEY),
        (Renamed::Done, false) => out.ok(),
        (done, _) => out.count(done == Renamed::Done),
    }
    Ok(())
}
