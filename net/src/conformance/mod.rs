//! What every driver's network must do, as test bodies.
//!
//! A body runs as a task of one shard, uses nothing but the public interface of `greenroom-core`
//! and of this crate, listens on port 0 of loopback, and panics when something is not as it must
//! be. It never asks what time it is: a body that waits, waits for an event, and one that looks
//! whether something does *not* happen looks for a while at something that cannot happen however
//! long it looks. The runner looks for what a body cannot see: operations and sockets that are left
//! when it has ended.

mod body;
mod cancel;
mod frames;
mod pressure;
mod servers;
mod streams;
mod support;

pub use body::{ALL, Body};
pub use cancel::{
    close_with_receive_under_way, dropped_accept_leaks_nothing, dropped_receive_loses_nothing,
    dropped_send_is_explicit,
};
pub use frames::{attach_feeds_an_actor, attach_slows_the_peer_down, frames_round_trip};
pub use pressure::{large_transfer_is_intact, many_connections, slow_reader_backpressure};
pub use servers::{handler_panic_is_isolated, server_drain, server_limit};
pub use streams::{connect_refused, echo, half_close, halves_end_one_by_one, poll_style_echo};
