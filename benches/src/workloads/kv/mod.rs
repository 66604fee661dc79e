//! The example `kv`, and Redis beside it, under `redis-benchmark`.
//!
//! One server at a time runs bound to one core, with one shard, and the client to another core. A
//! sample is a server that is started, warmed up, measured, and ended: so every sample has its own
//! heap and its own connections, and nobody's idle server disturbs the other's. Both servers get
//! the same number of requests, in turn, at each depth of pipelining.
//!
//! What is asked is `redis-benchmark -t set,get -c 50 -d 64 -P 1` and `-P 16`: one key, values of
//! 64 bytes, 50 connections. Told are requests a second, and the CPU time of all the server's threads
//! for each request, by the kernel's own count; and from both, how busy the server was. Where it was
//! not busy all the time, the client was what limits the rate.
//!
//! With `--bare`, a third server answers as well: one that does the least, and never sleeps. What the
//! client gets from that one is about all it can get, so it tells how much a better server could gain.
//!
//! The same again, told as `lean`, under a client of our own that sends requests which were encoded
//! before and counts the bytes of the replies: it costs less than either server, so the server is
//! what limits the rate.
//!
//! `kv_shards` holds two shards, on both cores, against one, with 100,000 keys, under either client.
//! Where there are two cores the client takes its part of them. `redis-benchmark` has one thread,
//! which is bound to the second core, so one shard has a core of its own and two have not: the rates
//! say little there, and the CPU time says what a request costs that comes to one shard and is
//! served by another. The lean client has the second core for itself beside one shard; beside two it
//! has a thread on each core, so that both cores carry the same.

mod client;
mod lean;
mod load;
mod measure;
mod server;
mod shards;

pub(crate) use measure::measure;
pub(crate) use shards::measure as measure_shards;
