//! Requests of other shards.

use std::hash::BuildHasher;

use super::reply::ttl_number;
use super::{Reply, Request, SmallBytes};
use crate::command::KeysOp;
use crate::store::{Record, SetRule, Store};

/// Carries out `request` on `store`, which owns all its keys. The present is that of this shard.
pub(crate) fn execute<S: BuildHasher>(
    store: &mut Store<S>,
    now_ms: u64,
    request: Request,
) -> Reply {
    match request {
        Request::Get(key) => Reply::Value(store.value(now_ms, &key).map(SmallBytes::from)),
        Request::Set { record, rule, previous } => set(store, now_ms, record, rule, previous),
        Request::IncrBy { key, delta } => {
            store.incr_by(now_ms, &key, delta).map_or_else(Reply::Refused, Reply::Integer)
        }
        Request::Expire { key, at_ms, condition } => {
            Reply::Integer(i64::from(store.expire(now_ms, &key, at_ms, condition)))
        }
        Request::Ttl { key, unit } => Reply::Integer(ttl_number(store.ttl(now_ms, &key), unit)),
        Request::Keys { op, keys } => self::keys(store, now_ms, op, &keys),
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
    }
}

fn set<S: BuildHasher>(
    store: &mut Store<S>,
    now_ms: u64,
    record: Record,
    rule: SetRule,
    previous: bool,
) -> Reply {
    let before = previous.then(|| store.value(now_ms, record.key()).map(SmallBytes::from));
    let written = store.set(now_ms, record, rule);
    match before {
        Some(value) => Reply::Value(value),
        None if written => Reply::Ok,
        None => Reply::Value(None),
    }
}

fn keys<S: BuildHasher>(
    store: &mut Store<S>,
    now_ms: u64,
    op: KeysOp,
    keys: &[SmallBytes],
) -> Reply {
    let keys = keys.iter();
    let count = match op {
        KeysOp::Get => {
            let value = |key: &SmallBytes| store.value(now_ms, key).map(SmallBytes::from);
            return Reply::Values(keys.map(value).collect());
        }
        KeysOp::Del => keys.filter(|key| store.remove(now_ms, key)).count(),
        KeysOp::Exists => keys.filter(|key| store.contains(now_ms, key)).count(),
    };
    Reply::Integer(count as i64)
}
