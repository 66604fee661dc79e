//! What one shard asks of another.

use crate::bytes::SmallBytes;
use crate::command::{Call, KeysOp, OwnedCall};
use crate::store::Record;

/// One shard's part of a command over several; it owns all it needs.
#[derive(Debug)]
pub(crate) enum Request {
    /// Commands on several keys.
    Keys { op: KeysOp, keys: Box<[SmallBytes]> },
    /// `MSET`; the records become the table's own.
    SetAll(Box<[Record]>),
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

/// What is asked of the one shard that owns all keys concerned; it spells the reply.
#[derive(Debug)]
pub(crate) enum Asked<'a> {
    /// The call, whose arguments are still in the receive buffer.
    Call(Call<'a>),
    /// `EXEC`: all of it, with nothing in between.
    Transaction(Box<[Step]>),
}

/// One command of a transaction.
#[derive(Debug)]
pub(crate) enum Step {
    /// To be carried out.
    Call(OwnedCall),
    /// The connection has answered it itself, with this reply.
    Answered(SmallBytes),
}
