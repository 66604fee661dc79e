//! The suite in the simulator: a test per body, so that a failing seed repeats by the test's name.

use greenroom_testkit::Campaign;

use super::actors as actor_bodies;

/// Seeds of each body, unless `SIM_SEEDS` says otherwise.
const SEEDS: u64 = 20;

fn campaign(test: &str) -> Campaign {
    Campaign::new(test).seeds(SEEDS).runtime(|builder, _| builder.shards(2))
}

/// A test for each body of a list, and one that the list is complete.
macro_rules! tests {
    ($list:expr, $($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                let body = *$list.iter().find(|body| body.name == stringify!($name)).unwrap();
                campaign(concat!(module_path!(), "::", stringify!($name)).split_once("::").unwrap().1)
                    .run(|sim| run(sim, body));
            }
        )+

        #[test]
        fn every_body_has_a_test() {
            let tested = [$(stringify!($name)),+];
            assert!($list.iter().map(|body| body.name).eq(tested));
        }
    };
}

mod actors {
    use greenroom_testkit::TestRuntime;

    use super::super::Body;
    use super::{actor_bodies, campaign};

    fn run(sim: &mut TestRuntime, body: Body) {
        sim.run(async move |system| (body.run)(system).await);
    }

    tests! {
        actor_bodies::ALL,
        casts_keep_their_order
        calls_answer_from_here_and_there
        many_calls_run_together
        a_dropped_port_fails_its_caller
        a_deadline_ends_a_call
        a_cycle_over_two_shards_is_found
        a_panic_ends_one_actor
        an_exit_is_known_before_and_after
        a_drain_handles_what_was_sent
        a_full_mailbox_parks_and_loses_nothing
        a_circle_of_full_mailboxes_is_broken
        a_failed_start_is_told
        timers_come_and_are_not_early
        blocking_work_comes_back
    }
}

mod blocking {
    use greenroom_testkit::TestRuntime;

    use super::super::Body;
    use super::super::blocking::ALL;
    use super::campaign;

    fn run(sim: &mut TestRuntime, body: Body) {
        sim.run(async move |system| (body.run)(system).await);
    }

    tests! {
        ALL,
        a_job_comes_back_and_its_panic_too
        a_job_that_is_given_up_runs_to_its_end
        messages_are_handled_in_order
        an_actor_that_is_not_send_has_a_thread
        a_panic_ends_that_actor
        a_restart_handles_all_but_the_message_that_crashed
        a_failed_start_is_told
        a_stop_gives_back_what_is_queued
        a_drain_handles_what_was_sent
        a_kill_fails_every_caller
        a_full_mailbox_parks_and_loses_nothing
        what_a_handler_sends_arrives_in_order
        an_actor_that_says_so_stops
    }
}

mod networks {
    use greenroom_net::conformance::{ALL, Body};
    use greenroom_testkit::TestRuntime;

    use super::campaign;

    fn run(sim: &mut TestRuntime, body: Body) {
        sim.run(async move |system| body.run(system).await);
    }

    tests! {
        ALL,
        echo
        half_close
        halves_end_one_by_one
        connect_refused
        poll_style_echo
        close_with_receive_under_way
        dropped_accept_leaks_nothing
        dropped_receive_loses_nothing
        dropped_send_is_explicit
        slow_reader_backpressure
        many_connections
        large_transfer_is_intact
        frames_round_trip
        attach_feeds_an_actor
        attach_slows_the_peer_down
        server_limit
        server_drain
        handler_panic_is_isolated
    }
}

mod datagrams {
    use greenroom_net::conformance::{Body, DATAGRAMS};
    use greenroom_testkit::TestRuntime;

    use super::campaign;

    fn run(sim: &mut TestRuntime, body: Body) {
        sim.run(async move |system| body.run(system).await);
    }

    tests! {
        DATAGRAMS,
        datagrams_echo
        long_datagrams_are_cut
        the_longest_datagram_arrives
        a_peer_is_heard_alone
        a_peer_that_is_gone_is_told
        an_address_is_taken_once
        a_dropped_receive_loses_no_datagram
        datagrams_wait_in_order
        many_tasks_send_from_one_socket
        close_with_receive_from_under_way
    }
}

mod unix {
    use std::path::PathBuf;

    use greenroom_net::conformance::{DirectoryBody, UNIX};
    use greenroom_testkit::TestRuntime;

    use super::campaign;

    fn run(sim: &mut TestRuntime, body: DirectoryBody) {
        sim.run(async move |_| body.run(PathBuf::from("conformance")).await);
    }

    tests! {
        UNIX,
        unix_echo
        a_stale_file_is_in_the_way
        an_abstract_name_is_free_again
        a_busy_unix_stream_closes
        a_dropped_unix_accept_leaks_nothing
        a_slow_unix_reader_holds_the_sender_back
    }
}

mod durable {
    use super::super::durable::ALL;
    use super::campaign;
    use super::files::run;

    tests! {
        ALL,
        a_write_and_its_sync_are_one
        a_write_and_its_sync_say_why_not
        many_durable_writes_run_together
        a_durable_file_is_written_like_any_other
        blocks_are_written_and_read
        a_direct_file_takes_blocks_alone
    }
}

mod files {
    use std::path::PathBuf;

    use greenroom_testkit::TestRuntime;

    use super::super::files::{ALL, FileBody};
    use super::campaign;

    pub(super) fn run(sim: &mut TestRuntime, body: FileBody) {
        sim.run(async move |_| (body.run)(PathBuf::from("conformance")).await);
    }

    tests! {
        ALL,
        what_was_written_is_read_back
        names_and_lengths_change
        what_cannot_be_done_says_why
        operations_given_up_do_no_harm
        many_operations_run_together
        a_close_comes_after_what_is_under_way
    }
}
