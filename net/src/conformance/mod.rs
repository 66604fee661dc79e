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
mod datagrams;
mod frames;
mod pressure;
mod servers;
mod streams;
mod support;
mod unix;

pub use body::{ALL, Body, DATAGRAMS, DirectoryBody, UNIX};
pub use cancel::{
    close_with_receive_under_way, dropped_accept_leaks_nothing, dropped_receive_loses_nothing,
    dropped_send_is_explicit,
};
pub use datagrams::{
    a_dropped_receive_loses_no_datagram, a_peer_is_heard_alone, a_peer_that_is_gone_is_told,
    an_address_is_taken_once, close_with_receive_from_under_way, datagrams_echo,
    datagrams_wait_in_order, long_datagrams_are_cut, many_tasks_send_from_one_socket,
    the_longest_datagram_arrives,
};
pub use frames::{attach_feeds_an_actor, attach_slows_the_peer_down, frames_round_trip};
pub use pressure::{large_transfer_is_intact, many_connections, slow_reader_backpressure};
pub use servers::{handler_panic_is_isolated, server_drain, server_limit};
pub use streams::{connect_refused, echo, half_close, halves_end_one_by_one, poll_style_echo};
pub use unix::{
    a_busy_unix_stream_closes, a_dropped_unix_accept_leaks_nothing,
    a_slow_unix_reader_holds_the_sender_back, a_stale_file_is_in_the_way,
    an_abstract_name_is_free_again, unix_echo,
};
