//! Senders that wait for room in a circle, over many schedules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use greenroom_core::{Pid, Wait};
use greenroom_testkit::{Campaign, TestRuntime};

use super::actors::come_to_rest;
use super::ring::{Circles, Ended, How, Log, MILLI, Ring, SEND, storm};

/// Longer than a circle lasts: a look at the waits comes 100 to 109 ms after the last began, later
/// by what timers are late and packets take.
const FOUND: Duration = Duration::from_millis(200);

/// The same where tasks are polled for no reason: that begins their waits anew.
const FOUND_AT_LAST: Duration = Duration::from_secs(120);

/// Lets time pass until a circle is broken.
fn wait_until_broken(sim: &mut TestRuntime, told: &Circles) {
    let begin = sim.now();
    while told.broken().is_empty() {
        assert!(sim.now() - begin < FOUND_AT_LAST, "{}", sim.report());
        sim.advance(FOUND);
    }
    // Those who wait in turn go on one after the other.
    sim.advance(Duration::from_secs(5));
}

fn campaign(name: &str, seeds: u64) -> (Campaign, Circles) {
    let told = Circles::default();
    let reporter = told.clone();
    let campaign = Campaign::new(format!("sim::circles::{name}")).seeds(seeds);
    let campaign = campaign.runtime(move |builder, _| {
        reporter.forget();
        builder.shards(3).reporter(reporter.clone())
    });
    (campaign, told)
}

/// Checks that one member's wait failed, with the right path, and all others went on to their end.
fn one_was_told(ring: &Ring, told: &Circles) {
    let ended = ring.log.ended();
    let failed: Vec<_> = ended.iter().filter(|(_, e)| matches!(e, Ended::Cycle(_))).collect();
    let [(victim, Ended::Cycle(path))] = failed[..] else { panic!("{ended:?}") };
    let count = ring.actors.len();
    let behind = (1..count).map(|step| ring.actors[(victim + count - step) % count].pid());
    let expected: Vec<Pid> = match count {
        1 => vec![ring.actors[0].pid()],
        _ => behind.collect(),
    };
    assert_eq!(*path, expected, "the victim is {victim}");
    assert_eq!(told.broken(), [(ring.actors[*victim].pid(), expected)]);
    assert_eq!(told.suspected(), []);
    assert_eq!(ended.len(), count, "somebody still waits: {ended:?}");
    assert!(ended.iter().all(|(_, e)| matches!(e, Ended::Cycle(_) | Ended::AllSent)), "{ended:?}");
}

fn breaks(sim: &mut TestRuntime, told: &Circles, places: &[u16]) {
    let ring = Ring::start(sim, places, &vec![How::Send; places.len()]);
    sim.advance(40 * MILLI);
    assert_eq!(ring.log.ended(), [], "no circle came about");
    wait_until_broken(sim, told);
    one_was_told(&ring, told);
    ring.end(sim);
    come_to_rest(sim, 1, 3);
}

/// kameo #84, #87: full mailboxes that wait for each other.
#[test]
fn a_circle_of_two_on_one_shard_is_broken() {
    let (campaign, told) = campaign("a_circle_of_two_on_one_shard_is_broken", 100);
    campaign.run(|sim| breaks(sim, &told, &[1, 1]));
}

/// scylla #15845: full queues A to B and B to A.
#[test]
fn a_circle_of_two_across_shards_is_broken() {
    let (campaign, told) = campaign("a_circle_of_two_across_shards_is_broken", 200);
    campaign.run(|sim| breaks(sim, &told, &[2, 0]));
}

#[test]
fn a_circle_of_three_across_shards_is_broken() {
    let (campaign, told) = campaign("a_circle_of_three_across_shards_is_broken", 300);
    campaign.run(|sim| breaks(sim, &told, &[0, 1, 2]));
}

#[test]
fn a_circle_of_any_size_anywhere_is_broken() {
    let (campaign, told) = campaign("a_circle_of_any_size_anywhere_is_broken", 200);
    campaign.run(|sim| {
        let places: Vec<u16> = (0..1 + sim.draw(12)).map(|_| sim.draw(3) as u16).collect();
        breaks(sim, &told, &places);
    });
}

/// However it waits otherwise, a member that can still be woken keeps its circle from being
/// declared.
#[test]
fn a_circle_with_a_live_member_is_never_declared() {
    let (campaign, told) = campaign("a_circle_with_a_live_member_is_never_declared", 400);
    campaign.run(|sim| {
        let places: Vec<u16> = (0..2 + sim.draw(5)).map(|_| sim.draw(3) as u16).collect();
        let mut hows = vec![How::Send; places.len()];
        let alive = Duration::from_secs(3);
        let live = sim.draw(places.len() as u64) as usize;
        hows[live] = match sim.draw(5) {
            0 => How::Within(alive),
            1 => How::OrOpened,
            2 => How::Sleep(alive),
            3 => How::Ask(alive),
            _ => How::InUnordered(alive),
        };
        let ring = Ring::start(sim, &places, &hows);
        sim.advance(alive - FOUND);
        assert_eq!(ring.log.ended(), [], "{hows:?}");
        ring.open(sim);
        sim.advance(alive);
        assert_eq!(told.broken(), [], "{hows:?}");
        assert!(told.suspected().len() <= 1, "{:?}", told.suspected());
        let ended = ring.log.ended();
        assert_eq!(ended.len(), places.len(), "somebody still waits: {ended:?}\n{}", sim.report());
        assert!(!ended.iter().any(|(_, e)| matches!(e, Ended::Cycle(_))), "{ended:?}");
        ring.end(sim);
        come_to_rest(sim, 1, 3);
    });
}

#[test]
fn a_third_party_may_break_a_circle_while_it_is_probed() {
    let (campaign, told) = campaign("a_third_party_may_break_a_circle_while_it_is_probed", 600);
    // Runs in which the circle was declared before it was broken, and in which it was not.
    let (before, never) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let summary = campaign.run(|sim| {
        let ring = Ring::start(sim, &[0, 1, 2], &[How::Send; 3]);
        sim.advance(40 * MILLI);
        // Into the middle of the probes, which begin at a tick of their own.
        let probing = |sim: &TestRuntime| sim.packets_under_way(0) > 0;
        while !probing(sim) && told.broken().is_empty() {
            assert!(sim.step());
        }
        for _ in 0..sim.draw(60) {
            sim.step();
        }
        let (third, how) = (ring.actors[sim.draw(3) as usize], sim.draw(3));
        sim.on(0, 0, || match how {
            0 => third.stop(),
            1 => third.drain(),
            _ => third.kill(),
        });
        sim.advance(20 * MILLI);
        let told_by_then = told.broken().len();
        sim.advance(Duration::from_secs(2));
        let failed = ring.log.ended();
        let failed = failed.iter().filter(|(_, e)| matches!(e, Ended::Cycle(_))).count();
        assert!(failed <= 1 && told.broken().len() <= 1);
        if how == 0 {
            // A stop waits for the handler, so it is no way out of the circle.
            wait_until_broken(sim, &told);
        } else {
            assert_eq!(told.broken().len(), told_by_then, "declared after it was broken");
            let count = if told_by_then == 1 { &before } else { &never };
            count.fetch_add(1, Ordering::Relaxed);
        }
        for shard in 0..3 {
            assert_eq!(sim.in_use(0, shard).parked, 0, "{}", sim.report());
        }
        ring.end(sim);
        come_to_rest(sim, 1, 3);
    });
    if !summary.is_whole() {
        return;
    }
    assert!(before.into_inner() > 20 && never.into_inner() > 20, "the two never raced");
}

/// The circles of tasks that wait for room, by their members in order from the smallest.
fn circles(sim: &TestRuntime) -> BTreeSet<Vec<Pid>> {
    let waits = (0..3).flat_map(|shard| sim.waits(0, shard));
    let edges: BTreeMap<Pid, Pid> = waits
        .filter_map(|wait| match wait {
            Wait::Room { from: Some(from), to } => Some((from, to)),
            _ => None,
        })
        .collect();
    let mut circles = BTreeSet::new();
    for &start in edges.keys() {
        let mut circle = vec![start];
        while let Some(&next) = edges.get(&circle[circle.len() - 1]) {
            if next == start {
                circles.insert(from_smallest(circle));
                break;
            }
            if circle.contains(&next) {
                break;
            }
            circle.push(next);
        }
    }
    circles
}

fn from_smallest(mut circle: Vec<Pid>) -> Vec<Pid> {
    let smallest = (0..circle.len()).min_by_key(|&index| circle[index]).unwrap();
    circle.rotate_left(smallest);
    circle
}

/// Whatever actors with small mailboxes send to whomever, everything ends, and nobody is told of a
/// circle that there was not.
#[test]
fn a_storm_of_senders_always_settles_and_no_circle_is_made_up() {
    let name = "a_storm_of_senders_always_settles_and_no_circle_is_made_up";
    let (campaign, told) = campaign(name, 150);
    let all = AtomicUsize::new(0);
    let summary = campaign.run(|sim| {
        let log = Log::default();
        let root = storm(sim, &log);
        let (mut seen, mut judged) = (BTreeSet::new(), 0);
        while !root.is_finished() {
            assert!(sim.step(), "nothing moves any more\n{}", sim.report());
            let broken = told.broken();
            for (victim, path) in &broken[judged..] {
                let others = path.iter().rev().copied().filter(|pid| pid != victim);
                let circle: Vec<Pid> = std::iter::once(*victim).chain(others).collect();
                let circle = from_smallest(circle);
                assert!(seen.contains(&circle), "there was no circle {circle:?}");
            }
            judged = broken.len();
            seen.extend(circles(sim));
        }
        sim.finish(root);
        // Calls fail for call cycles as well, which are found without a probe.
        let sends = log.ended().iter().filter(|(verb, _)| *verb == SEND).count();
        assert!(sends <= judged, "{sends} of {judged}");
        all.fetch_add(judged, Ordering::Relaxed);
        come_to_rest(sim, 1, 3);
    });
    if !summary.is_whole() {
        return;
    }
    assert!(all.into_inner() > 50, "hardly a circle in all seeds");
}
