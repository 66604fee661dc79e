//! Commands on the connection's own shard.

use std::hash::BuildHasher;

use super::reply::{refused, ttl_number};
use crate::command::{DataCommand, KeysOp, ManyCommand, SetCommand};
use crate::resp::encode;
use crate::store::{SetRule, Store};

/// Carries out `command` on `store`, which owns all its keys, and appends the reply.
pub(crate) fn execute_local<S: BuildHasher>(
    store: &mut Store<S>,
    now_ms: u64,
    command: &DataCommand<'_>,
    out: &mut Vec<u8>,
) {
    match *command {
        DataCommand::Get(key) => encode::bulk_or_null(out, store.value(now_ms, key)),
        DataCommand::Set(ref command) => set(store, now_ms, command, out),
        DataCommand::IncrBy { key, delta } => match store.incr_by(now_ms, key, delta) {
            Ok(sum) => encode::integer(out, sum),
            Err(error) => refused(out, error),
        },
        DataCommand::Expire { key, at_ms, condition } => {
            let set = store.expire(now_ms, key, at_ms, condition);
            encode::integer(out, i64::from(set));
        }
        DataCommand::Ttl { key, unit } => {
            encode::integer(out, ttl_number(store.ttl(now_ms, key), unit));
        }
        DataCommand::Many(command) => many(store, now_ms, command, out),
    }
}

fn set<S: BuildHasher>(
    store: &mut Store<S>,
    now_ms: u64,
    command: &SetCommand<'_>,
    out: &mut Vec<u8>,
) {
    if command.previous {
        encode::bulk_or_null(out, store.value(now_ms, command.key));
    }
    let written = store.set(now_ms, (command.key, command.value), command.rule);
    match (command.previous, written) {
        (true, _) => {}
        (false, true) => encode::ok(out),
        (false, false) => encode::null(out),
    }
}

fn many<S: BuildHasher>(
    store: &mut Store<S>,
    now_ms: u64,
    command: ManyCommand<'_>,
    out: &mut Vec<u8>,
) {
    match command {
        ManyCommand::Keys { op: KeysOp::Get, keys } => {
            encode::array(out, keys.len());
            keys.iter().for_each(|key| encode::bulk_or_null(out, store.value(now_ms, key)));
        }
        ManyCommand::Keys { op: KeysOp::Del, keys } => {
            let count = keys.iter().filter(|key| store.remove(now_ms, key)).count();
            encode::integer(out, count as i64);
        }
        ManyCommand::Keys { op: KeysOp::Exists, keys } => {
            let count = keys.iter().filter(|key| store.contains(now_ms, key)).count();
            encode::integer(out, count as i64);
        }
        ManyCommand::Set(pairs) => {
            for pair in pairs.iter() {
                store.set(now_ms, pair, SetRule::PLAIN);
            }
            encode::ok(out);
        }
    }
}
