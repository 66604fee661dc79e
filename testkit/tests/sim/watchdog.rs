//! Stalls, letters and ledgers as a simulated node has them.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use greenroom_core::{
    ExitReason, LetterBound, LetterReason, Pid, Placement, Reporter, ShardId, Stall, System,
    Undelivered, WhenSlow, sleep, spawn_local,
};
use greenroom_testkit::{Campaign, TestRuntime};

use super::actors::{Note, Notebook, come_to_rest};

#[derive(Clone, Default)]
struct Stalls(Arc<Mutex<Vec<Stall>>>);

impl Reporter for Stalls {
    fn actor_failed(&self, _: Pid, _: &str, _: &ExitReason) {}

    fn shard_stalled(&self, stall: &Stall) {
        self.0.lock().unwrap().push(stall.clone());
    }
}

/// Where three actors go that may go anywhere.
fn place_three(sim: &mut TestRuntime) -> Vec<u16> {
    sim.run(async |system: System| {
        let mut places = Vec::new();
        for _ in 0..3 {
            let notebook = system.spawn(Placement::Any, Notebook::default).await.unwrap();
            places.push(notebook.pid().shard().0);
        }
        places.sort_unstable();
        places
    })
}

fn sick(system: System) -> Vec<bool> {
    system.shards_health().iter().map(|shard| shard.sick).collect()
}

#[test]
fn a_shard_that_stands_still_is_sick_until_it_goes_on() {
    let name = "sim::watchdog::a_shard_that_stands_still_is_sick_until_it_goes_on";
    Campaign::new(name).seeds(100).runtime(|builder, _| builder.shards(3)).run(|sim| {
        let system = sim.system(0);
        let notebook = sim.run(async |system| {
            system.spawn(Placement::Shard(1), Notebook::default).await.unwrap()
        });
        sim.run_until_idle();
        sim.stall(0, 1, Duration::from_millis(200));
        sim.on(0, 0, || notebook.cast(Note::Write(0, 1)).unwrap());
        sim.advance(Duration::from_millis(20));
        assert_eq!(sick(system), [false; 3], "not for long enough");
        sim.advance(Duration::from_millis(60));
        assert_eq!(sick(system), [false, true, false]);
        assert_eq!(system.shards_health()[1].stalls, 1);
        assert!(!place_three(sim).contains(&1));
        sim.advance(Duration::from_millis(200));
        assert_eq!(sick(system), [false; 3]);
        assert!(place_three(sim).contains(&1));
        come_to_rest(sim, 1, 3);
    });
}

#[test]
fn a_stall_is_reported_and_a_short_one_is_not() {
    let stalls = Stalls::default();
    let mut sim = TestRuntime::builder().seed(11).shards(2).reporter(stalls.clone()).build();
    for millis in [10, 20, 200] {
        sim.stall(0, 1, Duration::from_millis(millis));
        sim.wake_spuriously(0, 1);
        sim.advance(Duration::from_millis(300));
    }
    let told = stalls.0.lock().unwrap().clone();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].shard, told[0].task), (ShardId(1), None));
}

/// Letters of another shard come in order, each once, and what is missing was counted, whatever the
/// order in which shards run; and a subscriber that is gone leaves nothing behind.
#[test]
fn letters_cross_in_order_and_what_is_missing_is_counted() {
    let name = "sim::watchdog::letters_cross_in_order_and_what_is_missing_is_counted";
    Campaign::new(name).seeds(200).runtime(|builder, _| builder.shards(2)).run(|sim| {
        const SENT: u32 = 60;
        let bound = sim.draw(8) as usize + 1;
        let when_slow = if sim.draw(2) == 0 { WhenSlow::DropOldest } else { WhenSlow::DropNewest };
        let read = Rc::new(Cell::new(0));
        let counted = read.clone();
        let lost = sim.run(async move |system| {
            let bound = LetterBound { letters: bound, when_slow };
            let mut letters = system.dead_letters(bound).unwrap();
            let reader = spawn_local(async move {
                let mut last = None;
                loop {
                    let letter = match letters.try_next() {
                        Some(letter) => letter,
                        None if counted.get() + letters.lost() == u64::from(SENT) => {
                            return letters.lost();
                        }
                        None => {
                            sleep(Duration::from_micros(3)).await;
                            continue;
                        }
                    };
                    assert_eq!(letter.reason, LetterReason::Undelivered(Undelivered::Stopped));
                    assert!(Some(letter.at) >= last, "out of order");
                    last = Some(letter.at);
                    counted.set(counted.get() + 1);
                }
            });
            let spawned = system.spawn(Placement::Shard(1), Notebook::default).await;
            let notebook = spawned.unwrap();
            notebook.kill();
            notebook.exit().await;
            for number in 0..SENT {
                notebook.cast(Note::Write(0, number)).unwrap();
                if number % 7 == 0 {
                    sleep(Duration::from_micros(1)).await;
                }
            }
            reader.await.unwrap()
        });
        assert_eq!(read.get() + lost, u64::from(SENT));
        come_to_rest(sim, 1, 2);
    });
}
