//! Everything is tried, and counted.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use greenroom_core::{Actor, Context, Flow, Placement, Reply, System, spawn_local};
use greenroom_testkit::{Campaign, Choice, DecisionLog, TestRuntime, sim_test};

use super::actors::yield_now;

fn campaign(test: &str, preemptions_max: u32) -> Campaign {
    Campaign::new(format!("sim::exhaustive::{test}")).exhaustive(preemptions_max)
}

#[test]
fn every_number_that_a_test_draws_comes_once() {
    let explored = campaign("every_number_that_a_test_draws_comes_once", 0).explore(|sim| {
        if sim.draw(3) == 1 {
            let _ = sim.draw(4);
        }
        let _ = sim.draw(2);
    });
    assert!(explored.failure.is_none());
    assert_eq!(explored.runs, (1 + 4 + 1) * 2);
}

#[test]
fn ready_tasks_run_in_every_order() {
    let explored = campaign("ready_tasks_run_in_every_order", 0).explore(|sim| {
        sim.on(0, 0, || (0..4).for_each(|_| drop(spawn_local(async {}))));
        sim.run_until_idle();
    });
    assert_eq!(explored.runs, 4 * 3 * 2);
}

#[test]
fn one_bad_order_of_many_is_found_without_seeds() {
    let name = "one_bad_order_of_many_is_found_without_seeds";
    let met = AtomicU64::new(0);
    let run = |sim: &mut TestRuntime| {
        let order = Rc::new(RefCell::new(Vec::new()));
        sim.on(0, 1, || {
            for number in 0..5 {
                let order = order.clone();
                drop(spawn_local(async move { order.borrow_mut().push(number) }));
            }
        });
        sim.run_until_idle();
        *order.borrow() == [3, 1, 4, 0, 2]
    };
    let all = campaign(name, 0).explore(|sim| {
        met.fetch_add(run(sim).into(), Ordering::Relaxed);
    });
    assert_eq!((all.runs, met.into_inner()), (120, 1));
    let found = campaign(name, 0).search(|sim| assert!(!run(sim), "the bad order"));
    assert!(found.expect("it is there").message.contains("the bad order"));
}

const ONE_NODE: [(u16, u16); 2] = [(0, 0), (0, 1)];
const TWO_NODES: [(u16, u16); 2] = [(0, 0), (1, 0)];

/// Gives two shards work that has nothing to do with the other's: a task each, of so many polls.
fn work_apart(sim: &mut TestRuntime, shards: [(u16, u16); 2], polls: [u32; 2]) {
    for ((node, shard), polls) in shards.into_iter().zip(polls) {
        let task = async move {
            for _ in 1..polls {
                yield_now().await;
            }
        };
        sim.on(node, shard, || drop(spawn_local(task)));
    }
}

/// How many steps each of the shards takes then, its way into sleep included.
fn steps_of(polls: [u32; 2]) -> [u64; 2] {
    // No choice is known: all is tame, as it is when everything is tried.
    let nothing = DecisionLog { shards: vec![2], ..DecisionLog::default() };
    let mut sim = TestRuntime::builder().replay(nothing).build();
    work_apart(&mut sim, ONE_NODE, polls);
    let mut steps = [0, 0];
    while let Some(&Choice::Shard { shard, .. }) = sim.enabled().first() {
        sim.choose(0);
        steps[usize::from(shard)] += 1;
    }
    steps
}

/// In how many ways two rows of steps are put into one, with so many changes from one to the other
/// while the first could go on; `goes_on` is the row of the last step.
fn interleavings(left: [u64; 2], goes_on: Option<usize>, preemptions: u32) -> u64 {
    if left == [0, 0] {
        return 1;
    }
    let ways = (0..2).filter(|&row| left[row] > 0).map(|row| {
        let preempts = goes_on.is_some_and(|last| last != row && left[last] > 0);
        if preempts && preemptions == 0 {
            return 0;
        }
        let mut rest = left;
        rest[row] -= 1;
        interleavings(rest, Some(row), preemptions - u32::from(preempts))
    });
    ways.sum()
}

#[test]
fn schedules_are_as_many_as_combinatorics_says() {
    let name = "schedules_are_as_many_as_combinatorics_says";
    for polls in [[1, 1], [1, 2], [3, 2]] {
        let steps = steps_of(polls);
        assert!(steps[0] >= u64::from(polls[0]) && steps[1] >= u64::from(polls[1]), "{steps:?}");
        for preemptions in [0, 1, 2, 3, 99] {
            let explored = campaign(name, preemptions).explore(|sim| {
                work_apart(sim, ONE_NODE, polls);
                sim.run_until_idle();
            });
            let expected = interleavings(steps, None, preemptions);
            assert_eq!(explored.runs, expected, "{steps:?}, {preemptions} preemptions");
        }
        // Without a bound that matters it is the binomial coefficient.
        let over = (1..=steps[0]).fold(1, |ways, k| ways * (steps[1] + k) / k);
        assert_eq!(interleavings(steps, None, 99), over);
    }
}

#[test]
fn the_way_into_sleep_is_no_choice_where_nobody_has_a_ring_to_the_shard() {
    let name = "the_way_into_sleep_is_no_choice_where_nobody_has_a_ring_to_the_shard";
    for polls in [[1, 2], [3, 2]] {
        let apart = campaign(name, 99).runtime(|builder, _| builder.nodes(2).shards(1));
        let explored = apart.explore(|sim| {
            work_apart(sim, TWO_NODES, polls);
            sim.run_until_idle();
        });
        // The last step of each is the second half of falling asleep.
        let rounds = steps_of(polls).map(|steps| steps - 1);
        assert_eq!(explored.runs, interleavings(rounds, None, 99), "{rounds:?}");
    }
}

/// Adds to a number in two steps, between which others may do the same.
#[derive(Default)]
struct Register(u64);

enum Access {
    Load(Reply<u64>),
    Store(u64),
}

impl Actor for Register {
    type Message = Access;

    async fn handle(&mut self, message: Access, _: &Context<Self>) -> Flow {
        match message {
            Access::Load(reply) => reply.send(self.0),
            Access::Store(value) => self.0 = value,
        }
        Flow::Continue
    }
}

/// Two clients that each add 1, from two shards; the second begins when it is told.
async fn two_add(system: System) -> u64 {
    let register = system.spawn(Placement::Shard(0), Register::default).await.unwrap();
    let add = async move || {
        let value = register.call(Access::Load).await.unwrap();
        register.send(Access::Store(value + 1)).await.unwrap();
    };
    let other = system.handle().run_on(greenroom_core::ShardId(1), async move |_| add().await);
    add().await;
    other.await.unwrap();
    register.call(Access::Load).await.unwrap()
}

#[test]
fn a_lost_update_is_found_without_seeds() {
    let name = "a_lost_update_is_found_without_seeds";
    let racing = |sim: &mut TestRuntime| assert_eq!(sim.run(two_add), 2, "an update was lost");
    let explored = campaign(name, 1).explore(racing);
    let found = explored.failure.expect("a lost update");
    assert!(found.message.contains("an update was lost"), "{found}");
    let failed = found.trace.bytes().windows(8).any(|line| line == b"\nfailed ");
    assert!(failed, "the trace is of another run");
    // What was found is a run like any other.
    let again = TestRuntime::builder().replay(found.log);
    let mut again = again.build();
    assert!(catch_unwind(AssertUnwindSafe(|| racing(&mut again))).is_err());
    assert!(!again.drift().unwrap().any());
}

#[test]
#[should_panic(expected = "runs were not all there are")]
fn a_bound_on_runs_that_is_met_is_no_success() {
    campaign("a_bound_on_runs_that_is_met_is_no_success", 2).runs_max(11).run(|sim| {
        let _ = sim.draw(12);
    });
}

#[test]
fn a_bound_on_runs_that_is_enough_is() {
    campaign("a_bound_on_runs_that_is_enough_is", 2).runs_max(12).run(|sim| {
        let _ = sim.draw(12);
    });
}

#[test]
#[should_panic(expected = "not a function of its choices")]
fn a_run_that_depends_on_more_than_its_choices_is_found() {
    let runs = AtomicU64::new(0);
    campaign("a_run_that_depends_on_more_than_its_choices_is_found", 0).run(|sim| {
        let _ = sim.draw(2 + runs.fetch_add(1, Ordering::Relaxed) % 3);
    });
}

#[sim_test(exhaustive = 1)]
async fn the_attribute_tries_everything_too(system: System) {
    let register = system.spawn(Placement::Shard(1), Register::default).await.unwrap();
    register.send(Access::Store(3)).await.unwrap();
    assert_eq!(register.call(Access::Load).await.unwrap(), 3);
}
