//! Links and monitors under a storm.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use greenroom_core::{ActorRef, Placement, System};
use greenroom_testkit::TestRuntime;

use super::book::{Book, no_faults};
use super::checks::{ends_and_links_agree, everybody_is_gone, monitors_were_told};
use super::setting::{campaign, go_on, shards};
use super::souls::{Bomb, Do, Soul, Way};

const SOULS: u64 = 16;
const ORDERS: u64 = 300;

/// Starts a soul; some panic in their start.
async fn spawn(system: &System, book: &Book, number: u64, shards: u16) {
    let book = book.clone();
    let make = move || Soul { book, spawner: None, asked: None };
    let place = Placement::Shard((number % u64::from(shards)) as u16);
    drop(system.spawn_with(Soul::config(number.is_multiple_of(3)), place, make).await);
}

fn way(sim: &TestRuntime) -> Way {
    match sim.draw(3) {
        0 => Way::Panic,
        1 => Way::PanicLater,
        _ => Way::Stop,
    }
}

fn soul(sim: &TestRuntime, book: &Book) -> ActorRef<Soul> {
    let pages = book.open();
    // One of the young, as most of the old are dead.
    let back = sim.draw(pages.souls.len().min(24) as u64);
    pages.souls[pages.souls.len() - 1 - back as usize]
}

fn order(sim: &TestRuntime, book: &Book) -> Do {
    let other = soul(sim, book);
    match sim.draw(24) {
        0..5 => Do::Link(other.pid()),
        5..8 => Do::Unlink(other.pid()),
        8..12 => Do::Watch(other.pid()),
        12..14 => Do::Unwatch(sim.draw(8)),
        14..18 => Do::Spawn(sim.draw(u64::from(shards(sim))) as u16, sim.draw(2) == 0),
        18 => Do::Sleep(Duration::from_nanos(sim.draw(5000))),
        19 | 20 => Do::Ask(other, way(sim)),
        21 => Do::End(way(sim)),
        22 => Do::Bomb(Bomb),
        _ => Do::Note(other.pid()),
    }
}

fn storm(sim: &mut TestRuntime, book: &Book) {
    let shards = shards(sim);
    for number in 0..sim.extent(ORDERS) {
        go_on(sim, 12);
        if book.open().souls.is_empty() {
            return;
        }
        let (whom, from) = (soul(sim, book), sim.draw(u64::from(shards)) as u16);
        match sim.draw(40) {
            0 => sim.on(0, from, || whom.kill()),
            1 => {
                let stops = sim.draw(2) == 0;
                sim.on(0, from, || if stops { whom.stop() } else { whom.drain() });
            }
            2..6 => {
                let book = book.clone();
                drop(sim.start_on(0, async move |system| {
                    spawn(&system, &book, number, shards).await;
                }));
            }
            6 | 7 => {
                // Whoever is told something by one that ends hears of both.
                let (to, way) = (soul(sim, book), way(sim));
                sim.on(0, from, || std::mem::forget(to.cast(Do::Watch(whom.pid()))));
                go_on(sim, 30);
                sim.on(0, from, || std::mem::forget(whom.cast(Do::Tell(to, way))));
            }
            _ => {
                let order = order(sim, book);
                // One that is refused may be a bomb.
                let cast = || std::mem::forget(whom.cast(order));
                sim.on(0, from, cast);
            }
        }
    }
}

/// Whoever is linked to whom, whoever monitors whom, and however they end: each monitor brings one
/// `Down` unless it was taken back, links hold on both sides or on none, and nobody outlives an end
/// that had to be its own.
#[test]
fn bonds_hold_in_every_storm() {
    let (overtaken, answered) = (AtomicU64::new(0), AtomicU64::new(0));
    let summary = campaign("links::bonds_hold_in_every_storm", 150).run(|sim| {
        let book = Book::default();
        let shards = shards(sim);
        let first = book.clone();
        sim.run(async move |system| {
            for number in 0..SOULS {
                spawn(&system, &first, number, shards).await;
            }
        });
        storm(sim, &book);
        sim.advance(Duration::from_secs(60));
        sim.run_until_idle();
        no_faults();
        let alive = ends_and_links_agree(sim, &book);
        monitors_were_told(&alive, &book);
        everybody_is_gone(sim, &book);
        no_faults();
        overtaken.fetch_add(book.open().overtaken, Ordering::Relaxed);
        answered.fetch_add(book.open().answered_first, Ordering::Relaxed);
    });
    if summary.is_whole() {
        assert!(overtaken.into_inner() > 5, "no `Down` ever overtook a message");
        assert!(answered.into_inner() > 5, "nobody ever answered and ended");
    }
}
