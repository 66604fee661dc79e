//! What goes wrong between nodes.

use std::cell::RefCell;
use std::io::{Error, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use greenroom_core::runtime::SocketId;
use greenroom_core::{sleep, spawn_local};
use greenroom_testkit::{Campaign, Crash, Fault, Faults, TestRuntime};

use super::actors::is_whole;
use super::sockets_io::{accept, close, connect, listen, receive, send};

/// What the client heard, in order.
type Heard = Rc<RefCell<Vec<Result<Vec<u8>, ErrorKind>>>>;

/// Sends back what comes, until the connection ends.
async fn echo(stream: SocketId) {
    while let Ok(bytes) = receive(stream).await {
        if bytes.is_empty() || send(stream, &bytes).await.is_err() {
            break;
        }
    }
    close(stream).await;
}

/// Node 1 sends back what it gets.
fn serve(sim: &mut TestRuntime) {
    drop(sim.start_on(1, async |_| {
        let listener = listen("0.0.0.0:80").await.unwrap();
        loop {
            spawn_local(echo(accept(listener).await.unwrap()));
        }
    }));
    sim.advance(Duration::from_secs(1));
}

/// Talks to the server over one connection after the other.
async fn talk(times: u32) -> Vec<Result<Vec<u8>, Error>> {
    let mut all = Vec::new();
    for _ in 0..times {
        all.push(ask().await);
    }
    all
}

async fn ask() -> Result<Vec<u8>, Error> {
    let stream = connect("10.0.0.2:80".parse().unwrap()).await?;
    let asked = async {
        send(stream, b"x").await?;
        receive(stream).await
    };
    let answer = asked.await;
    close(stream).await;
    answer
}

/// Sends a byte over a connection that stands, and listens to what comes.
fn ask_later(sim: &mut TestRuntime) -> (SocketId, Heard) {
    let stream = sim.run(async |_| connect("10.0.0.2:80".parse().unwrap()).await.unwrap());
    sim.advance(Duration::from_secs(1));
    let heard = Heard::default();
    (stream, heard)
}

fn ask_on(sim: &mut TestRuntime, stream: SocketId, heard: &Heard) {
    let heard = heard.clone();
    drop(sim.start_on(0, async move |_| {
        let answer = match send(stream, b"x").await {
            Ok(()) => receive(stream).await,
            Err(error) => Err(error),
        };
        heard.borrow_mut().push(answer.map_err(|error| error.kind()));
    }));
}

const MINUTE: Duration = Duration::from_secs(60);

fn two_nodes(name: &str, seeds: u64, faults: Faults) -> Campaign {
    Campaign::new(name).seeds(seeds).runtime(move |builder, _| builder.nodes(2).faults(faults))
}

#[test]
fn a_partition_stops_both_ways_until_it_is_healed() {
    let name = "sim::net_faults::a_partition_stops_both_ways_until_it_is_healed";
    two_nodes(name, 50, Faults::none()).run(|sim| {
        serve(sim);
        let (stream, heard) = ask_later(sim);
        match sim.draw(3) {
            0 => sim.partition(0, 1),
            1 => sim.isolate(1),
            _ => sim.partition(std::net::IpAddr::from([10, 0, 0, 1]), 1),
        }
        ask_on(sim, stream, &heard);
        sim.advance(MINUTE);
        assert_eq!(*heard.borrow(), [], "something passed");
        let stopped = sim.fault_effects(Fault::Partition) + sim.fault_effects(Fault::Isolation);
        assert!(stopped > 0, "nothing was stopped");
        sim.heal();
        sim.advance(MINUTE);
        assert_eq!(*heard.borrow(), [Ok(b"x".to_vec())], "it did not come after all");
    });
}

#[test]
fn a_one_way_partition_lets_the_question_pass_and_not_the_answer() {
    let name = "sim::net_faults::a_one_way_partition_lets_the_question_pass_and_not_the_answer";
    two_nodes(name, 50, Faults::none()).run(|sim| {
        let asked = Rc::new(RefCell::new(0));
        let count = asked.clone();
        drop(sim.start_on(1, async move |_| {
            let stream = accept(listen("0.0.0.0:80").await.unwrap()).await.unwrap();
            *count.borrow_mut() += receive(stream).await.unwrap().len();
            send(stream, b"y").await.unwrap();
        }));
        sim.advance(Duration::from_secs(1));
        let (stream, heard) = ask_later(sim);
        sim.partition_one_way(1, 0);
        ask_on(sim, stream, &heard);
        sim.advance(MINUTE);
        assert_eq!((*asked.borrow(), heard.borrow().len()), (1, 0));
        assert!(sim.fault_effects(Fault::OneWayPartition) > 0);
        sim.heal_between(0, 1);
        sim.advance(MINUTE);
        assert_eq!(*heard.borrow(), [Ok(b"y".to_vec())]);
    });
}

/// The kernel of whoever sent would have given up after a quarter of an hour.
#[test]
fn a_connection_that_went_on_is_quiet_when_it_is_done() {
    let name = "sim::net_faults::a_connection_that_went_on_is_quiet_when_it_is_done";
    two_nodes(name, 20, Faults::none()).run(|sim| {
        let served = sim.start_on(1, async |_| {
            let stream = accept(listen("0.0.0.0:80").await.unwrap()).await.unwrap();
            receive(stream).await.unwrap()
        });
        sim.advance(Duration::from_secs(1));
        let (stream, heard) = ask_later(sim);
        sim.partition(0, 1);
        ask_on(sim, stream, &heard);
        sim.advance(MINUTE);
        assert!(!served.is_finished(), "it came through");
        let (restarts, now) = (sim.draw(2) == 0, sim.now());
        if restarts {
            // What comes to it is thrown away, until it answers that it knows of no connection.
            sim.crash(1, Crash::Power);
            sim.heal();
            sim.advance(MINUTE);
            sim.restart(1);
        }
        sim.expect_quiet(MINUTE);
        assert!(restarts || served.is_finished(), "it did not come through");
        assert!(sim.now() - now < 5 * MINUTE, "time went on for nothing");
    });
}

#[test]
fn a_sender_gives_up_and_the_other_side_never_hears() {
    let name = "sim::net_faults::a_sender_gives_up_and_the_other_side_never_hears";
    two_nodes(name, 30, Faults::none()).run(|sim| {
        serve(sim);
        let (stream, heard) = ask_later(sim);
        sim.partition(0, 1);
        ask_on(sim, stream, &heard);
        sim.advance(Duration::from_secs(900));
        assert_eq!(*heard.borrow(), [], "it gave up too early");
        sim.advance(MINUTE);
        assert_eq!(*heard.borrow(), [Err(ErrorKind::TimedOut)]);
        // The server's end still waits.
        assert_eq!(sim.in_use(1, 0).operations, 2);
        let refused = sim.run(async |_| ask().await.unwrap_err().kind());
        assert_eq!(refused, ErrorKind::TimedOut, "a connect passed");
    });
}

#[test]
fn a_clogged_link_delays_and_loses_nothing() {
    let name = "sim::net_faults::a_clogged_link_delays_and_loses_nothing";
    two_nodes(name, 30, Faults::none()).run(|sim| {
        serve(sim);
        let (stream, heard) = ask_later(sim);
        sim.clog(0, 1, MINUTE);
        ask_on(sim, stream, &heard);
        sim.advance(Duration::from_secs(59));
        assert_eq!(*heard.borrow(), []);
        sim.advance(MINUTE);
        assert_eq!(*heard.borrow(), [Ok(b"x".to_vec())]);
        assert!(sim.fault_effects(Fault::Clog) > 0);
    });
}

#[test]
fn an_extra_delay_is_longer_than_what_is_typical_for_it() {
    let name = "sim::net_faults::an_extra_delay_is_longer_than_what_is_typical_for_it";
    let faults = Faults::none().delay_probability(1.0).delay_typical(MINUTE);
    two_nodes(name, 30, Faults::none()).run(move |sim| {
        serve(sim);
        let (stream, heard) = ask_later(sim);
        sim.set_faults(faults);
        ask_on(sim, stream, &heard);
        sim.advance(2 * MINUTE - Duration::from_secs(1));
        assert_eq!(*heard.borrow(), [], "two ways in less than two delays");
        sim.advance(Duration::from_secs(200_000));
        assert_eq!(*heard.borrow(), [Ok(b"x".to_vec())]);
    });
}

#[test]
fn a_half_open_connection_is_silent_on_both_sides() {
    let name = "sim::net_faults::a_half_open_connection_is_silent_on_both_sides";
    two_nodes(name, 30, Faults::none().half_open_probability(1.0)).run(|sim| {
        serve(sim);
        let (stream, heard) = ask_later(sim);
        ask_on(sim, stream, &heard);
        sim.advance(MINUTE);
        assert_eq!(*heard.borrow(), []);
        sim.set_faults(Faults::none());
        let other = sim.run(async |_| ask().await.unwrap());
        assert_eq!(other, b"x", "another connection is not concerned");
        sim.advance(Duration::from_secs(1000));
        assert_eq!(*heard.borrow(), [Err(ErrorKind::TimedOut)]);
    });
}

/// Runs conversations under faults; returns what the clients heard, of all seeds, and whether the
/// campaign was run as it is.
fn heard_under(name: &str, seeds: u64, faults: Faults) -> (Vec<Result<Vec<u8>, ErrorKind>>, bool) {
    let heard = std::sync::Mutex::new(Vec::new());
    let summary = two_nodes(name, seeds, faults).run(|sim| {
        serve(sim);
        for answer in sim.run(async |_| talk(5).await) {
            heard.lock().unwrap().push(answer.map_err(|error| error.kind()));
        }
    });
    (heard.into_inner().unwrap(), summary.is_whole())
}

#[test]
fn connects_are_refused_although_somebody_listens() {
    let name = "sim::net_faults::connects_are_refused_although_somebody_listens";
    let (heard, is_whole) = heard_under(name, 30, Faults::none().refusal_probability(0.5));
    if is_whole {
        assert!(heard.contains(&Err(ErrorKind::ConnectionRefused)));
        assert!(heard.contains(&Ok(b"x".to_vec())), "not all of them");
    }
}

#[test]
fn connections_are_reset_in_the_middle() {
    let name = "sim::net_faults::connections_are_reset_in_the_middle";
    let (heard, is_whole) = heard_under(name, 30, Faults::none().reset_probability(0.3));
    if is_whole {
        assert!(heard.contains(&Err(ErrorKind::ConnectionReset)));
        assert!(heard.contains(&Ok(b"x".to_vec())), "not all of them");
    }
}

#[test]
fn drawn_partitions_delays_and_clogs_end_by_themselves() {
    let name = "sim::net_faults::drawn_partitions_delays_and_clogs_end_by_themselves";
    let faults = Faults::none()
        .partition_probability(0.1)
        .one_way_partition_probability(0.1)
        .isolation_probability(0.1)
        .clog_probability(0.1)
        .delay_probability(0.3);
    let (heard, _) = heard_under(name, 60, faults);
    assert!(heard.iter().all(|answer| *answer == Ok(b"x".to_vec())), "{heard:?}");
}

#[test]
fn a_close_that_resets_loses_what_was_not_received() {
    let name = "sim::net_faults::a_close_that_resets_loses_what_was_not_received";
    let ends = std::sync::Mutex::new([0; 2]);
    let summary = two_nodes(name, 60, Faults::none().reset_on_close_probability(0.5)).run(|sim| {
        let server = sim.start_on(1, async |_| {
            let stream = accept(listen("0.0.0.0:80").await.unwrap()).await.unwrap();
            sleep(MINUTE).await;
            receive(stream).await
        });
        sim.advance(Duration::from_secs(1));
        sim.run(async |_| {
            let stream = connect("10.0.0.2:80".parse().unwrap()).await.unwrap();
            send(stream, b"x").await.unwrap();
            close(stream).await;
        });
        let lost = match sim.finish(server) {
            Ok(bytes) => usize::from(bytes != b"x"),
            Err(error) => usize::from(error.kind() == ErrorKind::ConnectionReset),
        };
        ends.lock().unwrap()[lost] += 1;
    });
    if !summary.is_whole() {
        return;
    }
    let ends = ends.into_inner().unwrap();
    assert!(ends.iter().all(|&count| count > 5), "one end is rare: {ends:?}");
}

#[test]
fn faults_are_a_function_of_the_seed() {
    let faults = Faults::none()
        .partition_probability(0.05)
        .reset_probability(0.1)
        .half_open_probability(0.05)
        .clog_probability(0.1)
        .delay_probability(0.3);
    let hash = |seed, faults| {
        let mut sim = TestRuntime::builder().seed(seed).nodes(2).faults(faults).build();
        serve(&mut sim);
        drop(sim.start_on(0, async |_| drop(talk(8).await)));
        sim.advance(MINUTE);
        sim.trace_hash()
    };
    for seed in 0..20 {
        assert_eq!(hash(seed, faults), hash(seed, faults), "seed {seed} does not repeat");
        assert_ne!(hash(seed, faults), hash(seed, Faults::none()), "seed {seed}: no fault shows");
    }
}

#[test]
fn a_campaign_whose_fault_had_no_effect_fails() {
    let name = "sim::net_faults::a_campaign_whose_fault_had_no_effect_fails";
    if !is_whole(1) {
        return;
    }
    let idle = catch_unwind(AssertUnwindSafe(|| {
        // Nobody uses the network.
        two_nodes(name, 1, Faults::none().partition_probability(1.0))
            .run(|sim| sim.run(async |_| ()));
    }));
    let message = idle.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("without any effect: [Partition]"), "{message}");
}

#[test]
fn what_was_drawn_keeps_nothing_back_once_it_is_healed() {
    let name = "sim::net_faults::what_was_drawn_keeps_nothing_back_once_it_is_healed";
    let long = 1000 * MINUTE;
    let drawn = [
        Faults::none().partition_probability(1.0).partition_time_max(long),
        Faults::none().clog_probability(1.0).clog_time_max(long),
    ];
    two_nodes(name, 40, Faults::none()).run(move |sim| {
        serve(sim);
        let (stream, heard) = ask_later(sim);
        sim.set_faults(drawn[sim.draw(2) as usize]);
        ask_on(sim, stream, &heard);
        sim.advance(Duration::from_secs(1));
        sim.set_faults(Faults::none());
        if sim.draw(2) == 0 {
            sim.heal();
        } else {
            sim.end_chaos();
        }
        for answers in 1..3 {
            sim.advance(MINUTE);
            assert_eq!(*heard.borrow(), vec![Ok(b"x".to_vec()); answers]);
            ask_on(sim, stream, &heard);
        }
    });
}

#[test]
fn a_sender_that_got_through_has_all_its_time_again() {
    let name = "sim::net_faults::a_sender_that_got_through_has_all_its_time_again";
    two_nodes(name, 20, Faults::none()).run(|sim| {
        serve(sim);
        let (stream, heard) = ask_later(sim);
        for answers in 1..3 {
            sim.partition(0, 1);
            ask_on(sim, stream, &heard);
            // Two thirds of what it takes to give up.
            sim.advance(10 * MINUTE);
            sim.heal();
            sim.advance(MINUTE);
            assert_eq!(*heard.borrow(), vec![Ok(b"x".to_vec()); answers]);
        }
    });
}
