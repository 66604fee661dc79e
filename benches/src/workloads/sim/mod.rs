//! The simulator: messages within a node and between nodes, seeds, idle time, and what the check
//! for determinism and the search for a smaller failure cost. The trace hash is on throughout.
//!
//! A message is one delivery: to an actor's handler within a node, of one frame of sixteen bytes
//! between nodes. There the frames go over simulated TCP, one to a segment, since a cluster's own
//! transport does not exist yet. The same ping-pong on other simulators is in
//! `benches/compare/sims`.

mod campaigns;
mod idle;
mod pass;
mod ping_pong;
mod streams;

pub(crate) use campaigns::{measure_check, measure_shrink};
pub(crate) use idle::measure_hour;
pub(crate) use pass::{measure_flatness, measure_messages, measure_seeds};
pub(crate) use ping_pong::measure_ping_pong;
pub(crate) use streams::measure_streams;
