//! The list of bodies.

use super::*;
use greenroom_core::System;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

/// One body and its name.
#[derive(Clone, Copy)]
pub struct Body {
    /// The body's name, as its function's.
    pub name: &'static str,
    run: fn(System) -> Pin<Box<dyn Future<Output = ()>>>,
}

impl Body {
    /// The body, to be run as a task of a shard of `system`.
    #[must_use]
    pub fn run(&self, system: System) -> Pin<Box<dyn Future<Output = ()>>> {
        (self.run)(system)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Body").field(&self.name).finish()
    }
}

macro_rules! bodies {
    ($($name:ident),+ $(,)?) => {
        &[$(Body { name: stringify!($name), run: |system| Box::pin($name(system)) }),+]
    };
}

/// All bodies of TCP.
pub const ALL: &[Body] = bodies![
    echo,
    half_close,
    halves_end_one_by_one,
    connect_refused,
    poll_style_echo,
    close_with_receive_under_way,
    dropped_accept_leaks_nothing,
    dropped_receive_loses_nothing,
    dropped_send_is_explicit,
    slow_reader_backpressure,
    many_connections,
    large_transfer_is_intact,
    frames_round_trip,
    attach_feeds_an_actor,
    attach_slows_the_peer_down,
    server_limit,
    server_drain,
    handler_panic_is_isolated,
];

/// All bodies of UDP.
pub const DATAGRAMS: &[Body] = bodies![
    datagrams_echo,
    long_datagrams_are_cut,
    the_longest_datagram_arrives,
    a_peer_is_heard_alone,
    a_peer_that_is_gone_is_told,
    an_address_is_taken_once,
    a_dropped_receive_loses_no_datagram,
    datagrams_wait_in_order,
    many_tasks_send_from_one_socket,
    close_with_receive_from_under_way,
];

/// One body that has a directory of its own, and its name.
#[derive(Clone, Copy)]
pub struct DirectoryBody {
    /// The body's name, as its function's.
    pub name: &'static str,
    run: fn(PathBuf) -> Pin<Box<dyn Future<Output = ()>>>,
}

impl DirectoryBody {
    /// The body, to be run as a task of a shard, with an empty directory whose name is short and
    /// nobody else's.
    #[must_use]
    pub fn run(&self, directory: PathBuf) -> Pin<Box<dyn Future<Output = ()>>> {
        (self.run)(directory)
    }
}

impl fmt::Debug for DirectoryBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DirectoryBody").field(&self.name).finish()
    }
}

macro_rules! directory_bodies {
    ($($name:ident),+ $(,)?) => {
        &[$(DirectoryBody { name: stringify!($name), run: |path| Box::pin($name(path)) }),+]
    };
}

/// All bodies of Unix sockets.
pub const UNIX: &[DirectoryBody] = directory_bodies![
    unix_echo,
    a_stale_file_is_in_the_way,
    an_abstract_name_is_free_again,
    a_busy_unix_stream_closes,
    a_dropped_unix_accept_leaks_nothing,
    a_slow_unix_reader_holds_the_sender_back,
];
