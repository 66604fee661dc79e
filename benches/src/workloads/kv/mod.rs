//! The example `kv`, and Redis beside it, under `redis-benchmark`.
//!
//! One server at a time runs bound to one core, with one shard, and the client to another core. A
//! sample is a server that is started, warmed up, measured, and ended: so every sample has its own
//! heap and its own connections, and nobody's idle server disturbs the other's. Both servers get
//! the same number of requests, in turn, at each depth of pipelining.
//!
//! What is asked is `redis-benchmark -t set,get -c 50 -d 64 -P 1` and `-P 16`: one key, values of
//! 64 bytes, 50 connections.

mod client;
mod measure;
mod server;

pub(crate) use measure::measure;
