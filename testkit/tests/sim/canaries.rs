//! Planted bugs are found, and nothing is found where none is planted.

use greenroom_core::Placement;
use greenroom_testkit::plant::{CrossedMessage, crossed};
use greenroom_testkit::{Campaign, Plant, TestRuntime};

use super::actors::{Note, Notebook, in_order};

/// Each planted bug shows under at least one of so many seeds.
const FOUND_WITHIN: u64 = 50;

/// Notes from one shard to another, with pauses in which shards fall asleep.
fn notes(sim: &mut TestRuntime) {
    let seen = sim.run(async |system| {
        let ledger = system.spawn(Placement::Shard(1), Notebook::default).await.unwrap();
        for number in 0..60 {
            ledger.send(Note::Write(0, number)).await.unwrap();
            if number % 6 == 0 {
                greenroom_core::sleep(std::time::Duration::from_micros(5)).await;
            }
        }
        // Without a deadline: a lost wake-up must not be hidden by a time-out.
        let read = ledger.call(Note::Read).within(std::time::Duration::MAX);
        read.await.unwrap()
    });
    assert!(in_order(&seen, 1, 60), "out of order: {seen:?}");
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

#[test]
fn a_lost_wake_up_is_found() {
    let found = campaign("a_lost_wake_up_is_found", Some(Plant::LostWakeUp)).search(notes);
    let found = found.expect("the lost wake-up was not found");
    assert!(found.message.contains("parked with no doorbell under way"), "{found}");
}

#[test]
fn a_reordering_is_found() {
    let found = campaign("a_reordering_is_found", Some(Plant::Reordering)).search(notes);
    let found = found.expect("the reordering was not found");
    assert!(found.message.contains("out of order"), "{found}");
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
