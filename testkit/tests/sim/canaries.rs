//! Planted bugs are found, and nothing is found where none is planted.

use std::panic::{AssertUnwindSafe, catch_unwind};

use greenroom_core::Placement;
use greenroom_testkit::plant::{CrossedMessage, crossed};
use greenroom_testkit::{Campaign, Plant, TestRuntime};

use super::actors::{Note, Notebook, in_order};

/// Each planted bug shows under at least one of so many seeds.
const FOUND_WITHIN: u64 = 50;

/// Notes from one shard to another, with pauses in which shards fall asleep.
fn notes(sim: &mut TestRuntime) {
    let count = sim.extent(60) as u32;
    let seen = sim.run(async move |system| {
        let ledger = system.spawn(Placement::Shard(1), Notebook::default).await.unwrap();
        for number in 0..count {
            ledger.send(Note::Write(0, number)).await.unwrap();
            if number % 6 == 0 {
                greenroom_core::sleep(std::time::Duration::from_micros(5)).await;
            }
        }
        // Without a deadline: a lost wake-up must not be hidden by a time-out.
        let read = ledger.call(Note::Read).within(std::time::Duration::MAX);
        read.await.unwrap()
    });
    assert!(in_order(&seen, 1, count), "out of order: {seen:?}");
}

fn campaign(name: &str, plant: Option<Plant>) -> Campaign {
    Campaign::new(format!("sim::canaries::{name}")).seeds(FOUND_WITHIN).runtime(
        move |builder, _| match plant {
            Some(plant) => builder.plant(plant),
            None => builder,
        },
    )
}

#[test]
fn nothing_is_found_where_nothing_is_planted() {
    campaign("nothing_is_found_where_nothing_is_planted", None).seeds(300).run(notes);
}

/// How often a bug is looked for anew.
const BEGINNINGS: u32 = 16;

/// What is found is shrunk to a schedule with at most so many switches between shards, most of
/// which are the program's own: a shard had nothing left to do.
const SWITCHES_MAX: usize = 12;

/// So many of them take a shard's turn away while it could go on.
const PREEMPTIONS_MAX: usize = 2;

/// Looks for the planted bug from several beginnings, and shrinks what is found each time.
fn found_and_shrunk(name: &str, plant: Plant, says: &str) {
    for beginning in 0..BEGINNINGS {
        let campaign = campaign(&format!("{name} {beginning}"), Some(plant));
        let campaign = campaign.shrinks_for(std::time::Duration::from_secs(300));
        let found = campaign.search(notes).expect("the planted bug was not found");
        assert!(found.message.contains(says), "{found}");
        let shrunk = campaign.shrink(&found, notes).expect("a failing run");
        assert!(shrunk.message.contains(says), "{shrunk}");
        assert!(shrunk.preemptions <= PREEMPTIONS_MAX, "{shrunk}");
        assert!(shrunk.switches <= SWITCHES_MAX, "{shrunk}");
        // What was found is a run of its own.
        let again = TestRuntime::builder().plant(plant).replay(shrunk.log.clone());
        let mut again = again.build();
        let run = catch_unwind(AssertUnwindSafe(|| notes(&mut again)));
        let drift = again.drift().expect("a replay");
        assert!(run.is_err() && !drift.any(), "{drift}\n{shrunk}");
    }
}

#[test]
fn a_lost_wake_up_is_found() {
    let says = "parked with no doorbell under way";
    found_and_shrunk("a_lost_wake_up_is_found", Plant::LostWakeUp, says);
}

#[test]
fn a_reordering_is_found() {
    found_and_shrunk("a_reordering_is_found", Plant::Reordering, "out of order");
}

/// Work for two actors that pass it to each other.
fn work(sim: &mut TestRuntime, planted: bool) {
    sim.run(async move |system| {
        let pair = crossed(system, planted).await.unwrap();
        for round in 0..6 {
            for actor in pair {
                actor.send(CrossedMessage::Pass(4)).await.unwrap();
            }
            if round == 5 {
                for actor in pair {
                    let done = actor.call(CrossedMessage::Done).within(std::time::Duration::MAX);
                    assert!(done.await.unwrap() > 0);
                }
            }
        }
    });
}

#[test]
fn a_deadlock_of_full_mailboxes_is_found_and_its_circle_named() {
    let name = "a_deadlock_of_full_mailboxes_is_found_and_its_circle_named";
    let found = campaign(name, None).search(|sim| work(sim, true));
    let found = found.expect("the deadlock was not found");
    assert!(found.message.contains("a circle of waits"), "{found}");
    assert!(found.message.contains("(crossed) -> "), "{found}");
    campaign(name, None).seeds(300).run(|sim| work(sim, false));
}
