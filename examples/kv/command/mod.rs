//! Commands: a table that describes them, and parsers that turn arguments into a typed
//! [`Command`].
//!
//! The table is the one place that knows a command's name, arity, keys and parser; `COMMAND`
//! answers from it and [`parse()`] works from it. Adding a command is a row, a parser, a variant,
//! and then the compiler names the places that must say what it does.
//!
//! Everything that depends on the arguments alone is decided here, in the order in which Redis
//! decides it, so what reaches a store can fail only because of what the store holds. Times
//! become absolute here too: a request that waits for its shard does not live longer for it.

mod error;
mod parse;
mod session;
mod set;
mod spec;
mod table;
mod typed;

pub(crate) use error::CommandError;
pub(crate) use spec::{KeySpec, Spec};
pub(crate) use table::{TABLE, find, parse};
pub(crate) use typed::{
    ClientCommand, Command, CommandQuery, ConfigCommand, DataCommand, InfoSections, KeysOp,
    KeyspaceCommand, ManyCommand, Pairs, SessionCommand, SetCommand, TtlUnit,
};
