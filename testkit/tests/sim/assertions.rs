//! Assertions that the seeds of a campaign answer together.

use std::panic::{AssertUnwindSafe, catch_unwind};

use greenroom_core::assertions::{Asserted, catalogue, violations};
use greenroom_core::{
    Actor, Context, Flow, Placement, Reply, always, reachable, sometimes, watermark,
};
use greenroom_testkit::{Campaign, TestRuntime};

use super::actors::is_whole;

/// Counts, and asserts what it is told to.
#[derive(Default)]
struct Counter {
    total: i64,
}

enum Count {
    Add(i64),
    Total(Reply<i64>),
}

impl Actor for Counter {
    type Message = Count;

    async fn handle(&mut self, message: Count, _: &Context<Self>) -> Flow {
        match message {
            Count::Add(more) => {
                self.total += more;
                watermark!(self.total, "the total");
                always!(self.total < 100, "the total is small", "it is {}", self.total);
                sometimes!(self.total == 7, "seven comes up");
                if self.total < 0 {
                    greenroom_core::unreachable!("the total is never negative");
                }
            }
            Count::Total(reply) => reply.send(self.total),
        }
        Flow::Continue
    }
}

/// Has the counter add these.
fn count(sim: &mut TestRuntime, numbers: impl IntoIterator<Item = i64> + 'static) -> i64 {
    sim.run(async move |system| {
        let counter = system.spawn(Placement::Shard(1), Counter::default).await.unwrap();
        for number in numbers {
            counter.send(Count::Add(number)).await.unwrap();
        }
        counter.call(Count::Total).await.unwrap()
    })
}

const SEEDS: u64 = 40;

fn campaign(name: &str) -> Campaign {
    Campaign::new(format!("sim::assertions::{name}")).seeds(SEEDS)
}

/// What a campaign that is to fail says.
fn said(campaign: &Campaign, body: impl Fn(&mut TestRuntime) + Sync) -> String {
    let failed = catch_unwind(AssertUnwindSafe(|| drop(campaign.run(body))));
    *failed.expect_err("the campaign fails").downcast::<String>().unwrap()
}

#[test]
fn the_seeds_of_a_campaign_answer_together() {
    let summary = campaign("the_seeds_of_a_campaign_answer_together").run(|sim| {
        let most = sim.draw(8) as i64;
        count(sim, [most]);
    });
    if summary.is_whole() {
        assert_eq!(summary.highest("the total"), Some(7));
        assert!(summary.hits("seven comes up") > 0, "{summary}");
        assert!(summary.runs() >= SEEDS, "{summary}");
    }
}

#[test]
fn a_condition_that_is_never_true_is_listed() {
    if !is_whole(SEEDS) {
        return;
    }
    let said = said(&campaign("a_condition_that_is_never_true_is_listed"), |sim| {
        count(sim, [2, 2]);
    });
    assert!(said.contains(" runs:\n  sometimes \"seven comes up\" at "), "{said}");
    assert!(said.contains(": not once in "), "{said}");
}

#[test]
fn an_actor_that_breaks_what_always_holds_fails_the_run() {
    let campaign = campaign("an_actor_that_breaks_what_always_holds_fails_the_run");
    let found = campaign.search(|sim| {
        count(sim, [7, 80, 40, 1]);
    });
    let found = found.expect("a failure");
    assert!(found.message.starts_with("broken [always \"the total is small\" at "), "{found}");
    assert!(found.message.contains("it is 127"), "{found}");
    // Another one is another failure, also for the search for a smaller run.
    let found = campaign.search(|sim| {
        count(sim, [-1]);
    });
    let found = found.expect("a failure");
    assert!(found.message.contains("[unreachable \"the total is never negative\" at "), "{found}");
}

#[test]
fn what_is_broken_between_turns_fails_the_run_too() {
    let found = campaign("what_is_broken_between_turns_fails_the_run_too").search(|sim| {
        let total = count(sim, [3]);
        always!(total == 4, "three is four");
    });
    assert!(found.expect("a failure").message.contains("three is four"));
}

mod covered {
    /// Reaches one of its places, and the other if it is told to.
    pub(super) fn go(far: bool) {
        super::reachable!("near");
        if far {
            super::reachable!("far");
        }
    }
}

#[test]
fn a_place_that_is_covered_and_never_reached_is_listed() {
    if !is_whole(SEEDS) {
        return;
    }
    let campaign = campaign("a_place_that_is_covered_and_never_reached_is_listed");
    drop(campaign.run(|_| covered::go(false)));
    let campaign = campaign.covers(concat!(module_path!(), "::covered"));
    let said = said(&campaign, |_| covered::go(false));
    assert!(said.contains("\n  reachable \"far\" at ") && !said.contains("near"), "{said}");
    drop(campaign.run(|sim| covered::go(sim.draw(4) == 0)));
}

#[test]
fn what_is_never_reached_is_in_the_catalogue() {
    let far = catalogue().into_iter().find(|site| site.name() == "far").unwrap();
    let module = concat!(module_path!(), "::covered");
    assert_eq!((far.asserted(), far.module()), (Asserted::Reachable, module));
}

#[test]
fn where_nobody_simulates_a_violation_is_a_metric() {
    let before = violations();
    always!(before == u64::MAX, "nobody hears of this", "{before}");
    assert!(violations() > before);
}

#[test]
fn what_is_broken_after_the_last_turn_is_told_where_it_happens() {
    let said = |run: &mut dyn FnMut()| {
        let failed = catch_unwind(AssertUnwindSafe(run)).expect_err("nobody was told");
        *failed.downcast::<String>().unwrap()
    };
    let mut sim = TestRuntime::new_with_seed(1);
    let on = said(&mut || sim.on(0, 0, || always!(1 > 2, "between turns")));
    assert!(on.starts_with("broken [always \"between turns\" at "), "{on}");
    always!(1 > 2, "outside of all");
    let idle = said(&mut || sim.run_until_idle());
    assert!(idle.contains("outside of all"), "{idle}");
    always!(1 > 2, "outside of all");
    let advanced = said(&mut || sim.advance(std::time::Duration::from_secs(1)));
    assert!(advanced.contains("outside of all"), "{advanced}");
    // What nobody has heard of is not another run's.
    always!(1 > 2, "outside of all");
    drop(sim);
    TestRuntime::new_with_seed(2).run(async |_| ());
}
