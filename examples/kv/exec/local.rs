//! Commands on the connection's own shard.

use super::combine;
use super::reply::ttl_number;
use crate::command::{Combination, DataCommand, KeysOp, ManyCommand, SetCommand};
use crate::resp::{Args, Writer};
use crate::store::{Keyspace, Refusal, Set, SetRule, Store};

/// Carries out `command` on `store`, which owns all its keys, and appends the reply.
pub(crate) fn execute_local(
    store: &mut Store,
    now_ms: u64,
    command: &DataCommand<'_>,
    out: &mut Writer,
) {
    let done = match *command {
        DataCommand::Get(key) => store.value(now_ms, key).map(|value| out.bulk_or_null(value)),
        DataCommand::Set(ref command) => set(store, now_ms, command, out),
        DataCommand::IncrBy { key, delta } => {
            store.incr_by(now_ms, key, delta).map(|sum| out.integer(sum))
        }
        DataCommand::Expire { key, at_ms, condition } => {
            out.count(store.expire(now_ms, key, at_ms, condition));
            Ok(())
        }
        DataCommand::Ttl { key, unit } => {
            out.integer(ttl_number(store.ttl(now_ms, key), unit));
            Ok(())
        }
        DataCommand::Many(command) => many(store, now_ms, command, out),
        DataCommand::Handled(handled) => {
            handled.run(&mut Keyspace::new(store, now_ms), out);
            Ok(())
        }
    };
    if let Err(refusal) = done {
        refusal.encode(out);
    }
}

fn set(
    store: &mut Store,
    now_ms: u64,
    command: &SetCommand<'_>,
    out: &mut Writer,
) -> Result<(), Refusal> {
    if command.previous {
        out.bulk_or_null(store.value(now_ms, command.key)?);
    }
    let written = store.set(now_ms, (command.key, command.value), command.rule);
    match (command.previous, written) {
        (true, _) => {}
        (false, true) => out.ok(),
        (false, false) => out.null(),
    }
    Ok(())
}

fn many(
    store: &mut Store,
    now_ms: u64,
    command: ManyCommand<'_>,
    out: &mut Writer,
) -> Result<(), Refusal> {
    match command {
        ManyCommand::Keys { op: KeysOp::Get, keys } => {
            out.array(keys.len());
            // As in Redis, a collection is no value here, and no error.
            keys.iter().for_each(|key| out.bulk_or_null(store.value(now_ms, key).unwrap_or(None)));
        }
        ManyCommand::Keys { op: KeysOp::Del, keys } => {
            out.count(keys.iter().filter(|key| store.remove(now_ms, key)).count());
        }
        ManyCommand::Keys { op: KeysOp::Exists, keys } => {
            out.count(keys.iter().filter(|key| store.contains(now_ms, key)).count());
        }
        ManyCommand::Keys { op: KeysOp::Combine(combination), keys } => {
            return combined(store, now_ms, combination, keys, out);
        }
        ManyCommand::Set(pairs) => {
            for pair in pairs.iter() {
                store.set(now_ms, pair, SetRule::PLAIN);
            }
            out.ok();
        }
    }
    Ok(())
}

fn combined(
    store: &mut Store,
    now_ms: u64,
    combination: Combination,
    keys: Args<'_>,
    out: &mut Writer,
) -> Result<(), Refusal> {
    let mut keyspace = Keyspace::new(store, now_ms);
    // The dead go, and other types are refused; what is left can be looked at together.
    for key in keys.iter() {
        keyspace.read::<Set>(key)?;
    }
    let sets = keys.iter().map(|key| keyspace.peek(key));
    let members = combine(combination, sets.map(|set| set.into_iter().flat_map(Set::iter)));
    out.set(members.len());
    members.into_iter().for_each(|member| out.bulk(member));
    Ok(())
}
