//! Supervision under a storm.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use greenroom_core::supervision::{
    Budget, ChildStatus, Restart, Strategy, SupervisionTree, Supervisor,
};
use greenroom_core::{ActorRef, ExitReason, Instant, Pid, Placement, Reporter, System};
use greenroom_testkit::TestRuntime;

use super::super::actors::come_to_rest;
use super::book::no_faults;
use super::branches::Tree;
use super::checks::{Alive, alive, bonds_are_mutual};
use super::meddling::{Found, Meddled, found, meddle, senders, start_senders};
use super::workers::Log;
use super::{campaign, shards, shards_of};

thread_local! {
    /// Restarts as they are told to the reporter of this thread's run: by supervisor and child.
    static RESTARTS: RefCell<BTreeMap<(Pid, String), Vec<Instant>>> =
        const { RefCell::new(BTreeMap::new()) };
}

struct Restarts;

impl Reporter for Restarts {
    fn actor_failed(&self, _: Pid, _: &str, _: &ExitReason) {}

    fn child_restarts(&self, of: Pid, child: &str, _: &ExitReason, _: u64, _: Duration) {
        let now = System::current().expect("inside a shard").now();
        RESTARTS.with_borrow_mut(|all| all.entry((of, child.into())).or_default().push(now));
    }
}

fn within(budget: Budget, restarts: &[Instant]) -> bool {
    let most = budget.restarts as usize;
    restarts.windows(most + 1).all(|window| window[most] >= window[0] + budget.within)
}

/// Whether the root, which has one incarnation and so one window, kept to its budgets.
fn budgets_were_kept(top: Pid, tree: &Tree) {
    let restarts = RESTARTS.take();
    let mut all = Vec::new();
    for ((of, child), restarts) in restarts.iter() {
        if *of == top {
            assert!(within(tree.drawn[child].budget, restarts), "{child}: {restarts:?}");
            all.extend(restarts);
        }
    }
    all.sort();
    assert!(within(tree.budget, &all), "{:?}: {all:?}", tree.budget);
}

/// No child is left between two states, each that is said to be up is, and nobody else is there.
fn consistent(tree: &SupervisionTree, alive: &Alive) {
    fn walk(tree: &SupervisionTree, alive: &Alive, listed: &mut BTreeSet<Pid>) {
        listed.insert(tree.supervisor);
        for (child, below) in &tree.children {
            match child.pid {
                Some(pid) => {
                    assert_eq!(child.status, ChildStatus::Up, "{child:?}");
                    let ties = alive.get(&pid);
                    assert!(ties.is_some_and(|ties| !ties.suspended), "{child:?} {ties:?}");
                    listed.insert(pid);
                }
                None => {
                    let ended = matches!(child.status, ChildStatus::Ended | ChildStatus::Stopped);
                    assert!(ended, "{child:?}");
                }
            }
            if let Some(below) = below {
                walk(below, alive, listed);
            }
        }
    }
    let mut listed = BTreeSet::new();
    walk(tree, alive, &mut listed);
    let there: BTreeSet<Pid> = alive.keys().copied().collect();
    assert_eq!(there, listed, "somebody is nobody's child: {tree}");
}

/// Whoever was to be restarted is up, and, unless its supervisor was another incarnation, is the
/// actor it was.
fn all_that_should_are_up(
    top: ActorRef<Supervisor>,
    tree: &Tree,
    meddled: &Meddled,
    (before, after): (&[Found], &[Found]),
    log: &Log,
) {
    let lines = log.open();
    let below_top = |pid| before.iter().any(|found| found.pid == pid && found.parent == top);
    let undisturbed = tree.strategy == Strategy::OneForOne && !meddled.supervisors;
    let steady =
        |found: &Found| found.parent == top || (undisturbed && below_top(found.parent.pid()));
    for found in before.iter().filter(|found| steady(found)) {
        let goes_on = match tree.drawn[&found.id].restart {
            Restart::Permanent => true,
            Restart::Transient => !lines.stopped_itself.contains(&found.pid),
            Restart::Temporary => false,
        };
        if !goes_on || meddled.with.contains(&found.id) {
            continue;
        }
        let now = after.iter().find(|now| now.id == found.id);
        assert_eq!(now.map(|now| now.pid), Some(found.pid), "{found:?} {meddled:?}");
        let unhandled =
            lines.accepted.iter().filter(|item| item.0 == found.pid && !lines.begun.contains(item));
        let unhandled: Vec<_> = unhandled.collect();
        assert!(unhandled.is_empty(), "{found:?} lost {unhandled:?} {meddled:?}");
    }
}

fn tree_of(sim: &mut TestRuntime, top: ActorRef<Supervisor>) -> Option<SupervisionTree> {
    sim.run(async move |_| top.supervision_tree().await.ok())
}

fn a_storm(sim: &mut TestRuntime, generous: bool) {
    drop(RESTARTS.take());
    let log = Log::default();
    let (spec, mut tree) = Tree::draw(sim, &log, generous);
    let shards = shards(sim);
    let place = Placement::Shard(sim.draw(u64::from(shards)) as u16);
    let top = sim.run(async move |system| spec.start(&system, place).await.unwrap());
    let before = found(&tree_of(sim, top).expect("nothing has happened"));
    let jobs = senders(sim, &before, &log);
    let (system, sending) = (sim.system(0), log.clone());
    sim.on(0, 0, || start_senders(system, jobs, &sending));
    let meddled = meddle(sim, &mut tree, top, &before);
    sim.advance(Duration::from_secs(120));
    sim.run_until_idle();
    no_faults();
    let after = tree_of(sim, top);
    let alive = alive(sim);
    bonds_are_mutual(&alive);
    match &after {
        Some(after) => {
            consistent(after, &alive);
            if generous {
                all_that_should_are_up(top, &tree, &meddled, (&before, &found(after)), &log);
            }
        }
        None => assert!(!generous && alive.is_empty(), "{top:?} is gone, and these not: {alive:?}"),
    }
    let outlived = meddled.stopped.iter().filter(|pid| alive.contains_key(pid)).count();
    assert_eq!(outlived, 0, "a stop was not final");
    budgets_were_kept(top.pid(), &tree);
    sim.on(0, 0, || top.stop());
    come_to_rest(sim, 1, shards);
    for shard in 0..shards {
        assert_eq!(sim.in_use(0, shard).tasks, 0, "somebody is left");
    }
    no_faults();
}

fn storms(name: &str, seeds: u64, generous: bool) {
    let campaign = campaign(name, seeds)
        .runtime(|builder, seed| builder.shards(shards_of(seed)).reporter(Restarts));
    campaign.run(|sim| a_storm(sim, generous));
}

/// Where nobody is ever given up: all that should be up are, as the same actors, and have handled
/// each message once and in order.
#[test]
fn whoever_should_be_up_after_a_storm_is() {
    storms("trees::whoever_should_be_up_after_a_storm_is", 150, true);
}

/// Where budgets are tight: nobody is restarted more often than that, and whoever is not up has
/// ended, with all below.
#[test]
fn budgets_are_kept_in_every_storm_and_nobody_is_left_in_between() {
    let name = "trees::budgets_are_kept_in_every_storm_and_nobody_is_left_in_between";
    storms(name, 150, false);
}
