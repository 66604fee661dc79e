//! What must hold when a storm of links and monitors is over.

use std::collections::BTreeMap;

use greenroom_core::{ExitReason, Pid, Ties};
use greenroom_testkit::TestRuntime;

use super::super::actors::come_to_rest;
use super::book::{Book, Pages};
use super::shards;

/// Whoever is alive, and whom it is bound to.
pub(super) type Alive = BTreeMap<Pid, Ties>;

pub(super) fn alive(sim: &TestRuntime) -> Alive {
    let ties = (0..shards(sim)).flat_map(|shard| sim.ties(0, shard));
    ties.map(|ties| (ties.actor, ties)).collect()
}

/// Both sides of each bond know of it, and each is between two that are alive.
pub(super) fn bonds_are_mutual(alive: &Alive) {
    let count = |pids: &[Pid], of: Pid| pids.iter().filter(|&&pid| pid == of).count();
    for ties in alive.values() {
        let me = ties.actor;
        assert!(ties.unlinking.is_empty(), "an unlink was never confirmed: {ties:?}");
        for peer in &ties.links {
            let peer = alive.get(peer).unwrap_or_else(|| panic!("a link with the dead: {ties:?}"));
            assert!(peer.links.contains(&me), "only one side is linked: {ties:?} {peer:?}");
        }
        for of in &ties.monitors {
            let of = alive.get(of).unwrap_or_else(|| panic!("a monitor of the dead: {ties:?}"));
            let (set, known) = (count(&ties.monitors, of.actor), count(&of.watchers, me));
            assert_eq!(set, known, "{ties:?} {of:?}");
        }
        for watcher in &ties.watchers {
            assert!(alive.contains_key(watcher), "a monitor by the dead: {ties:?}");
        }
    }
}

/// Checks links against what those who made them know. Tells who is alive.
pub(super) fn ends_and_links_agree(sim: &mut TestRuntime, book: &Book) -> Alive {
    let alive = alive(sim);
    bonds_are_mutual(&alive);
    let dead: Vec<_> = {
        let pages = book.open();
        pages.souls.iter().copied().filter(|soul| !alive.contains_key(&soul.pid())).collect()
    };
    let reasons: BTreeMap<Pid, ExitReason> = sim.run(async move |_| {
        let mut reasons = BTreeMap::new();
        for soul in dead {
            reasons.insert(soul.pid(), soul.exit().await);
        }
        reasons
    });
    let pages = book.open();
    for &(maker, with) in &pages.links {
        link_did_its_work(&alive, &reasons, &pages, (maker, with));
    }
    alive
}

fn link_did_its_work(
    alive: &Alive,
    reasons: &BTreeMap<Pid, ExitReason>,
    pages: &Pages,
    (maker, with): (Pid, Pid),
) {
    if pages.unlinked.contains(&(with, maker)) {
        // Whether before or after, the maker cannot know.
        return;
    }
    let traps = |pid| pages.trapping.contains(&pid);
    match (alive.get(&maker), alive.get(&with)) {
        (Some(ties), Some(_)) => {
            assert!(ties.links.contains(&with), "the link of {maker} with {with} is lost");
        }
        (Some(_), None) => {
            // Of one that traps the link is over once it has heard.
            let normal = reasons.get(&with) == Some(&ExitReason::Normal);
            assert!(normal && !traps(maker), "{maker} outlived {with}");
        }
        (None, Some(_)) if reasons.get(&maker) != Some(&ExitReason::Normal) => {
            let heard = traps(with) && pages.trapped.contains(&(with, maker));
            assert!(heard, "{with} outlived {maker}: {:?}", reasons.get(&maker));
        }
        _ => {}
    }
}

/// One `Down` for each monitor of the dead that the living set and did not take back.
pub(super) fn monitors_were_told(alive: &Alive, book: &Book) {
    for ((owner, monitor), watch) in &book.open().watches {
        if !alive.contains_key(owner) {
            continue;
        }
        let expected = u32::from(!watch.taken_back && !alive.contains_key(&watch.of));
        assert_eq!(watch.downs, expected, "{owner} by {monitor:?} of {}", watch.of);
    }
}

/// Ends all that are left, after which nothing is.
pub(super) fn everybody_is_gone(sim: &mut TestRuntime, book: &Book) {
    let souls = book.open().souls.clone();
    sim.on(0, 0, || souls.iter().for_each(greenroom_core::ActorRef::kill));
    sim.run_until_idle();
    let shards = shards(sim);
    come_to_rest(sim, 1, shards);
    for shard in 0..shards {
        assert_eq!(sim.in_use(0, shard).tasks, 0, "somebody is left: {:?}", alive(sim));
    }
}
