//! A test that decides itself what happens next.

use greenroom_core::{ActorRef, Placement};
use greenroom_testkit::{Choice, TestRuntime};

use super::actors::{Note, Notebook, in_order};

/// A notebook on shard 1 of a node of three, everything at rest.
fn notebook(seed: u64) -> (TestRuntime, ActorRef<Notebook>) {
    let mut sim = TestRuntime::builder().seed(seed).shards(3).build();
    let notebook =
        sim.run(async |system| system.spawn(Placement::Shard(1), Notebook::default).await.unwrap());
    sim.run_until_idle();
    (sim, notebook)
}

fn write(sim: &mut TestRuntime, shard: u16, notebook: ActorRef<Notebook>, note: (u32, u32)) {
    sim.on(0, shard, || assert!(notebook.cast(Note::Write(note.0, note.1)).is_ok()));
}

fn read(sim: &mut TestRuntime, notebook: ActorRef<Notebook>) -> Vec<(u32, u32)> {
    sim.run(async move |_| notebook.call(Note::Read).await.unwrap())
}

/// Steps until a shard has nothing more to do by itself.
fn run_alone(sim: &mut TestRuntime, shard: u16) {
    let wanted = Choice::Shard { node: 0, shard };
    while let Some(index) = sim.enabled().iter().position(|&choice| choice == wanted) {
        assert_eq!(sim.choose(index), wanted);
    }
}

#[test]
fn what_can_happen_is_listed_and_done() {
    for seed in 0..20 {
        let (mut sim, notebook) = notebook(seed);
        assert_eq!(sim.enabled(), []);
        write(&mut sim, 2, notebook, (2, 0));
        write(&mut sim, 0, notebook, (0, 0));
        let shards = [0, 2].map(|shard| Choice::Shard { node: 0, shard });
        assert_eq!(sim.enabled(), shards);
        let turns = sim.turns();
        assert_eq!(sim.choose(1), shards[1]);
        assert_eq!(sim.turns(), turns + 1);
        // The notebook's shard was rung for, or already woken by the bell.
        let after = sim.enabled();
        assert!(after.len() > 1 && after[0] == shards[0], "seed {seed}: {after:?}");
        while !sim.enabled().is_empty() {
            sim.choose(0);
        }
        assert!(!sim.step(), "seed {seed}: something was left");
        assert_eq!(sim.ledger(0, 1).handled, 2, "seed {seed}");
    }
}

#[test]
fn a_choice_of_an_event_moves_time_to_it() {
    let (mut sim, _) = notebook(3);
    sim.start_on(0, async |_| greenroom_core::sleep(std::time::Duration::from_secs(9)).await);
    run_alone(&mut sim, 0);
    let enabled = sim.enabled();
    let [Choice::Event(at)] = enabled[..] else { panic!("{enabled:?}") };
    assert!(at > sim.now());
    sim.choose(0);
    assert_eq!(sim.now(), at);
}

#[test]
#[should_panic(expected = "there is no choice 0 among []")]
fn a_choice_that_is_not_there_is_refused() {
    notebook(1).0.choose(0);
}

#[test]
fn what_is_held_waits_and_what_is_released_comes_in_order() {
    for seed in 0..50 {
        let (mut sim, notebook) = notebook(seed);
        sim.hold(0, 2, 1);
        for number in 0..3 {
            write(&mut sim, 2, notebook, (1, number));
            write(&mut sim, 0, notebook, (0, number));
        }
        // Idle, though packets wait: a ring of one slot keeps its sender spinning.
        for _ in 0..10_000 {
            sim.step();
        }
        let seen = read(&mut sim, notebook);
        assert_eq!(seen, [(0, 0), (0, 1), (0, 2)], "seed {seed}");
        assert!(sim.packets_under_way(0) > 0);
        sim.release(0, 2, 1);
        sim.run_until_idle();
        let seen = read(&mut sim, notebook);
        assert!(in_order(&seen, 2, 3), "seed {seed}: {seen:?}");
        assert_eq!(sim.packets_under_way(0), 0);
    }
}

#[test]
fn packets_are_delivered_one_by_one_in_the_order_that_the_test_wants() {
    for seed in 0..50 {
        let (mut sim, notebook) = notebook(seed);
        sim.hold(0, 0, 1);
        sim.hold(0, 2, 1);
        assert!(!sim.deliver_next(0, 2, 1), "there is nothing yet");
        for shard in [0, 2] {
            for number in 0..2 {
                write(&mut sim, shard, notebook, (shard.into(), number));
                sim.choose(0);
            }
        }
        let mut delivered = Vec::new();
        for from in [2, 0, 0, 2] {
            while !sim.deliver_next(0, from, 1) {
                assert!(sim.step(), "seed {seed}: nobody sends");
            }
            delivered.push(from);
        }
        run_alone(&mut sim, 1);
        sim.release(0, 0, 1);
        sim.release(0, 2, 1);
        let seen = read(&mut sim, notebook);
        assert_eq!(seen, [(2, 0), (0, 0), (0, 1), (2, 1)], "seed {seed}, {delivered:?}");
    }
}

#[test]
#[should_panic(expected = "stands still, for another")]
fn nothing_is_delivered_to_a_shard_that_stands_still() {
    let (mut sim, notebook) = notebook(6);
    sim.hold(0, 0, 1);
    write(&mut sim, 0, notebook, (0, 0));
    sim.stall(0, 1, std::time::Duration::from_secs(1));
    for _ in 0..10 {
        if sim.deliver_next(0, 0, 1) {
            return;
        }
        sim.choose(0);
    }
}
