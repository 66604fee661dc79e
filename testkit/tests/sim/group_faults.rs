//! What goes wrong between many nodes, and where connections begin.

use std::io::{Error, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;
use std::time::Duration;

use greenroom_core::io::{net, resolve};
use greenroom_core::runtime::{ListenOptions, NetRequest};
use greenroom_core::{sleep, spawn_local, timeout};
use greenroom_testkit::{Builder, Campaign, Fault, Faults, TestRuntime};

use super::files::{NEW, open};
use super::sockets_io::{accept, close, connect, listen, receive, send};

const MINUTE: Duration = Duration::from_secs(60);
const EMFILE: i32 = 24;

fn address(node: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, node as u8 + 1], 80))
}

/// Every node answers one byte with the same.
fn serve(sim: &mut TestRuntime, nodes: u16) {
    for node in 0..nodes {
        drop(sim.start_on(node, async |_| {
            let listener = listen("0.0.0.0:80").await.unwrap();
            loop {
                let stream = accept(listener).await.unwrap();
                spawn_local(async move {
                    if let Ok(bytes) = receive(stream).await {
                        drop(send(stream, &bytes).await);
                    }
                    close(stream).await;
                });
            }
        }));
    }
    sim.advance(Duration::from_secs(1));
}

async fn ask(node: u16) -> Result<Vec<u8>, Error> {
    let stream = connect(address(node)).await?;
    send(stream, b"x").await?;
    let answer = receive(stream).await;
    close(stream).await;
    answer
}

/// Whether one node has an answer of another within a minute.
fn reaches(sim: &mut TestRuntime, from: u16, to: u16) -> bool {
    let root = sim.start_on(from, async move |_| timeout(MINUTE, ask(to)).await);
    matches!(sim.finish(root), Ok(Ok(bytes)) if bytes == b"x")
}

/// Which pairs of nodes reach each other.
fn pairs(sim: &mut TestRuntime, nodes: u16) -> Vec<(u16, u16)> {
    let all = (0..nodes).flat_map(|from| (0..from).map(move |to| (to, from)));
    all.filter(|&(a, b)| {
        let there = reaches(sim, a, b);
        assert_eq!(there, reaches(sim, b, a), "one way only");
        there
    })
    .collect()
}

fn nodes(name: &str, nodes: u16, seeds: u64, faults: Faults) -> Campaign {
    let configure = move |builder: Builder, _| builder.nodes(nodes).shards(1).faults(faults);
    Campaign::new(name).seeds(seeds).runtime(configure)
}

#[test]
fn one_node_is_the_bridge_between_two_halves() {
    let name = "sim::group_faults::one_node_is_the_bridge_between_two_halves";
    nodes(name, 3, 20, Faults::none()).run(|sim| {
        serve(sim, 3);
        sim.bridge(1);
        assert_eq!(pairs(sim, 3), [(0, 1), (1, 2)]);
        assert!(sim.fault_effects(Fault::Bridge) > 0);
        sim.heal();
        assert_eq!(pairs(sim, 3).len(), 3);
    });
}

#[test]
fn nodes_fall_into_two_groups() {
    let name = "sim::group_faults::nodes_fall_into_two_groups";
    nodes(name, 4, 20, Faults::none()).run(|sim| {
        serve(sim, 4);
        sim.split(&[0, 3]);
        assert_eq!(pairs(sim, 4), [(1, 2), (0, 3)]);
        assert!(sim.fault_effects(Fault::Split) > 0);
        sim.heal();
        assert_eq!(pairs(sim, 4).len(), 6);
    });
}

#[test]
fn links_are_clogged_one_after_another_and_freed_in_another_order() {
    let name = "sim::group_faults::links_are_clogged_one_after_another_and_freed_in_another_order";
    let orders = Mutex::new([0; 2]);
    let summary = nodes(name, 3, 40, Faults::none()).run(|sim| {
        serve(sim, 3);
        sim.swizzle_clog(10 * MINUTE);
        let asks: Vec<_> = (1..3)
            .map(|to| {
                sim.start_on(0, async move |system| {
                    let (mut slow, begun) = (Vec::new(), system.now());
                    while system.now() - begun < 10 * MINUTE {
                        let before = system.now();
                        assert_eq!(ask(to).await.unwrap(), b"x");
                        if system.now() - before > Duration::from_secs(20) {
                            slow.push((before, system.now()));
                        }
                        sleep(Duration::from_secs(5)).await;
                    }
                    slow
                })
            })
            .collect();
        let mut slow = asks.into_iter().map(|asks| sim.finish(asks)).collect::<Vec<_>>();
        assert_eq!(
            slow.iter().any(|slow| !slow.is_empty()),
            sim.fault_effects(Fault::SwizzleClog) > 0
        );
        slow.retain(|slow| !slow.is_empty());
        if let [one, other] = &slow[..] {
            let (one, other) = (one[0], other[0]);
            let reversed = (one.0 < other.0) != (one.1 < other.1);
            // What ends in the same seconds tells no order.
            if one.1.as_nanos().abs_diff(other.1.as_nanos()) > 10_000_000_000 {
                orders.lock().unwrap()[usize::from(reversed)] += 1;
            }
        }
    });
    if !summary.is_whole() {
        return;
    }
    let orders = orders.into_inner().unwrap();
    assert!(orders.iter().all(|&count| count > 0), "freed as they were clogged: {orders:?}");
}

#[test]
fn what_is_drawn_between_many_nodes_ends_by_itself() {
    let name = "sim::group_faults::what_is_drawn_between_many_nodes_ends_by_itself";
    let faults = Faults::none()
        .bridge_probability(0.05)
        .split_probability(0.05)
        .swizzle_clog_probability(0.05);
    nodes(name, 4, 40, faults).run(|sim| {
        serve(sim, 4);
        for node in 0..4 {
            let root = sim.start_on(node, async move |_| {
                for to in (0..4).filter(|&to| to != node) {
                    assert_eq!(ask(to).await.unwrap(), b"x");
                }
            });
            sim.finish(root);
        }
    });
}

#[test]
fn a_full_queue_makes_a_connect_knock_again() {
    let name = "sim::group_faults::a_full_queue_makes_a_connect_knock_again";
    let full = Faults::none().backlog_full_probability(0.5);
    nodes(name, 2, 40, full).run(|sim| {
        serve(sim, 2);
        let before = sim.now();
        // After seven full queues in a row it gives up.
        let reached = reaches(sim, 0, 1);
        assert!(reached || sim.fault_effects(Fault::BacklogFull) >= 5, "it gave up early");
        // A way may take as long by itself.
        let waited = sim.now() - before >= Duration::from_secs(1);
        assert!(waited || sim.fault_effects(Fault::BacklogFull) == 0, "it did not wait");
        sim.set_faults(Faults::none().backlog_full_probability(1.0));
        let error = sim.run(async |_| connect(address(1)).await.unwrap_err());
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    });
}

#[test]
fn bytes_between_nodes_are_corrupted() {
    let name = "sim::group_faults::bytes_between_nodes_are_corrupted";
    let wrong = Mutex::new(0);
    let summary = nodes(name, 2, 30, Faults::none().corruption_probability(1.0)).run(|sim| {
        serve(sim, 2);
        let root = sim.start_on(1, async |_| ask(1).await.unwrap());
        assert_eq!(sim.finish(root), b"x", "memory is another matter");
        let answer = sim.run(async |_| ask(1).await.unwrap());
        // One bit on the way there, and one on the way back.
        assert!([0, 2].contains(&(answer[0] ^ b'x').count_ones()), "{answer:?}");
        assert_eq!(sim.fault_effects(Fault::Corruption), 2);
        *wrong.lock().unwrap() += u32::from(answer != b"x");
    });
    if !summary.is_whole() {
        return;
    }
    assert!(wrong.into_inner().unwrap() > 15, "both hit the same bit seven times out of eight");
}

fn looked_up(sim: &mut TestRuntime) -> IpAddr {
    sim.run(async |_| resolve("service", 80).await.unwrap()[0].ip())
}

#[test]
fn a_host_that_moved_is_found_where_it_was() {
    let name = "sim::group_faults::a_host_that_moved_is_found_where_it_was";
    let (old, new) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
    let seen = Mutex::new([0; 2]);
    let faults = Faults::none().stale_name_probability(0.3);
    let configure = move |b: Builder, _| b.nodes(2).host("service", old).faults(faults);
    let summary = Campaign::new(name).seeds(40).runtime(configure).run(|sim| {
        assert_eq!(looked_up(sim), old);
        sim.move_host("service", new);
        for _ in 0..5 {
            seen.lock().unwrap()[usize::from(looked_up(sim) == new)] += 1;
        }
        sim.advance(Duration::from_secs(30));
        assert!((0..5).all(|_| looked_up(sim) == new), "the old address for ever");
    });
    if !summary.is_whole() {
        return;
    }
    let seen = seen.into_inner().unwrap();
    assert!(seen.iter().all(|&count| count > 0), "{seen:?}");
}

/// Tries until there is a descriptor; counts how often there was none.
async fn insists<T>(mut attempt: impl AsyncFnMut() -> Result<T, Error>) -> (T, u64) {
    let mut refused = 0;
    loop {
        match attempt().await {
            Ok(done) => return (done, refused),
            Err(error) => assert_eq!(error.raw_os_error(), Some(EMFILE)),
        }
        refused += 1;
    }
}

#[test]
fn there_may_be_no_descriptor_left() {
    let name = "sim::group_faults::there_may_be_no_descriptor_left";
    let seen = Mutex::new([0; 3]);
    let summary = nodes(name, 2, 40, Faults::none().no_descriptors_probability(0.3)).run(|sim| {
        let accepts = sim.start_on(1, async |_| {
            let listener = listen("0.0.0.0:80").await.unwrap();
            let mut refused = 0;
            for _ in 0..3 {
                refused += insists(async || accept(listener).await).await.1;
            }
            refused
        });
        sim.advance(Duration::from_secs(1));
        let [connects, opens] = sim.run(async |_| {
            let mut refused = 0;
            for _ in 0..3 {
                refused += insists(async || connect(address(1)).await).await.1;
            }
            [refused, insists(async || open("data", NEW).await).await.1]
        });
        let refused = [sim.finish(accepts), connects, opens];
        assert_eq!(refused.iter().sum::<u64>(), sim.fault_effects(Fault::NoDescriptors));
        let mut seen = seen.lock().unwrap();
        (0..3).for_each(|kind| seen[kind] += refused[kind]);
    });
    if !summary.is_whole() {
        return;
    }
    let seen = seen.into_inner().unwrap();
    assert!(seen.iter().all(|&count| count > 0), "{seen:?}");
}

#[test]
fn a_connection_that_one_accept_cannot_take_is_the_next_ones() {
    let name = "sim::group_faults::a_connection_that_one_accept_cannot_take_is_the_next_ones";
    nodes(name, 2, 40, Faults::none()).run(|sim| {
        let root = sim.start_on(1, async |_| listen("0.0.0.0:80").await.unwrap());
        let listener = sim.finish(root);
        let accepts = [(); 2].map(|()| {
            sim.start_on(1, async move |_| accept(listener).await.map(drop).map_err(drop))
        });
        sim.advance(Duration::from_secs(1));
        sim.set_faults(Faults::none().no_descriptors_probability(0.5));
        sim.run(async |_| insists(async || connect(address(1)).await).await);
        sim.advance(MINUTE);
        let finished = accepts.into_iter().filter(|accept| accept.is_finished());
        let finished: Vec<_> = finished.map(|accept| sim.finish(accept)).collect();
        let taken = finished.iter().filter(|taken| taken.is_ok()).count();
        assert!(taken == 1 || finished.len() == 2, "one still waits: {finished:?}");
    });
}

#[test]
fn a_queue_that_is_full_by_itself_counts() {
    let mut sim = TestRuntime::builder().seed(7).nodes(2).build();
    let root = sim.start_on(1, async |_| {
        let options = ListenOptions { backlog: 1, ..ListenOptions::new(address(1)) };
        net(NetRequest::Listen(options)).await.unwrap();
    });
    sim.finish(root);
    sim.run(async |_| {
        connect(address(1)).await.unwrap();
        let full = connect(address(1)).await.unwrap_err();
        assert_eq!(full.kind(), ErrorKind::TimedOut);
    });
    assert_eq!(sim.fault_effects(Fault::BacklogFull), 7);
}
