//! The example `kv`, and Redis beside it, under `redis-benchmark`.
//!
//! One server at a time runs bound to one core, with one shard, and the client to another core. A
//! sample is a server that is started, warmed up, measured, and ended: so every sample has its own
//! heap and its own connections, and nobody's idle server disturbs the other's. Both servers get
//! the same number of requests, in turn, at each depth of pipelining.
//!
//! What is asked is `redis-benchmark -t set,get -c 50 -d 64 -P 1` and `-P 16`: one key, values of
//! 64 bytes, 50 connections. Told are requests a second, and the CPU time of all the server's threads
//! for each request, by the kernel's own count.
//!
//! `kv_shards` holds two shards, on both cores, against one, with 100,000 keys. Where there are two
//! cores the client takes its part of the second one, so the rates say little; the CPU time for a
//! request says what a request costs that comes to one shard and is served by another.

mod client;
mod measure;
mod server;
mod shards;

pub(crate) use measure::measure;
pub(crate) use shards::measure as measure_shards;
