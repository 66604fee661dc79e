//! The phases of a test that expects progress, and which faults a seed knows.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Mutex;
use std::time::Duration;

use greenroom_core::{sleep, spawn_local};
use greenroom_testkit::{
    Builder, Campaign, Crash, Drift, Fault, Faults, Kind, Policy, Site, TaskOrder, TestRuntime,
};

use super::actors::{is_whole, yield_now};
use super::disk_faults::write;
use super::files::{NEW, open};
use super::sockets_io::{accept, close, connect, listen, receive, send};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Counts what a program gets done.
type Done = Rc<Cell<u64>>;

/// Answers on every start.
async fn server(_: greenroom_core::System) {
    let listener = listen("0.0.0.0:80").await.unwrap();
    loop {
        let stream = accept(listener).await.unwrap();
        spawn_local(async move {
            while let Ok(bytes) = receive(stream).await {
                if bytes.is_empty() || send(stream, &bytes).await.is_err() {
                    break;
                }
            }
            close(stream).await;
        });
    }
}

async fn asks(done: Done) {
    loop {
        let asked = async {
            let stream = connect("10.0.0.2:80".parse().unwrap()).await?;
            send(stream, b"x").await?;
            let answer = receive(stream).await;
            close(stream).await;
            answer
        };
        let answer = greenroom_core::timeout(10 * SECOND, asked).await;
        done.set(done.get() + u64::from(answer.is_ok_and(|answer| answer.is_ok())));
        sleep(SECOND).await;
    }
}

#[test]
fn what_stood_still_gets_on_after_the_chaos() {
    let name = "sim::phases::what_stood_still_gets_on_after_the_chaos";
    let faults = Faults::none()
        .split_probability(0.1)
        .clog_probability(0.1)
        .clog_time_max(1000 * MINUTE)
        .partition_time_max(1000 * MINUTE)
        .shard_stall_probability(0.01)
        .shard_stall_time_max(1000 * MINUTE)
        .late_timer_probability(0.05)
        .late_timer_max(1000 * MINUTE)
        .power_loss_probability(0.02)
        .down_time_max(1000 * MINUTE)
        .slow_shard_probability(0.5);
    let stuck = Mutex::new(0);
    let summary = Campaign::new(name).seeds(60).runtime(|b, _| b.nodes(2).shards(1)).run(|sim| {
        sim.boot(1, server);
        let (done, counted) = (Done::default(), Done::default());
        let tells = done.clone();
        drop(sim.start_on(0, async move |_| asks(tells).await));
        sim.chaos(10 * MINUTE, faults);
        counted.set(done.get());
        sim.advance(MINUTE);
        *stuck.lock().unwrap() += u64::from(done.get() == counted.get());
        sim.expect_progress(MINUTE, |_| done.get() > counted.get() + 3);
    });
    if !summary.is_whole() {
        return;
    }
    assert!(stuck.into_inner().unwrap() > 0, "nothing ever stood still");
}

#[test]
fn a_program_that_does_not_get_on_is_reported() {
    let message = |run: &mut dyn FnMut()| {
        let payload = catch_unwind(AssertUnwindSafe(run)).expect_err("it passed");
        *payload.downcast::<String>().unwrap()
    };
    let mut sim = TestRuntime::new_with_seed(1);
    drop(sim.start_on(0, async |_| std::future::pending::<()>().await));
    let said = message(&mut || sim.expect_progress(MINUTE, |_| false));
    assert!(said.starts_with("no progress within 60s"), "{said}");
    // A program that is busy with nothing.
    drop(sim.start_on(0, async |_| {
        loop {
            sleep(SECOND).await;
        }
    }));
    let before = sim.now();
    let said = message(&mut || sim.expect_progress(MINUTE, |_| false));
    assert!(said.starts_with("no progress within 60s"), "{said}");
    assert!(sim.now() - before <= MINUTE + SECOND);
    let said = message(&mut || sim.expect_quiet(MINUTE));
    assert!(said.starts_with("not quiet after 60s"), "{said}");
}

#[test]
fn a_program_that_is_done_is_quiet() {
    let mut sim = TestRuntime::builder().seed(2).nodes(2).build();
    drop(sim.start_on(0, async |_| {
        let (file, _) = open("data", NEW).await.unwrap();
        write(file, 0, vec![1]).await.unwrap();
        sleep(MINUTE).await;
    }));
    sim.stall_disk(0, 1000 * MINUTE);
    sim.stall(0, 0, 1000 * MINUTE);
    sim.expect_quiet(2 * MINUTE);
    assert_eq!(sim.in_use(0, 0).operations, 0);
}

#[test]
fn a_node_that_a_test_took_down_stays_down() {
    let mut sim = TestRuntime::builder().nodes(2).build();
    sim.boot(1, server);
    sim.crash(1, Crash::Power);
    sim.end_chaos();
    assert!(sim.is_down(1));
}

#[test]
fn the_end_of_a_drawn_crash_brings_no_other_back() {
    let mut sim = TestRuntime::builder().nodes(2).build();
    let faults = Faults::none().process_kill_probability(1.0).down_time_max(1000 * MINUTE);
    sim.set_faults(faults);
    sim.boot(1, server);
    while !sim.is_down(1) {
        assert!(sim.step());
    }
    sim.set_faults(Faults::none());
    sim.restart(1);
    sim.crash(1, Crash::Process);
    sim.advance(1001 * MINUTE);
    assert!(sim.is_down(1), "it came back at the end of the crash before");
}

#[test]
fn the_schedule_is_fair_after_so_many_turns() {
    let spin = async |_| {
        loop {
            yield_now().await;
        }
    };
    let name = "sim::phases::the_schedule_is_fair_after_so_many_turns";
    // A turn may poll its task so often that the last records are of a few turns.
    let configure =
        |b: Builder, _| b.nodes(3).shards(1).policy(Policy::Pct { depth: 1 }).keep_trace(true);
    let unfair = Mutex::new(0);
    let ran = |sim: &mut TestRuntime| {
        (0..3).for_each(|node| drop(sim.start_on(node, spin)));
        (0..900).for_each(|_| assert!(sim.step()));
        let (before, mut counts) = (sim.turns(), [0; 3]);
        while sim.turns() < before + 30 {
            sim.step();
        }
        let turns = sim.records(usize::MAX).into_iter().filter(|r| r.kind == Kind::Turn);
        let turns: Vec<_> = turns.collect();
        turns[turns.len() - 30..].iter().for_each(|turn| counts[usize::from(turn.node)] += 1);
        counts
    };
    let summary = Campaign::new(name).seeds(20).runtime(configure).run(|sim| {
        *unfair.lock().unwrap() += u32::from(ran(sim) != [10; 3]);
    });
    let unfair = unfair.into_inner().unwrap();
    assert!(unfair > 10 || !summary.is_whole(), "the policy is fair as it is");
    let fair = move |b: Builder, seed| configure(b, seed).fair_after(500);
    Campaign::new(name).seeds(20).runtime(fair).run(|sim| assert_eq!(ran(sim), [10; 3]));
}

#[test]
fn a_fair_shard_lets_each_task_run() {
    let polls = |builder: Builder| {
        let mut sim = builder.shards(1).task_order(TaskOrder::Lifo).turn_tasks(1).build();
        let polls = [Done::default(), Done::default()];
        for count in polls.clone() {
            drop(sim.start_on(0, async move |_| {
                loop {
                    count.set(count.get() + 1);
                    yield_now().await;
                }
            }));
        }
        while sim.turns() < 2_000 {
            sim.step();
        }
        polls.map(|count| count.get())
    };
    let unfair = polls(TestRuntime::builder());
    assert!(unfair.contains(&0), "the last come is first served: {unfair:?}");
    let fair = polls(TestRuntime::builder().fair_after(1_000));
    assert!(fair.iter().all(|&count| count >= 490), "{fair:?}");
}

#[test]
fn no_fault_outlasts_the_fair_suffix() {
    let name = "sim::phases::no_fault_outlasts_the_fair_suffix";
    let faults = Faults::none().write_error_probability(0.5);
    let configure = move |b: Builder, _| b.faults(faults).fair_after(2_000);
    Campaign::new(name).seeds(20).runtime(configure).run(|sim| {
        let errors = |sim: &mut TestRuntime, name: &'static str| {
            sim.run(async move |_| {
                let (file, _) = open(name, NEW).await.unwrap();
                let mut errors = 0;
                for _ in 0..30 {
                    errors += u32::from(write(file, 0, vec![1]).await.is_err());
                }
                errors
            })
        };
        errors(sim, "before");
        while sim.turns() <= 2_000 {
            sim.run(async |_| yield_now().await);
        }
        assert_eq!(errors(sim, "after"), 0);
    });
}

/// Under which seeds which of two faults happened.
fn combinations(
    name: &str,
    seeds: u64,
    faults: Faults,
    masks: Option<bool>,
) -> BTreeSet<[bool; 2]> {
    let seen = Mutex::new(BTreeSet::new());
    let campaign = Campaign::new(name).seeds(seeds).runtime(move |b, _| b.faults(faults));
    let campaign = masks.into_iter().fold(campaign, Campaign::fault_masks);
    campaign.run(|sim| {
        sim.run(async |_| {
            let (file, _) = open("data", NEW).await.unwrap();
            for _ in 0..60 {
                drop(write(file, 0, vec![1]).await);
            }
        });
        // Rates that are set again know the same faults.
        sim.set_faults(faults);
        let effects = [Fault::WriteError, Fault::DiskStall].map(|fault| sim.fault_effects(fault));
        seen.lock().unwrap().insert(effects.map(|count| count > 0));
    });
    seen.into_inner().unwrap()
}

#[test]
fn each_seed_knows_some_of_the_faults() {
    let name = "sim::phases::each_seed_knows_some_of_the_faults";
    if !is_whole(60) {
        return;
    }
    let half = Faults::none().write_error_probability(0.5).disk_stall_probability(0.5);
    assert_eq!(combinations(name, 60, half, None).len(), 4, "every subset");
    let all = BTreeSet::from([[true; 2]]);
    assert_eq!(combinations(name, 60, half, Some(false)), all);
    assert_eq!(combinations(name, 10, half, None), all, "too few seeds");
    assert!(combinations(name, 10, half, Some(true)).len() > 1);
    let sure = half.write_error_probability(1.0);
    let seen = combinations(name, 60, sure, None);
    assert_eq!(seen, BTreeSet::from([[true, false], [true, true]]), "what is sure is not hidden");
}

#[test]
fn a_smaller_failure_has_none_but_the_faults_it_needs() {
    let name = "sim::phases::a_smaller_failure_has_none_but_the_faults_it_needs";
    let faults = Faults::none()
        .write_error_probability(0.2)
        .disk_stall_probability(0.5)
        .shard_stall_probability(0.1)
        .late_timer_probability(0.5);
    let campaign = Campaign::new(name).shrinks_for(2 * MINUTE);
    let campaign = campaign.runtime(move |b, _| b.faults(faults));
    let body = |sim: &mut TestRuntime| {
        sim.run(async |_| {
            let (file, _) = open("data", NEW).await.unwrap();
            for _ in 0..20 {
                sleep(SECOND).await;
                write(file, 0, vec![1]).await.unwrap();
            }
        });
    };
    let failure = campaign.search(body).expect("one write in five fails");
    let known = failure.log.decisions.iter().filter(|d| d.site == Site::Mask);
    assert_eq!(known.count(), 4, "a mask for each fault");
    // By hand as well a log knows which faults there were.
    let mut sim = TestRuntime::builder().faults(faults).replay(failure.log.clone()).build();
    let again = catch_unwind(AssertUnwindSafe(|| body(&mut sim)));
    assert!(again.is_err());
    assert_eq!(sim.drift(), Some(Drift::default()));
    let shrunk = campaign.shrink(&failure, body).expect("it fails again");
    assert_eq!(shrunk.faults, [Fault::WriteError], "{shrunk}");
    assert!(shrunk.to_string().contains("with the faults [WriteError]"), "{shrunk}");
}

#[test]
fn slow_shards_are_drawn_for_the_whole_run() {
    let name = "sim::phases::slow_shards_are_drawn_for_the_whole_run";
    let faults = Faults::none().slow_shard_probability(0.5).slow_factor_max(1000);
    let seen = Mutex::new(BTreeSet::new());
    let summary = Campaign::new(name)
        .seeds(40)
        .runtime(move |b, _| b.faults(faults).shards(1).turn_tasks(1))
        .run(|sim| {
            let turns = sim.turns();
            let took = sim.run(async |system| {
                let before = system.now();
                for _ in 0..100 {
                    yield_now().await;
                }
                system.now() - before
            });
            let slow = sim.fault_effects(Fault::SlowShard);
            let rounds = sim.turns() - turns;
            assert!(slow == 0 || slow == rounds, "{slow} of {rounds}");
            let far = took > Duration::from_nanos(600 * rounds);
            seen.lock().unwrap().insert((slow > 0, far));
        });
    let seen = seen.into_inner().unwrap();
    assert!(!seen.contains(&(false, true)), "slow without the fault");
    if !summary.is_whole() {
        return;
    }
    assert!(seen.contains(&(false, false)) && seen.contains(&(true, true)), "{seen:?}");
}

#[test]
fn a_log_without_masks_is_made_again_without_them() {
    let name = "sim::phases::a_log_without_masks_is_made_again_without_them";
    let faults = Faults::none().write_error_probability(0.2).disk_stall_probability(0.5);
    // Seeds enough that a campaign lets each know only some faults, unless it is told otherwise.
    let campaign = || {
        let campaign = Campaign::new(name).seeds(30).shrinks_for(2 * MINUTE);
        campaign.runtime(move |builder, _| builder.faults(faults))
    };
    let body = |sim: &mut TestRuntime| {
        sim.run(async |_| {
            let (file, _) = open("data", NEW).await.unwrap();
            for _ in 0..20 {
                write(file, 0, vec![1]).await.unwrap();
            }
        });
    };
    let failure = campaign().fault_masks(false).search(body).expect("one write in five fails");
    assert!(failure.log.decisions.iter().all(|decision| decision.site != Site::Mask));
    let shrunk = campaign().shrink(&failure, body).expect("it fails again");
    assert!(shrunk.log.decisions.iter().all(|decision| decision.site != Site::Mask));
    let mut sim =
        TestRuntime::builder().fault_masks(true).faults(faults).replay(failure.log).build();
    assert!(catch_unwind(AssertUnwindSafe(|| body(&mut sim))).is_err());
    assert_eq!(sim.drift(), Some(Drift::default()));
}

#[test]
fn a_failure_that_was_found_without_seeds_is_shrunk() {
    let name = "sim::phases::a_failure_that_was_found_without_seeds_is_shrunk";
    let faults = Faults::none().write_error_probability(0.2);
    let campaign = Campaign::new(name).exhaustive(0).shrinks_for(2 * MINUTE);
    let campaign = campaign.runtime(move |builder, _| builder.faults(faults));
    let body = |sim: &mut TestRuntime| assert_ne!(sim.draw(7), 5);
    let failure = campaign.search(body).expect("one of seven");
    let shrunk = campaign.shrink(&failure, body).expect("it fails again");
    let masks = shrunk.log.decisions.iter().filter(|decision| decision.site == Site::Mask);
    assert_eq!(masks.count(), 0, "it knew all faults: {shrunk}");
}
