//! Which shard answers what.
//!
//! Keys are spread as in Redis Cluster: a key's *slot* is the CRC16 of its hash tag modulo 16384
//! ([`slot()`](slot::slot)), and each shard owns one contiguous range of slots. Clients that already place keys
//! that belong together under one `{tag}` find them on one shard here as well.
//!
//! A command then goes one of these ways ([`Route`]). Redis Cluster refuses a command whose keys
//! live on several nodes (`CROSSSLOT`); here it is split into one request a shard, whose replies
//! are gathered in the order of the keys ([`Fanout`]). What that costs is atomicity: **`MSET`,
//! `MGET`, `DEL`, `UNLINK`, `EXISTS`, `SINTER`, `SUNION` and `SDIFF` over several shards are atomic
//! for each key alone.** Another client may see some keys of an `MSET` written and others not yet,
//! and an `MGET` may read one key before and another after somebody's `MSET`. Under one `{tag}` they
//! are atomic, because one shard does all of it. The same holds for `FLUSHALL`, `DBSIZE`, `KEYS`,
//! `RANDOMKEY` and `INFO`.
//!
//! Where half of the work would be worse than none, nothing is split: `RENAME`, `RENAMENX` and
//! transactions over several shards are refused with `CROSSSLOT`, as Redis Cluster does.

mod fanout;
mod gather;
mod slot;
mod way;

pub(crate) use fanout::{Fanout, Part};
pub(crate) use gather::Gather;
#[cfg(test)]
pub(crate) use slot::slot;
pub(crate) use way::{Route, ShardMap};
