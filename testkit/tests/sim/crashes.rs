//! Nodes that go down and come back, and shards that stand still.

use std::cell::Cell;
use std::io::ErrorKind;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use greenroom_core::io::disk;
use greenroom_core::runtime::{DiskRequest, OpenMode};
use greenroom_core::{Placement, ShardId, sleep};
use greenroom_testkit::{Builder, Campaign, Crash, Fault, Faults, TestRuntime};

use super::actors::{Note, Notebook, come_to_rest};
use super::disk_faults::write;
use super::files::{NEW, open};
use super::sockets_io::{accept, connect, listen, receive, send};

const MINUTE: Duration = Duration::from_secs(60);

fn crash_in(sim: &TestRuntime) -> Crash {
    if sim.draw(2) == 0 { Crash::Power } else { Crash::Process }
}

#[test]
fn a_node_comes_back_as_another_incarnation() {
    let name = "sim::crashes::a_node_comes_back_as_another_incarnation";
    Campaign::new(name).seeds(100).runtime(|builder, _| builder.nodes(2)).run(|sim| {
        let root = sim.start_on(1, async |system| {
            let notebook = system.spawn(Placement::Shard(1), Notebook::default).await.unwrap();
            for number in 0..20 {
                notebook.send(Note::Write(0, number)).await.unwrap();
            }
            notebook
        });
        let old = sim.finish(root);
        // In the middle of everything, timers and messages under way.
        drop(sim.start_on(1, async move |_| {
            loop {
                old.send(Note::Write(0, 0)).await.unwrap();
                sleep(Duration::from_micros(10)).await;
            }
        }));
        for _ in 0..sim.draw(200) {
            sim.step();
        }
        let how = crash_in(sim);
        sim.crash(1, how);
        assert!(sim.is_down(1));
        sim.advance(MINUTE);
        sim.restart(1);
        let root = sim.start_on(1, async move |system| {
            assert!(old.cast(Note::Write(0, 0)).is_err(), "a ref outlived its node");
            let notebook = system.spawn(Placement::Shard(1), Notebook::default).await.unwrap();
            notebook.send(Note::Write(0, 0)).await.unwrap();
            notebook.call(Note::Read).await.unwrap()
        });
        assert_eq!(sim.finish(root), [(0, 0)]);
        come_to_rest(sim, 2, 2);
    });
}

#[test]
fn peers_hear_of_a_kill_and_not_of_a_loss_of_power() {
    let name = "sim::crashes::peers_hear_of_a_kill_and_not_of_a_loss_of_power";
    Campaign::new(name).seeds(60).runtime(|builder, _| builder.nodes(2)).run(|sim| {
        drop(sim.start_on(1, async |_| {
            let stream = accept(listen("0.0.0.0:80").await.unwrap()).await.unwrap();
            receive(stream).await.unwrap();
        }));
        sim.advance(Duration::from_secs(1));
        let stream = sim.run(async |_| connect("10.0.0.2:80".parse().unwrap()).await.unwrap());
        sim.advance(Duration::from_secs(1));
        let how = crash_in(sim);
        let hears = sim.start_on(0, async move |_| receive(stream).await.map_err(|e| e.kind()));
        sim.advance(Duration::from_secs(1));
        sim.crash(1, how);
        sim.advance(MINUTE);
        if how == Crash::Process {
            assert_eq!(sim.finish(hears), Ok(vec![]), "the kernel closed the connection");
            return;
        }
        assert!(!hears.is_finished(), "the dead have spoken");
        let restarts = sim.draw(2) == 0;
        let sends = sim.start_on(0, async move |_| send(stream, b"x").await);
        sim.finish(sends).unwrap();
        sim.advance(MINUTE);
        assert!(!hears.is_finished(), "the dead have spoken");
        if restarts {
            sim.restart(1);
        }
        let expected = if restarts { ErrorKind::ConnectionReset } else { ErrorKind::TimedOut };
        assert_eq!(sim.finish(hears), Err(expected));
    });
}

#[test]
fn a_connect_to_a_node_that_is_down_times_out() {
    let mut sim = TestRuntime::builder().seed(3).nodes(2).build();
    sim.crash(1, Crash::Power);
    let connects = |sim: &mut TestRuntime| {
        sim.run(async |_| connect("10.0.0.2:80".parse().unwrap()).await.unwrap_err().kind())
    };
    assert_eq!(connects(&mut sim), ErrorKind::TimedOut);
    sim.restart(1);
    assert_eq!(connects(&mut sim), ErrorKind::ConnectionRefused);
}

#[test]
fn a_disk_can_be_wiped_while_its_node_is_down() {
    let mut sim = TestRuntime::new_with_seed(4);
    sim.run(async |_| open("f", NEW).await.unwrap());
    sim.crash(0, Crash::Process);
    assert_eq!(sim.files(0).len(), 1);
    sim.wipe_disk(0);
    sim.restart(0);
    assert_eq!(sim.files(0), []);
}

#[test]
fn a_stalled_shard_does_nothing_while_others_go_on() {
    let name = "sim::crashes::a_stalled_shard_does_nothing_while_others_go_on";
    Campaign::new(name).seeds(50).run(|sim| {
        let notebook = sim.run(async |system| {
            system.spawn(Placement::Shard(1), Notebook::default).await.unwrap()
        });
        sim.stall(0, 1, MINUTE);
        let (answers, ticks) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let (answered, ticked) = (answers.clone(), ticks.clone());
        drop(sim.start_on(0, async move |_| {
            notebook.send(Note::Write(0, 0)).await.unwrap();
            answered.set(notebook.call(Note::Read).await.map_or(2, |_| 1));
        }));
        drop(sim.start_on(0, async move |_| {
            for _ in 0..50 {
                sleep(Duration::from_secs(1)).await;
                ticked.set(ticked.get() + 1);
            }
        }));
        sim.advance(Duration::from_secs(59));
        assert_eq!(ticks.get(), 50, "the other shard stood still as well");
        // The call's deadline passes; nobody answers.
        assert_eq!(answers.get(), 2);
        assert!(sim.fault_effects(Fault::ShardStall) > 0);
        sim.advance(MINUTE);
        let seen = sim.run(async move |_| notebook.call(Note::Read).await.unwrap());
        assert_eq!(seen, [(0, 0)], "it did not go on");
    });
}

#[test]
fn stalls_are_drawn_and_a_slow_shard_takes_its_time() {
    let name = "sim::crashes::stalls_are_drawn_and_a_slow_shard_takes_its_time";
    let faults =
        Faults::none().shard_stall_probability(0.05).shard_stall_time_max(Duration::from_millis(1));
    Campaign::new(name).seeds(50).runtime(move |builder, _| builder.faults(faults)).run(|sim| {
        sim.slow(0, 0, 1000);
        sim.run(async |system| {
            let notebook = system.spawn(Placement::Shard(1), Notebook::default).await.unwrap();
            for number in 0..50 {
                notebook.send(Note::Write(0, number)).await.unwrap();
            }
            assert_eq!(notebook.call(Note::Read).await.unwrap().len(), 50);
        });
        assert!(sim.fault_effects(Fault::SlowShard) > 0);
        sim.set_faults(Faults::none());
        sim.slow(0, 0, 1);
        come_to_rest(sim, 1, 2);
    });
}

#[test]
fn crashes_are_a_function_of_the_seed() {
    let hash = |seed, crashes| {
        let mut sim = TestRuntime::builder().seed(seed).nodes(2).build();
        let busy = async |system: greenroom_core::System| {
            let notebook = system.spawn(Placement::Shard(1), Notebook::default).await.unwrap();
            drop(open("f", NEW).await);
            for number in 0.. {
                notebook.send(Note::Write(0, number)).await.unwrap();
                sleep(Duration::from_micros(50)).await;
            }
        };
        drop(sim.start_on(1, busy));
        sim.advance(Duration::from_millis(3));
        if crashes {
            sim.crash(1, Crash::Power);
            sim.restart(1);
            drop(sim.start_on(1, busy));
        }
        sim.advance(Duration::from_millis(3));
        sim.trace_hash()
    };
    for seed in 0..10 {
        assert_eq!(hash(seed, true), hash(seed, true), "seed {seed} does not repeat");
        assert_ne!(hash(seed, true), hash(seed, false), "seed {seed}: the crash does not show");
    }
}

#[test]
fn a_slow_shard_gets_less_done_than_another() {
    let name = "sim::crashes::a_slow_shard_gets_less_done_than_another";
    Campaign::new(name).seeds(30).run(|sim| {
        sim.slow(0, 1, 1000);
        let ticks: [Arc<AtomicU32>; 2] = Default::default();
        for shard in 0..2 {
            let ticks = ticks[usize::from(shard)].clone();
            sim.on(0, shard, || {
                drop(greenroom_core::spawn_local(async move {
                    loop {
                        sleep(Duration::from_micros(3)).await;
                        ticks.fetch_add(1, Ordering::Relaxed);
                    }
                }));
            });
        }
        sim.advance(Duration::from_millis(100));
        let [usual, slow] = ticks.map(|ticks| ticks.load(Ordering::Relaxed));
        // A tick takes a round of 50 microseconds at least.
        assert!(slow <= 2001 && slow > 10, "{slow}");
        assert!(sim.fault_effects(Fault::SlowShard) > 0 && usual > 10);
    });
}

/// Counts its starts in a file, and writes on.
async fn counts_its_starts(_: greenroom_core::System) {
    let (file, len) = open("starts", OpenMode::ReadWrite).await.unwrap();
    write(file, len, vec![1]).await.unwrap();
    disk(DiskRequest::Sync { file, data_only: false }).await.unwrap();
    disk(DiskRequest::SyncDir { path: ".".into() }).await.unwrap();
    for _ in 0..20 {
        write(file, 4096, vec![2]).await.unwrap();
    }
}

#[test]
fn booted_nodes_crash_at_a_rate_and_come_back_with_their_disks() {
    let name = "sim::crashes::booted_nodes_crash_at_a_rate_and_come_back_with_their_disks";
    let faults = Faults::none().power_loss_probability(0.02).process_kill_probability(0.02);
    let configure = move |builder: Builder, _| builder.nodes(3).faults(faults);
    Campaign::new(name).seeds(100).runtime(configure).run(|sim| {
        for node in 0..3 {
            sim.boot(node, counts_its_starts);
        }
        for _ in 0..100 {
            sim.advance(Duration::from_millis(100));
            let down = (0..3).filter(|&node| sim.is_down(node)).count();
            assert!(down <= 1, "more are down than may be");
        }
        sim.set_faults(Faults::none());
        sim.advance(MINUTE);
        for node in 0..3 {
            assert!(!sim.is_down(node), "node {node} did not come back");
            assert!(!sim.files(node).is_empty(), "node {node} did not start again");
        }
    });
}

#[test]
fn a_node_may_come_back_with_an_empty_disk() {
    let name = "sim::crashes::a_node_may_come_back_with_an_empty_disk";
    let faults = Faults::none()
        .process_kill_probability(0.05)
        .down_time_max(Duration::from_secs(1))
        .wiped_disk_probability(0.5)
        .nodes_down_max(3);
    let configure = move |builder: Builder, _| builder.nodes(3).faults(faults);
    let all = AtomicU64::new(0);
    let summary = Campaign::new(name).seeds(60).runtime(configure).run(|sim| {
        // Whether a node has written, and how often it then found nothing.
        let state = Rc::new(Cell::new([(false, 0u64); 3]));
        for node in 0..3u16 {
            let state = state.clone();
            sim.boot(node, async move |_| {
                let (file, len) = open("data", OpenMode::ReadWrite).await.unwrap();
                let mut nodes = state.get();
                let (wrote, lost) = &mut nodes[usize::from(node)];
                if *wrote && len == 0 {
                    // Nothing is there to be lost a second time.
                    (*wrote, *lost) = (false, *lost + 1);
                }
                state.set(nodes);
                for _ in 0..20 {
                    write(file, 0, vec![1]).await.unwrap();
                    let mut nodes = state.get();
                    nodes[usize::from(node)].0 = true;
                    state.set(nodes);
                }
            });
        }
        sim.advance(MINUTE);
        let lost = state.get().map(|(_, lost)| lost);
        assert!(lost.iter().filter(|&&lost| lost > 0).count() <= 1, "lost on two nodes: {lost:?}");
        let lost = lost.iter().sum::<u64>();
        assert!(lost <= sim.fault_effects(Fault::WipedDisk), "lost without the fault");
        all.fetch_add(lost, Ordering::Relaxed);
    });
    if !summary.is_whole() {
        return;
    }
    assert!(all.into_inner() > 0, "nothing was lost");
}

#[test]
fn a_stall_of_a_slow_shard_counts_as_one() {
    let mut sim = TestRuntime::new_with_seed(5);
    sim.slow(0, 1, 1000);
    let tick = |sim: &mut TestRuntime| {
        sim.on(0, 1, || drop(greenroom_core::spawn_local(sleep(Duration::from_micros(3)))));
        sim.advance(2 * MINUTE);
    };
    tick(&mut sim);
    assert!(sim.fault_effects(Fault::SlowShard) > 0);
    assert_eq!(sim.fault_effects(Fault::ShardStall), 0);
    sim.stall(0, 1, MINUTE);
    tick(&mut sim);
    assert_eq!(sim.fault_effects(Fault::ShardStall), 1);
}

/// What no drop of it survives.
struct Sour;

impl Drop for Sour {
    fn drop(&mut self) {
        panic!("a drop of the user's");
    }
}

#[test]
fn a_drop_that_panics_ends_neither_a_crash_nor_a_run() {
    for (crashes, steps) in [true, false].into_iter().flat_map(|c| (0..6).map(move |n| (c, n))) {
        let mut sim = TestRuntime::builder().seed(steps).build();
        let handle = sim.system(0).handle();
        let run_sour = || {
            let sour = Sour;
            let mut runs = Box::pin(handle.run_on(ShardId(1), async move |_| drop(sour)));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(runs.as_mut().poll(&mut cx).is_pending());
            runs
        };
        let first = run_sour();
        (0..steps).for_each(|_| drop(sim.enabled()));
        for _ in 0..steps {
            sim.step();
        }
        let second = run_sour();
        if crashes {
            sim.crash(0, Crash::Process);
        }
        drop(sim);
        drop((first, second));
    }
}

#[test]
fn a_node_may_come_back_with_another_version() {
    let name = "sim::crashes::a_node_may_come_back_with_another_version";
    let faults = Faults::none().process_kill_probability(0.2);
    let campaign = Campaign::new(name).seeds(100).fault_masks(false);
    let summary = campaign.runtime(move |b, _| b.faults(faults)).run(|sim| {
        let versions = Rc::new(Cell::new([0_u32; 2]));
        let seen = versions.clone();
        sim.boot(0, async move |_| {
            let is_older = greenroom_core::maybe!("the version before", 0.5);
            let mut counts = seen.get();
            counts[usize::from(is_older)] += 1;
            seen.set(counts);
            let (file, _) = open("data", OpenMode::ReadWrite).await.unwrap();
            for _ in 0..20 {
                write(file, 0, vec![1]).await.unwrap();
            }
        });
        sim.advance(MINUTE);
        sim.end_chaos();
        let [newer, older] = versions.get();
        greenroom_core::sometimes!(newer > 0 && older > 0, "both versions ran");
    });
    assert!(summary.runs() > 0);
}
