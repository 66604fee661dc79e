//! Commands: a table that describes them, and parsers that turn arguments into a typed
//! [`Command`].
//!
//! The table is the one place that knows a command's name, arity, keys, and what is done with it;
//! `COMMAND` answers from it and [`look_up`] works from it. Its rows stand with the families of
//! commands in [`crate::family`], and here with those that a connection answers itself. Adding a
//! command is a row and a handler; one that is to be split over shards gets a parser and a variant
//! instead, and then the compiler names the places that must say what it does.
//!
//! Times become absolute when a command is called: a request that waits for its shard does not
//! live longer for it.

mod call;
mod error;
mod hello;
pub(crate) mod parse;
mod session;
pub(crate) mod set;
mod spec;
mod table;
mod time;
mod typed;

pub(crate) use call::{Call, Handled, ListedCall, OwnedCall};
pub(crate) use error::CommandError;
pub(crate) use spec::{KeySpec, Spec};
pub(crate) use table::{TABLE, find, look_up};
pub(crate) use time::Time;
pub(crate) use typed::{
    ClientCommand, Combination, Command, CommandQuery, ConfigCommand, DataCommand, Hello,
    InfoSections, KeysOp, KeyspaceCommand, ManyCommand, Pairs, SessionCommand, SetCommand,
    Subscription, TransactionCommand, TtlUnit,
};
