//! What a command asks for, with its arguments checked and borrowed.
//!
//! The variants are grouped by who answers, so that each executor matches exactly the commands
//! that can reach it.

use super::Handled;
use crate::resp::{Args, Protocol};
use crate::store::{DeadlineCondition, SetRule};

/// A command of any kind.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Command<'a> {
    /// Answered by the connection itself.
    Session(SessionCommand<'a>),
    /// Answered by the owners of its keys.
    Data(DataCommand<'a>),
    /// Answered by all shards together.
    Keyspace(KeyspaceCommand<'a>),
}

/// A command on keys.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DataCommand<'a> {
    /// `GET`
    Get(&'a [u8]),
    /// `SET`
    Set(SetCommand<'a>),
    /// `INCR`, `DECR`, `INCRBY`, `DECRBY`
    IncrBy { key: &'a [u8], delta: i64 },
    /// `EXPIRE`; `at_ms` is unix time.
    Expire { key: &'a [u8], at_ms: i64, condition: DeadlineCondition },
    /// `TTL`, `PTTL`
    Ttl { key: &'a [u8], unit: TtlUnit },
    /// Commands on any number of keys.
    Many(ManyCommand<'a>),
    /// All others, which a handler carries out.
    Handled(Handled<'a>),
}

/// `SET` with its options.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SetCommand<'a> {
    /// The key.
    pub(crate) key: &'a [u8],
    /// The value.
    pub(crate) value: &'a [u8],
    /// When to write, and with which deadline.
    pub(crate) rule: SetRule,
    /// Whether to answer with the value that was there before (`GET`).
    pub(crate) previous: bool,
}

/// In which unit to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TtlUnit {
    /// `TTL`, rounded to the nearest.
    Seconds,
    /// `PTTL`
    Milliseconds,
}

/// A command that treats each of several keys alike, so that it can be split between them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ManyCommand<'a> {
    /// `DEL`, `EXISTS`, `MGET`, `SINTER`, `SUNION`, `SDIFF`
    Keys { op: KeysOp, keys: Args<'a> },
    /// `MSET`
    Set(Pairs<'a>),
}

/// What to do with each of several keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeysOp {
    /// `DEL`: answered with how many there were.
    Del,
    /// `EXISTS`: answered with how many there are; a key given twice counts twice.
    Exists,
    /// `MGET`: answered with the values, in order.
    Get,
    /// Answered with the members of the sets together.
    Combine(Combination),
}

/// How sets are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Combination {
    /// `SINTER`: what is in all of them.
    Inter,
    /// `SUNION`: what is in any of them.
    Union,
    /// `SDIFF`: what is in the first and in no other.
    Diff,
}

/// Keys, each followed by its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pairs<'a>(pub(super) Args<'a>);

impl<'a> Pairs<'a> {
    /// Key and value, pair after pair.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let values = self.0.tail(1).iter().step_by(2);
        self.0.iter().step_by(2).zip(values)
    }
}

impl<'a> ManyCommand<'a> {
    /// The keys in order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        match self {
            Self::Keys { keys, .. } => keys.iter().step_by(1),
            Self::Set(pairs) => pairs.0.iter().step_by(2),
        }
    }
}

/// A command that concerns every shard.
#[derive(Debug, Clone, Copy)]
pub(crate) enum KeyspaceCommand<'a> {
    /// `DBSIZE`
    DbSize,
    /// `FLUSHALL`, `FLUSHDB`
    Flush,
    /// `INFO`
    Info(InfoSections),
    /// `KEYS`, with its pattern.
    Keys(&'a [u8]),
    /// `RANDOMKEY`
    RandomKey,
    /// `PUBLISH`
    Publish { channel: &'a [u8], message: &'a [u8] },
}

/// The sections that `INFO` was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct InfoSections {
    /// `server`
    pub(crate) server: bool,
    /// `memory`
    pub(crate) memory: bool,
    /// `stats`
    pub(crate) stats: bool,
    /// `keyspace`
    pub(crate) keyspace: bool,
}

/// A command that needs no key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SessionCommand<'a> {
    /// `PING`, with the message to repeat if there is one.
    Ping(Option<&'a [u8]>),
    /// `ECHO`
    Echo(&'a [u8]),
    /// `QUIT`
    Quit,
    /// `SELECT` of the only database.
    Select,
    /// `AUTH` of the default user, who has no password.
    Auth,
    /// `HELLO`
    Hello(Hello<'a>),
    /// `SUBSCRIBE` and its kin.
    Subscription(Subscription<'a>),
    /// `MULTI`, `EXEC`, `DISCARD`
    Transaction(TransactionCommand),
    /// `CLIENT`
    Client(ClientCommand<'a>),
    /// `CONFIG`
    Config(ConfigCommand<'a>),
    /// `COMMAND`
    Command(CommandQuery<'a>),
}

/// `CLIENT ..`
#[derive(Debug, Clone, Copy)]
pub(crate) enum ClientCommand<'a> {
    /// `CLIENT ID`
    Id,
    /// `CLIENT INFO`, and `CLIENT LIST`, which lists this connection alone.
    Info { name: &'static str },
    /// `CLIENT GETNAME`
    Name,
    /// `CLIENT SETNAME`; an empty name takes it away.
    SetName(&'a [u8]),
    /// `CLIENT SETINFO LIB-NAME`
    SetLibraryName(&'a [u8]),
    /// `CLIENT SETINFO LIB-VER`
    SetLibraryVersion(&'a [u8]),
    /// `CLIENT NO-EVICT`: accepted, and without effect: no connection is ever evicted.
    NoEvict,
    /// `CLIENT HELP`
    Help,
}

/// `CONFIG ..`
#[derive(Debug, Clone, Copy)]
pub(crate) enum ConfigCommand<'a> {
    /// `CONFIG GET` of the parameters that match one of these patterns.
    Get(Args<'a>),
    /// `CONFIG HELP`
    Help,
}

/// `COMMAND ..`
#[derive(Debug, Clone, Copy)]
pub(crate) enum CommandQuery<'a> {
    /// `COMMAND`, and `COMMAND INFO` without names.
    All,
    /// `COMMAND INFO` of these names.
    Info(Args<'a>),
    /// `COMMAND COUNT`
    Count,
    /// `COMMAND DOCS`: answered as for names that have no documentation.
    Docs,
    /// `COMMAND HELP`
    Help,
}

/// `HELLO ..`
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Hello<'a> {
    /// The protocol to go on with, if it is to be another.
    pub(crate) protocol: Option<Protocol>,
    /// What the connection is called from now on.
    pub(crate) name: Option<&'a [u8]>,
}

/// `SUBSCRIBE` and its kin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subscription<'a> {
    /// `P..`: the names are patterns.
    pub(crate) patterns: bool,
    /// `UN..`: the end of it; without names, of all.
    pub(crate) ends: bool,
    /// Channels or patterns.
    pub(crate) names: Args<'a>,
}

/// What marks a transaction's begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TransactionCommand {
    /// `MULTI`
    Multi,
    /// `EXEC`
    Exec,
    /// `DISCARD`
    Discard,
}
