//! The conformance bodies on the loopback network, for many seeds each.

use greenroom_net::conformance;

use crate::loopback::Rig;

macro_rules! on_loopback {
    ($($name:ident: $seeds:literal),+ $(,)?) => {
        $(
            #[test]
            fn $name() {
                for seed in 0..$seeds {
                    Rig::new(seed).run(conformance::$name);
                }
            }
        )+

        #[test]
        fn no_body_is_left_out() {
            let here = [$(stringify!($name)),+];
            let all: Vec<_> = conformance::ALL.iter().map(|body| body.name).collect();
            assert_eq!(here, *all);
        }
    };
}

on_loopback! {
    echo: 20,
    half_close: 50,
    halves_end_one_by_one: 50,
    connect_refused: 10,
    poll_style_echo: 20,
    close_with_receive_under_way: 50,
    dropped_accept_leaks_nothing: 50,
    dropped_receive_loses_nothing: 20,
    dropped_send_is_explicit: 4,
    slow_reader_backpressure: 10,
    many_connections: 20,
    large_transfer_is_intact: 6,
    frames_round_trip: 20,
    attach_feeds_an_actor: 50,
    attach_slows_the_peer_down: 10,
    server_limit: 50,
    server_drain: 50,
    handler_panic_is_isolated: 10,
}

/// A body of the list is the function of its name.
#[test]
fn the_list_runs_its_bodies() {
    let body = conformance::ALL.iter().find(|body| body.name == "connect_refused").unwrap();
    Rig::new(0).run(|system| body.run(system));
}
