//! The families of commands on keys: the rows of the command table, and what carries them out.
//!
//! A family is a file, or two: its rows first, then a *handler* a command. A handler is given the
//! call and the store that owns all its keys, checks the arguments in the order in which Redis
//! checks them, and writes the reply. Where the keys of a call live is none of its business: on the
//! connection's own shard it runs on the arguments in the receive buffer, for another shard the
//! arguments are copied, travel, and it runs there.
//!
//! The busiest commands (`GET`, `SET`, `INCR`) and those that can be split over several shards have
//! a typed form instead; their rows name a parser of [`crate::command`].

mod arguments;
mod flags;
mod hashes;
mod keys;
mod lists;
mod ranges;
mod scan;
mod sets;
mod sorted_sets;
mod strings;
mod substrings;
mod zadd;
mod zrange;

use crate::command::CommandError;
use flags::{
    FAST_READ, FAST_REMOVE, FAST_WRITE, INSERT, META, OVERWRITE, READ, READ_REMOVE, READ_WRITE,
    REMOVE, SLOW_READ, SLOW_REMOVE, SLOW_WRITE, UPDATE,
};

pub(crate) use hashes::HASHES;
pub(crate) use keys::KEYS;
pub(crate) use lists::LISTS;
pub(crate) use scan::shard_of_cursor;
pub(crate) use sets::SETS;
pub(crate) use sorted_sets::SORTED_SETS;
pub(crate) use strings::STRINGS;

/// What a handler comes to; it has written the reply, unless that is the error.
type Done<'a> = Result<(), CommandError<'a>>;
