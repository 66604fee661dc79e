//! A run is made again from its log, and a program that has changed since is told apart.

use greenroom_core::Placement;
use greenroom_testkit::{DecisionLog, Drift, Site, TestRuntime};

use super::actors::{Note, Notebook, in_order};

/// Notes from one shard to two others, with pauses.
fn notes(sim: &mut TestRuntime, count: u32) {
    let seen = sim.run(async move |system| {
        let first = system.spawn(Placement::Shard(1), Notebook::default).await.unwrap();
        let second = system.spawn(Placement::Shard(2), Notebook::default).await.unwrap();
        for number in 0..count {
            first.send(Note::Write(0, number)).await.unwrap();
            second.send(Note::Write(0, number)).await.unwrap();
            if number % 5 == 0 {
                greenroom_core::sleep(std::time::Duration::from_micros(5)).await;
            }
        }
        second.call(Note::Read).await.unwrap();
        first.call(Note::Read).await.unwrap()
    });
    assert!(in_order(&seen, 1, count), "out of order: {seen:?}");
}

fn record(seed: u64, count: u32) -> (u64, DecisionLog) {
    let mut sim = TestRuntime::builder().seed(seed).shards(3).log_decisions(true).build();
    notes(&mut sim, count);
    assert_eq!(sim.drift(), None);
    (sim.trace_hash(), sim.decision_log())
}

fn replay(log: &DecisionLog, count: u32) -> (u64, Drift, DecisionLog) {
    let mut sim = TestRuntime::builder().shards(3).replay(log.clone()).build();
    notes(&mut sim, count);
    (sim.trace_hash(), sim.drift().unwrap(), sim.decision_log())
}

#[test]
fn a_recorded_run_is_made_again_from_its_text() {
    for seed in 0..50 {
        let (hash, log) = record(seed, 30);
        let read = DecisionLog::parse(&log.to_string()).unwrap();
        let (again, drift, relogged) = replay(&read, 30);
        assert_eq!(again, hash, "seed {seed}: {drift}");
        assert!(!drift.any(), "seed {seed}: {drift}");
        assert_eq!(relogged, log);
    }
}

#[test]
fn recording_changes_nothing() {
    for seed in 0..20 {
        let mut sim = TestRuntime::builder().seed(seed).shards(3).build();
        notes(&mut sim, 30);
        assert_eq!(sim.trace_hash(), record(seed, 30).0);
        assert!(sim.decisions().is_empty());
    }
}

#[test]
fn a_longer_program_misses_choices_and_a_shorter_one_leaves_some() {
    let (_, log) = record(4, 30);
    let (_, longer, _) = replay(&log, 60);
    assert!(longer.missing > 0, "{longer}");
    let (_, shorter, _) = replay(&log, 3);
    assert!(shorter.unused > 0, "{shorter}");
}

#[test]
fn a_choice_among_another_number_is_drift_and_is_made_where_it_can_be() {
    let recorded = TestRuntime::builder().seed(1).log_decisions(true).build();
    let drawn = [recorded.draw(1000), recorded.draw(2)];
    let log = recorded.decision_log();
    let sim = TestRuntime::builder().replay(log).build();
    assert_eq!([sim.draw(2000), sim.draw(2)], drawn);
    assert_eq!(sim.drift().unwrap(), Drift { missing: 0, changed: 1, unused: 0 });
}

#[test]
fn choices_of_other_sites_stay_where_one_site_changes() {
    let (_, mut log) = record(2, 30);
    let before = log.decisions.len();
    log.decisions.retain(|decision| decision.site != Site::Cost);
    let dropped = (before - log.decisions.len()) as u64;
    let (_, drift, again) = replay(&log, 30);
    assert!(drift.missing >= dropped / 2, "{drift} after {dropped} were dropped");
    let swarm = |log: &DecisionLog| {
        let of_swarm = log.decisions.iter().filter(|decision| decision.site == Site::Swarm);
        of_swarm.copied().collect::<Vec<_>>()
    };
    assert_eq!(swarm(&again), swarm(&log));
}

#[test]
#[should_panic(expected = "not [2]")]
fn a_log_of_other_shards_is_refused() {
    drop(TestRuntime::builder().replay(record(1, 3).1).build());
}
