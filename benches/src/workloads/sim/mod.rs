//! The simulator: messages within a node and between nodes, seeds, idle time, and what the check
//! for determinism and the search for a smaller failure cost. The trace hash is on throughout.
//!
//! A message is one delivery to an actor's handler. Between nodes it is a frame of sixteen bytes on
//! simulated TCP: many at a time between many actors (`network`), or one to and fro on each
//! connection, each frame in a segment of its own (`streams`). The latter, and the same with
//! datagrams (`datagrams`), is compared with other simulators in `benches/compare/sims`, and costs
//! what operations and segments do, many times as much as a delivery.

mod campaigns;
mod datagrams;
mod flat;
mod idle;
mod network;
mod pass;
mod ping_pong;
mod rate;
mod streams;

pub(crate) use campaigns::{measure_check, measure_shrink};
pub(crate) use datagrams::measure_datagrams;
pub(crate) use flat::measure_flatness;
pub(crate) use idle::measure_hour;
pub(crate) use network::measure_network;
pub(crate) use pass::{measure_messages, measure_seeds};
pub(crate) use ping_pong::measure_ping_pong;
pub(crate) use streams::measure_streams;
