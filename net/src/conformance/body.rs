//! The list of bodies.

use super::*;
use greenroom_core::System;
use std::fmt;
use std::future::Future;
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

/// All bodies.
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
