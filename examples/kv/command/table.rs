//! The command table. Its facts are those that Redis 7.0 gives in `COMMAND INFO`, which a test
//! compares row by row.

use super::spec::{Call, KeySpec, Spec};
use super::{Command, CommandError, parse as keys, session, set};
use crate::resp::Args;

/// Reads of a value.
const READ: &[&str] = &["RO", "access"];
/// Reads of a value that write it back.
const READ_WRITE: &[&str] = &["RW", "access", "update"];

const FAST_READ: &[&str] = &["readonly", "fast"];
const FAST_WRITE: &[&str] = &["write", "denyoom", "fast"];

const MULTI_SHARD_SUM: &[&str] = &["request_policy:multi_shard", "response_policy:agg_sum"];

/// Every command. The busiest come first, because the lookup walks.
pub(crate) static TABLE: [Spec; 22] = [
    Spec::new("get", 2, keys::get)
        .flags(FAST_READ)
        .keys(KeySpec::one(READ))
        .categories(&["@read", "@string", "@fast"]),
    Spec::new("set", -3, set::set)
        .flags(&["write", "denyoom"])
        .keys(
            KeySpec::one(&["RW", "access", "update", "variable_flags"])
                .notes("RW and ACCESS due to the optional `GET` argument"),
        )
        .categories(&["@write", "@string", "@slow"]),
    Spec::new("incr", 2, keys::incr)
        .flags(FAST_WRITE)
        .keys(KeySpec::one(READ_WRITE))
        .categories(&["@write", "@string", "@fast"]),
    Spec::new("mget", -2, keys::mget)
        .flags(FAST_READ)
        .keys(KeySpec::all(1, READ))
        .categories(&["@read", "@string", "@fast"])
        .tips(&["request_policy:multi_shard"]),
    Spec::new("mset", -3, keys::mset)
        .flags(&["write", "denyoom"])
        .keys(KeySpec::all(2, &["OW", "update"]))
        .categories(&["@write", "@string", "@slow"])
        .tips(&["request_policy:multi_shard", "response_policy:all_succeeded"]),
    Spec::new("del", -2, keys::del)
        .flags(&["write"])
        .keys(KeySpec::all(1, &["RM", "delete"]))
        .categories(&["@keyspace", "@write", "@slow"])
        .tips(MULTI_SHARD_SUM),
    Spec::new("exists", -2, keys::exists)
        .flags(FAST_READ)
        .keys(KeySpec::all(1, &["RO"]))
        .categories(&["@keyspace", "@read", "@fast"])
        .tips(MULTI_SHARD_SUM),
    Spec::new("expire", -3, keys::expire)
        .flags(&["write", "fast"])
        .keys(KeySpec::one(&["RW", "update"]))
        .categories(&["@keyspace", "@write", "@fast"]),
    Spec::new("ttl", 2, keys::ttl)
        .flags(FAST_READ)
        .keys(KeySpec::one(READ))
        .categories(&["@keyspace", "@read", "@fast"])
        .tips(&["nondeterministic_output"]),
    Spec::new("pttl", 2, keys::pttl)
        .flags(FAST_READ)
        .keys(KeySpec::one(READ))
        .categories(&["@keyspace", "@read", "@fast"])
        .tips(&["nondeterministic_output"]),
    Spec::new("decr", 2, keys::decr)
        .flags(FAST_WRITE)
        .keys(KeySpec::one(READ_WRITE))
        .categories(&["@write", "@string", "@fast"]),
    Spec::new("incrby", 3, keys::incr_by)
        .flags(FAST_WRITE)
        .keys(KeySpec::one(READ_WRITE))
        .categories(&["@write", "@string", "@fast"]),
    Spec::new("decrby", 3, keys::decr_by)
        .flags(FAST_WRITE)
        .keys(KeySpec::one(READ_WRITE))
        .categories(&["@write", "@string", "@fast"]),
    Spec::new("ping", -1, session::ping)
        .flags(&["fast"])
        .categories(&["@fast", "@connection"])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"]),
    Spec::new("echo", 2, session::echo)
        .flags(&["loading", "stale", "fast"])
        .categories(&["@fast", "@connection"]),
    Spec::new("dbsize", 1, keys::dbsize)
        .flags(FAST_READ)
        .categories(&["@keyspace", "@read", "@fast"])
        .tips(&["request_policy:all_shards", "response_policy:agg_sum"]),
    Spec::new("flushall", -1, keys::flushall)
        .flags(&["write"])
        .categories(&["@keyspace", "@write", "@slow", "@dangerous"])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"]),
    Spec::new("info", -1, keys::info)
        .flags(&["loading", "stale"])
        .categories(&["@slow", "@dangerous"])
        .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"]),
    Spec::new("client", -2, session::container)
        .categories(&["@slow"])
        .subcommands(&session::CLIENT),
    Spec::new("config", -2, session::container)
        .categories(&["@slow"])
        .subcommands(&session::CONFIG),
    Spec::new("command", -1, session::command)
        .flags(&["loading", "stale"])
        .categories(&["@slow", "@connection"])
        .tips(&["nondeterministic_output_order"])
        .subcommands(&session::COMMAND),
    Spec::new("quit", -1, session::quit)
        .flags(&["noscript", "loading", "stale", "fast", "no_auth", "allow_busy"])
        .categories(&["@fast", "@connection"]),
];

/// Turns arguments into a command. `now_ms` is the present in milliseconds of unix time; relative
/// times are counted from it.
///
/// # Errors
///
/// [`CommandError`], which is the reply.
///
/// # Panics
///
/// If there are no arguments; the decoder never yields such a command.
pub(crate) fn parse<'a>(args: Args<'a>, now_ms: u64) -> Result<Command<'a>, CommandError<'a>> {
    let spec = resolve(args)?;
    if !spec.takes(args) {
        return Err(CommandError::Arity(spec.name));
    }
    (spec.parser)(Call { spec, args, now_ms })
}

/// The row of the command, or of its subcommand.
fn resolve<'a>(args: Args<'a>) -> Result<&'static Spec, CommandError<'a>> {
    let spec = Spec::find(&TABLE, args.at(0)).ok_or(CommandError::UnknownCommand(args))?;
    match args.get(1) {
        Some(name) if !spec.subcommands.is_empty() => Spec::find(spec.subcommands, name)
            .ok_or(CommandError::UnknownSubcommand { container: spec.name, name }),
        _ => Ok(spec),
    }
}

/// The row named `name`: a command, or a subcommand as `config|get`.
pub(crate) fn find(name: &[u8]) -> Option<&'static Spec> {
    match name.iter().position(|&byte| byte == b'|') {
        None => Spec::find(&TABLE, name),
        Some(at) => Spec::find(Spec::find(&TABLE, &name[..at])?.subcommands, &name[at + 1..]),
    }
}
