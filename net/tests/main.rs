//! Tests of `greenroom-net` on one shard whose network is a few queues in memory.

mod adapters;
mod conformance;
mod loopback;
mod serving;
mod streams;
