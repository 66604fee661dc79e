//! What comes from other shards.

use super::local::execute_local;
use super::{Reply, Request, State, Step};
use crate::bytes::SmallBytes;
use crate::command::{Call, Command, CommandError, KeysOp};
use crate::glob::{self, Case};
use crate::resp::Writer;
use crate::store::{Keyspace, Refusal, Set, SetRule, Store};

/// Carries out `request` on `state`, which owns the keys of this part. The present is that of this shard.
pub(crate) fn execute(state: &mut State, now_ms: u64, request: Request) -> Reply {
    let State { store, topics } = state;
    match request {
        Request::Keys { op, keys } => {
            self::keys(store, now_ms, op, &keys).unwrap_or_else(Reply::Refused)
        }
        Request::SetAll(records) => {
            for record in records {
                store.set(now_ms, record, SetRule::PLAIN);
            }
            Reply::Ok
        }
        Request::Stats => Reply::Stats(Box::new(store.stats())),
        Request::Flush => {
            store.flush();
            Reply::Ok
        }
        Request::KeysLike(pattern) => {
            let is_like = |key: &[u8]| glob::matches(&pattern, key, Case::Sensitive);
            let keys = Keyspace::new(store, now_ms);
            Reply::Keys(keys.keys(is_like).into_iter().map(SmallBytes::from).collect())
        }
        Request::RandomKey => {
            let count = store.stats().keys;
            let mut keys = Keyspace::new(store, now_ms);
            let draw = keys.random().draw();
            let key = keys.random_key().map(SmallBytes::from);
            Reply::RandomKey(Box::new((count, draw, key)))
        }
        Request::Publish(message) => {
            let (channel, message) = *message;
            Reply::Integer(topics.borrow().publish(&channel, &message) as i64)
        }
    }
}

fn keys(store: &mut Store, now_ms: u64, op: KeysOp, keys: &[SmallBytes]) -> Result<Reply, Refusal> {
    let iter = keys.iter();
    let count = match op {
        KeysOp::Get => {
            let mut value = |key| store.value(now_ms, key).unwrap_or(None).map(SmallBytes::from);
            return Ok(Reply::Values(iter.map(|key| value(key)).collect()));
        }
        KeysOp::Combine(_) => {
            let mut keyspace = Keyspace::new(store, now_ms);
            let sets = iter.map(|key| {
                let members = keyspace.read::<Set>(key)?.into_iter().flat_map(Set::iter);
                Ok(members.map(SmallBytes::from).collect())
            });
            return Ok(Reply::Sets(sets.collect::<Result<_, Refusal>>()?));
        }
        KeysOp::Del => iter.filter(|key| store.remove(now_ms, key)).count(),
        KeysOp::Exists => iter.filter(|key| store.contains(now_ms, key)).count(),
    };
    Ok(Reply::Integer(count as i64))
}

/// Carries out a call whose keys are all here, and appends the reply.
pub(crate) fn execute_call(store: &mut Store, now_ms: u64, call: Call<'_>, out: &mut Writer) {
    match call.parse() {
        Ok(Command::Data(command)) => execute_local(store, now_ms, &command, out),
        Err(error) => error.encode(out),
        // Such a call is never sent: a transaction of several shards does not take it.
        Ok(Command::Session(_) | Command::Keyspace(_)) => CommandError::CROSS_SLOT.encode(out),
    }
}

/// Carries out a transaction whose keys are all here, and appends the reply.
pub(super) fn execute_transaction(
    store: &mut Store,
    now_ms: u64,
    steps: &[Step],
    out: &mut Writer,
) {
    out.array(steps.len());
    for step in steps {
        match step {
            Step::Answered(reply) => out.raw(reply),
            Step::Call(owned) => {
                out.set_protocol(owned.protocol);
                execute_call(store, now_ms, owned.borrow(), out);
            }
        }
    }
}
