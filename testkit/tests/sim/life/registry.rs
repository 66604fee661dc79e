//! Names and groups under a storm.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use greenroom_core::supervision::{
    Budget, ChildSpec, Restart, Strategy, Supervisor, SupervisorSpec,
};
use greenroom_core::{ActorRef, Pid, Placement};
use greenroom_testkit::TestRuntime;

use super::book::no_faults;
use super::checks::{Alive, alive, bonds_are_mutual};
use super::crowd::{Citizen, GROUPS, NAMES, Town, Wish, citizen};
use super::setting::{campaign, go_on, shards};

const PLENTY: Budget = Budget::new(100_000, Duration::from_secs(1));

/// A supervisor of which half the crowd are children, and which goes on whatever they do.
fn start(sim: &mut TestRuntime, town: &Town) -> ActorRef<Supervisor> {
    let shards = shards(sim);
    let mut spec = SupervisorSpec::new(Strategy::OneForOne).budget(PLENTY);
    for number in 0..8 {
        let town = town.clone();
        let child = ChildSpec::new(format!("c{number}"), move || Citizen::new(town.clone()));
        let restart = if number % 4 == 0 { Restart::Temporary } else { Restart::Permanent };
        let place = Placement::Shard(number % shards);
        spec = spec.child(child.restart(restart).budget(PLENTY).placement(place));
    }
    sim.run(async move |system| spec.start(&system, Placement::Here).await.unwrap())
}

fn some(sim: &TestRuntime, town: &Town) -> Pid {
    let records = town.open();
    let actors: Vec<Pid> = records.actors.iter().copied().collect();
    actors[sim.draw(actors.len() as u64) as usize]
}

fn wish(sim: &TestRuntime, town: &Town) -> Wish {
    let name = NAMES[sim.draw(3) as usize];
    let group = GROUPS[sim.draw(3) as usize];
    match sim.draw(20) {
        0..5 => Wish::Register(name),
        5 => Wish::Unregister(name),
        6..10 => Wish::Join(group),
        10..12 => Wish::Leave(group, some(sim, town)),
        12..16 => Wish::Hear(group),
        16 | 17 => Wish::HearNoMore(group),
        18 => Wish::Panic,
        _ => Wish::PanicLater,
    }
}

fn storm(sim: &mut TestRuntime, town: &Town) {
    let shards = u64::from(shards(sim));
    for number in 0..sim.extent(120) {
        go_on(sim, 12);
        let (whom, from) = (citizen(some(sim, town)), sim.draw(shards) as u16);
        match sim.draw(24) {
            0 => sim.on(0, from, || whom.kill()),
            1 => sim.on(0, from, || whom.stop()),
            2..5 => {
                let (town, place) = (town.clone(), Placement::Shard((number % shards) as u16));
                drop(sim.start_on(0, async move |system| {
                    drop(system.spawn(place, move || Citizen::new(town)).await);
                }));
            }
            _ => {
                let wish = wish(sim, town);
                sim.on(0, from, || drop(whom.cast(wish)));
            }
        }
    }
}

/// The tables of all shards are the same, and of the living; whoever hears of a group knows them.
fn tables_agree(sim: &mut TestRuntime, town: &Town, alive: &Alive) -> usize {
    let system = sim.system(0);
    let shards = shards(sim);
    let names = sim.on(0, 0, || system.names());
    assert!(names.iter().all(|(_, pid)| alive.contains_key(pid)), "a name of the dead: {names:?}");
    let groups: Vec<BTreeSet<Pid>> = GROUPS
        .iter()
        .map(|group| {
            let members = sim.on(0, 0, || system.members::<Citizen>(group));
            members.iter().map(ActorRef::pid).collect()
        })
        .collect();
    for shard in 0..shards {
        assert_eq!(sim.on(0, shard, || system.names()), names, "shard {shard}");
        for (group, members) in GROUPS.iter().zip(&groups) {
            let here = sim.on(0, shard, || system.members::<Citizen>(group));
            let here: BTreeSet<Pid> = here.iter().map(ActorRef::pid).collect();
            assert_eq!(here, *members, "{group} on shard {shard}");
            assert!(here.iter().all(|pid| alive.contains_key(pid)), "the dead are in {group}");
        }
    }
    for ((watcher, of), view) in &town.open().views {
        let group = GROUPS.iter().position(|group| group == of).expect("a group");
        if alive.contains_key(watcher) {
            assert_eq!(*view, groups[group], "{watcher} knows better of {of}");
        }
    }
    names.len() + groups.iter().map(BTreeSet::len).sum::<usize>()
}

/// A directory monitors whoever is entered once, however often it came and went.
fn directories_know_each_once(alive: &Alive, town: &Town) {
    let crowd = &town.open().actors;
    for ties in alive.values().filter(|ties| !crowd.contains(&ties.actor)) {
        let known: BTreeSet<&Pid> = ties.monitors.iter().collect();
        assert_eq!(known.len(), ties.monitors.len(), "{ties:?}");
    }
}

/// Whoever takes names, joins, leaves, hears of groups and ends, restarted or not.
#[test]
fn all_shards_agree_after_every_storm() {
    let (passed_on, entries) = (AtomicU64::new(0), AtomicU64::new(0));
    let summary = campaign("registry::all_shards_agree_after_every_storm", 150).run(|sim| {
        let town = Town::default();
        let top = start(sim, &town);
        storm(sim, &town);
        sim.advance(Duration::from_secs(60));
        sim.run_until_idle();
        no_faults();
        let alive = alive(sim);
        bonds_are_mutual(&alive);
        directories_know_each_once(&alive, &town);
        entries.fetch_add(tables_agree(sim, &town, &alive) as u64, Ordering::Relaxed);
        passed_on.fetch_add(town.open().passed_on, Ordering::Relaxed);
        // With the last of them all is forgotten, but for the directories themselves.
        let crowd: Vec<_> = town.open().actors.iter().copied().map(citizen).collect();
        sim.on(0, 0, || {
            top.kill();
            crowd.iter().for_each(ActorRef::kill);
        });
        sim.run_until_idle();
        let left = super::checks::alive(sim);
        assert!(left.len() <= usize::from(shards(sim)), "{left:?}");
        for ties in left.values() {
            assert!(ties.monitors.is_empty(), "somebody is entered still: {ties:?}");
        }
        let system = sim.system(0);
        for shard in 0..shards(sim) {
            assert_eq!(sim.on(0, shard, || system.names()), [], "shard {shard}");
        }
        no_faults();
    });
    if summary.is_whole() {
        assert!(passed_on.into_inner() > 100 && entries.into_inner() > 100, "hardly any entries");
    }
}
