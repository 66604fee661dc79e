//! Virtual time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use greenroom_testkit::{Campaign, TestRuntime};

#[test]
fn an_idle_hour_costs_next_to_nothing() {
    let mut sim = TestRuntime::builder().seed(2).shards(8).build();
    sim.run(async |_| ());
    let (before, turns) = (sim.now(), sim.turns());
    sim.advance(Duration::from_secs(3600));
    assert_eq!(sim.now() - before, Duration::from_secs(3600));
    assert!(sim.turns() - turns < 100, "{} turns in an idle hour", sim.turns() - turns);
}

#[test]
fn timers_fire_in_order_and_never_early() {
    Campaign::new("sim::time::timers_fire_in_order_and_never_early").seeds(100).run(|sim| {
        let lengths: Vec<u64> = (0..20).map(|_| sim.draw(1_000_000)).collect();
        sim.run(async move |system| {
            let sleepers = lengths.into_iter().map(|length| {
                greenroom_core::spawn_local(async move {
                    let before = system.now();
                    greenroom_core::sleep(Duration::from_micros(length)).await;
                    assert!(system.now() - before >= Duration::from_micros(length), "early");
                })
            });
            for sleeper in sleepers.collect::<Vec<_>>() {
                sleeper.await.unwrap();
            }
        });
    });
}

#[test]
fn time_is_advanced_as_far_as_asked() {
    let mut sim = TestRuntime::new_with_seed(4);
    let ticks = Arc::new(AtomicU32::new(0));
    let counted = ticks.clone();
    let root = sim.start_on(0, async move |_| {
        for _ in 0..10 {
            greenroom_core::sleep(Duration::from_secs(1)).await;
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    sim.run_until_idle();
    assert_eq!(ticks.load(Ordering::Relaxed), 0, "idle does not wait for timers");
    let before = sim.now();
    assert!(sim.advance_to_next().is_some());
    assert_eq!(ticks.load(Ordering::Relaxed), 1);
    assert!(sim.now() - before >= Duration::from_millis(999));
    sim.advance(Duration::from_millis(4500));
    assert_eq!(ticks.load(Ordering::Relaxed), 5);
    sim.finish(root);
    assert_eq!(ticks.load(Ordering::Relaxed), 10);
    assert_eq!(sim.advance_to_next(), None, "a timer was left");
}

#[test]
fn a_run_without_an_end_is_given_up() {
    let mut sim = TestRuntime::builder().turns_max(1000).build();
    let run = std::panic::AssertUnwindSafe(|| {
        sim.run(async |_| {
            loop {
                greenroom_core::sleep(Duration::from_secs(1)).await;
            }
        });
    });
    let payload = std::panic::catch_unwind(run).expect_err("it ended");
    let said = payload.downcast_ref::<String>().expect("a message");
    assert!(said.starts_with("no end in sight after 1000 turns"), "{said}");
}
