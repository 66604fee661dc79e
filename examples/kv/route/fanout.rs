//! Splitting a command over shards.

use super::{Gather, ShardMap};
use crate::bytes::SmallBytes;
use crate::command::{KeysOp, KeyspaceCommand, ManyCommand};
use crate::exec::Request;
use crate::store::Record;

/// A command split into one request a shard, and what gathers the replies.
#[derive(Debug)]
pub(crate) struct Fanout {
    /// The requests, one a shard, in the order of the shards. All may be under way at once.
    pub(crate) parts: Vec<Part>,
    /// Takes the replies, which may come in any order.
    pub(crate) gather: Gather,
}

/// One shard's part.
#[derive(Debug)]
pub(crate) struct Part {
    /// The shard to ask.
    pub(crate) shard: u16,
    /// What to ask.
    pub(crate) request: Request,
}

impl Fanout {
    /// Splits `command` by the owners of its keys. Within a shard the keys keep their order, so
    /// of two values that `MSET` gives one key the last one wins, as on one shard.
    pub(crate) fn scatter(command: ManyCommand<'_>, map: ShardMap) -> Self {
        let owners: Box<[u16]> = command.keys().map(|key| map.shard_of(key)).collect();
        match command {
            ManyCommand::Set(pairs) => {
                let records = pairs.iter().map(|(key, value)| Record::new(key, value));
                let parts = parts(map, &owners, records, Request::SetAll);
                Self { parts, gather: Gather::done() }
            }
            ManyCommand::Keys { op, keys } => {
                let keys = keys.iter().map(SmallBytes::from);
                let parts = parts(map, &owners, keys, |keys| Request::Keys { op, keys });
                let gather = match op {
                    KeysOp::Get => Gather::values(owners, map.shards()),
                    KeysOp::Combine(how) => Gather::sets(how, owners, map.shards()),
                    KeysOp::Del | KeysOp::Exists => Gather::count(),
                };
                Self { parts, gather }
            }
        }
    }

    /// Asks every shard.
    pub(crate) fn broadcast(command: KeyspaceCommand<'_>, map: ShardMap) -> Self {
        let gather = match command {
            KeyspaceCommand::DbSize | KeyspaceCommand::Publish { .. } => Gather::count(),
            KeyspaceCommand::Flush => Gather::done(),
            KeyspaceCommand::Info(sections) => Gather::info(sections),
            KeyspaceCommand::Keys(_) => Gather::keys(),
            KeyspaceCommand::RandomKey => Gather::random_key(),
        };
        let request = || match command {
            KeyspaceCommand::DbSize | KeyspaceCommand::Info(_) => Request::Stats,
            KeyspaceCommand::Flush => Request::Flush,
            KeyspaceCommand::Keys(pattern) => Request::KeysLike(pattern.into()),
            KeyspaceCommand::RandomKey => Request::RandomKey,
            KeyspaceCommand::Publish { channel, message } => {
                Request::Publish(Box::new((channel.into(), message.into())))
            }
        };
        let parts = (0..map.shards()).map(|shard| Part { shard, request: request() }).collect();
        Self { parts, gather }
    }
}

/// Deals `items` out to their owners and makes a request of each owner's.
fn parts<T>(
    map: ShardMap,
    owners: &[u16],
    items: impl Iterator<Item = T>,
    request: impl Fn(Box<[T]>) -> Request,
) -> Vec<Part> {
    let mut dealt: Vec<Vec<T>> = (0..map.shards()).map(|_| Vec::new()).collect();
    for (owner, item) in owners.iter().zip(items) {
        dealt[usize::from(*owner)].push(item);
    }
    (0..)
        .zip(dealt)
        .filter(|(_, items)| !items.is_empty())
        .map(|(shard, items)| Part { shard, request: request(items.into_boxed_slice()) })
        .collect()
}
