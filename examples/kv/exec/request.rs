//! A command on its way to another shard.

use crate::bytes::SmallBytes;
use crate::command::{DataCommand, KeysOp, ManyCommand, OwnedCall, SetCommand, TtlUnit};
use crate::resp::Protocol;
use crate::store::{DeadlineCondition, Record, SetRule};

/// What one shard asks of another. It owns all it needs, and a `GET` of a short key or a `SET`
/// crosses without an allocation of its own.
#[derive(Debug)]
pub(crate) enum Request {
    /// `GET`
    Get(SmallBytes),
    /// `SET`; `record` becomes the table's own.
    Set { record: Record, rule: SetRule, previous: bool },
    /// `INCR` and its kin.
    IncrBy { key: SmallBytes, delta: i64 },
    /// `EXPIRE`
    Expire { key: SmallBytes, at_ms: i64, condition: DeadlineCondition },
    /// `TTL`, `PTTL`
    Ttl { key: SmallBytes, unit: TtlUnit },
    /// Commands on several keys.
    Keys { op: KeysOp, keys: Box<[SmallBytes]> },
    /// `MSET`
    SetAll(Box<[Record]>),
    /// Any other call, as it was made.
    Call(Box<OwnedCall>),
    /// `EXEC`: all of it, with nothing in between.
    Transaction(Box<[Step]>),
    /// What the shard has to say about itself.
    Stats,
    /// `FLUSHALL`, `FLUSHDB`
    Flush,
    /// `KEYS`, with its pattern.
    KeysLike(SmallBytes),
    /// `RANDOMKEY`
    RandomKey,
    /// `PUBLISH`: the channel and the message.
    Publish(Box<(SmallBytes, SmallBytes)>),
}

/// One command of a transaction.
#[derive(Debug)]
pub(crate) enum Step {
    /// To be carried out.
    Call(OwnedCall),
    /// The connection has answered it itself, with this reply.
    Answered(SmallBytes),
}

const _: () = assert!(size_of::<Request>() <= 48);
const _: () = {
    const fn crosses_shards<T: Send + 'static>() {}
    crosses_shards::<Request>();
};

impl Request {
    /// Copies what the command borrows. The reply is to be spelled in `protocol`, if it is not put
    /// together from parts.
    pub(crate) fn new(command: &DataCommand<'_>, protocol: Protocol) -> Self {
        match *command {
            DataCommand::Get(key) => Self::Get(key.into()),
            DataCommand::Set(SetCommand { key, value, rule, previous }) => {
                Self::Set { record: Record::new(key, value), rule, previous }
            }
            DataCommand::IncrBy { key, delta } => Self::IncrBy { key: key.into(), delta },
            DataCommand::Expire { key, at_ms, condition } => {
                Self::Expire { key: key.into(), at_ms, condition }
            }
            DataCommand::Ttl { key, unit } => Self::Ttl { key: key.into(), unit },
            DataCommand::Many(ManyCommand::Keys { op, keys }) => {
                Self::Keys { op, keys: keys.iter().map(SmallBytes::from).collect() }
            }
            DataCommand::Many(ManyCommand::Set(pairs)) => {
                Self::SetAll(pairs.iter().map(|(key, value)| Record::new(key, value)).collect())
            }
            DataCommand::Handled(handled) => Self::Call(Box::new(handled.call.to_owned(protocol))),
        }
    }
}
