//! One shard's keyspace.
//!
//! A [`Store`] belongs to one shard and is reached only by that shard's tasks, so it needs no
//! lock, and every operation on one key is atomic because nothing else runs meanwhile. It has no
//! clock: the present is an argument, in milliseconds of unix time.
//!
//! **One block a string.** A key and its string lie in one allocation ([`Record`]), next to each
//! other: a hit costs one cache miss for both, a new key costs one allocation, and a record built
//! on one shard becomes an entry of another without a copy.
//!
//! **A type a module.** A collection ([`List`], [`Hash`](struct@Hash), [`Set`], [`SortedSet`]) is reached through
//! a [`Keyspace`], which is the store at one instant: it refuses what holds another type, makes a
//! collection that is missing, removes one that was emptied, and keeps the books.
//!
//! **Expiry is exact.** Redis samples keys at random to find dead ones; here the deadlines are
//! also kept in order, so [`Store::expire_some`] pops exactly the dead and its cost is bounded by
//! its argument. A key without a deadline pays nothing for it. A dead key is never seen: every
//! access checks.

mod access;
mod deadline;
mod expiry;
mod hash;
mod keyspace;
mod ledger;
mod list;
mod record;
mod refusal;
mod rename;
mod set;
mod sorted_set;
mod text;
mod value;
mod walk;
mod write;

pub(crate) use access::Keyspace;
pub(crate) use deadline::Deadline;
pub(crate) use expiry::{DeadlineCondition, Order, Ttl};
pub(crate) use hash::Hash;
pub(crate) use keyspace::{Place, Stats, Store};
pub(crate) use list::{End, List};
pub(crate) use record::Record;
pub(crate) use refusal::Refusal;
pub(crate) use rename::Renamed;
pub(crate) use set::Set;
pub(crate) use sorted_set::{Score, ScoreRange, SortedSet};
pub(crate) use value::{Data, Kind};
pub(crate) use write::{Condition, Expiry, SetRule};
