//! What campaigns cost beside the runs themselves.

use std::panic;
use std::sync::Once;
use std::time::{Duration, Instant};

use greenroom_core::{Actor, ActorRef, Context, Flow, Placement, Reply};
use greenroom_testkit::{Campaign, Policy, Shrunk, TestRuntime};

use super::pass::one_run_of;

/// Seeds of one part of the comparison: as many as have the same share that is run twice in any part.
const SEEDS: u64 = 48;

/// The share of time that is spent on running some seeds twice and comparing: a campaign as it
/// comes beside one that runs each seed once. Small parts there and back, so that a slow moment of
/// the machine hits both alike; the median of all such rounds. Between which ratios half of the
/// rounds lie is told beside it.
pub(crate) fn measure_check(secs: f64) -> f64 {
    quieten();
    let limit = Duration::from_secs_f64(secs);
    let (begun, mut ratios) = (Instant::now(), Vec::new());
    while ratios.is_empty() || begun.elapsed() < limit {
        // Other seeds in each round, the same in all of its parts.
        let name = format!("bench::check {}", ratios.len());
        let campaign =
            || Campaign::new(&name).runtime(|builder, _| builder.shards(12)).seeds(SEEDS);
        let took = |campaign: Campaign| {
            let begun = Instant::now();
            campaign.run(|sim| one_run_of(sim, 1, 2, 82));
            begun.elapsed()
        };
        let with = took(campaign());
        let without = took(campaign().repeat_every(0)) + took(campaign().repeat_every(0));
        let with = with + took(campaign());
        ratios.push(with.as_secs_f64() / without.as_secs_f64());
    }
    ratios.sort_unstable_by(f64::total_cmp);
    let at = |quarters: usize| (ratios[(ratios.len() - 1) * quarters / 4] - 1.0) * 100.0;
    let (least, middle, most, rounds) = (at(1), at(2), at(3), ratios.len());
    eprintln!("check_costs: {middle:.1} %, half within {least:.1} to {most:.1} %, {rounds} rounds");
    middle / 100.0
}

/// Remembers numbers in the order in which they came.
#[derive(Default)]
struct Ledger {
    seen: Vec<u32>,
}

enum Entry {
    Write(u32),
    Read(Reply<Vec<u32>>),
}

impl Actor for Ledger {
    type Message = Entry;

    async fn handle(&mut self, entry: Entry, _: &Context<Self>) -> Flow {
        match entry {
            Entry::Write(number) => self.seen.push(number),
            Entry::Read(reply) => reply.send(self.seen.clone()),
        }
        Flow::Continue
    }
}

/// Passes entries on: the bug, for what goes by way of another shard may come behind what goes
/// straight.
struct Relay;

impl Actor for Relay {
    type Message = (ActorRef<Ledger>, u32);

    async fn handle(&mut self, (ledger, number): Self::Message, _: &Context<Self>) -> Flow {
        ledger.send(Entry::Write(number)).await.expect("a ledger");
        Flow::Continue
    }
}

/// Entries of one run, a fixed number: what is shrunk is the schedule.
const ENTRIES: u32 = 140;

/// What the bug is told by.
const FOUND: &str = "entries changed places";

/// Keeps panics quiet that are what is looked for, before a campaign begins to watch them.
fn quieten() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if info.payload_as_str() != Some(FOUND) {
                before(info);
            }
        }));
    });
}

fn write_in_order(sim: &mut TestRuntime) {
    let seen = sim.run(async |system| {
        let mut ledgers = Vec::new();
        for shard in 1..4 {
            let ledger = system.spawn(Placement::Shard(shard), Ledger::default).await;
            ledgers.push(ledger.expect("a ledger"));
        }
        let relay = system.spawn(Placement::Shard(2), || Relay).await.expect("a relay");
        for number in 0..ENTRIES {
            for (which, ledger) in ledgers.iter().enumerate() {
                if number % 40 == 20 && which == 0 {
                    relay.send((*ledger, number)).await.expect("a relay");
                } else {
                    ledger.send(Entry::Write(number)).await.expect("a ledger");
                }
            }
            if number % 3 == 0 {
                greenroom_core::sleep(Duration::from_micros(2)).await;
            }
        }
        relay.drain();
        relay.exit().await;
        let mut seen = Vec::new();
        for ledger in ledgers {
            seen.push(ledger.call(Entry::Read).await.expect("a ledger"));
        }
        seen
    });
    assert!(seen.iter().all(|seen| seen.is_sorted()), "{FOUND}");
}

/// Milliseconds until a failing schedule of about 300 switches between four shards is shrunk: some
/// entries go by way of another shard, and may come too late.
pub(crate) fn measure_shrink() -> f64 {
    quieten();
    let campaign = |number| {
        let name = format!("bench::shrink {number}");
        Campaign::new(name)
            .seeds(50)
            .shrinks_for(Duration::from_secs(60))
            .runtime(|builder, _| builder.shards(4).policy(Policy::Uniform))
    };
    let found = (0..200).find_map(|number| {
        let campaign = campaign(number);
        let failure = campaign.search(write_in_order)?;
        let begun = Instant::now();
        let shrunk: Shrunk = campaign.shrink(&failure, write_in_order)?;
        let took = begun.elapsed();
        (270..=400).contains(&shrunk.switches_before).then_some(took)
    });
    found.expect("a schedule of about 300 switches").as_secs_f64() * 1000.0
}
