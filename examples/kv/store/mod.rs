//! One shard's keyspace.
//!
//! A [`Store`] belongs to one shard and is reached only by that shard's tasks, so it needs no
//! lock, and every operation on one key is atomic because nothing else runs meanwhile. It has no
//! clock: the present is an argument, in milliseconds of unix time.
//!
//! **One block a key.** A key and its value lie in one allocation ([`Record`]), next to each
//! other: a hit costs one cache miss for both, a new key costs one allocation, and a record built
//! on one shard becomes an entry of another without a copy.
//!
//! **Expiry is exact.** Redis samples keys at random to find dead ones; here the deadlines are
//! also kept in order, so [`Store::expire_some`] pops exactly the dead and its cost is bounded by
//! its argument. A key without a deadline pays nothing for it. A dead key is never seen: every
//! access checks.

mod deadline;
mod expiry;
mod keyspace;
mod ledger;
mod record;
mod write;

pub(crate) use deadline::Deadline;
pub(crate) use expiry::{DeadlineCondition, Order, Ttl};
pub(crate) use keyspace::{Stats, Store};
pub(crate) use record::Record;
pub(crate) use write::{Condition, Expiry, IncrError, SetRule};
