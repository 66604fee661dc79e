//! How fast the simulator is: messages a second within a node, and seeds a second.
//!
//! `cargo run --release -p greenroom-testkit --example sim_speed [seconds per line] [messages|seeds]`
//!
//! With 0 seconds each line is one piece of work, always the same: for a count of instructions
//! (`valgrind --tool=callgrind target/release/examples/sim_speed 0 seeds`).
//!
//! Everything runs on one thread with the trace hash on. A message is one handled by an actor; a
//! second is one of processor time.

#![expect(clippy::print_stdout, reason = "a report is what this is for")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use greenroom_core::{Actor, ActorRef, Context, Flow, Placement, Reply, System};
use greenroom_testkit::{Campaign, TestRuntime};

/// Passes tokens on to actors that it draws.
struct Passer {
    others: Arc<[ActorRef<Self>]>,
}

enum Token {
    Others(Arc<[ActorRef<Passer>]>, Reply<()>),
    /// To be passed on so many times more.
    Pass(u32),
}

impl Actor for Passer {
    type Message = Token;

    async fn handle(&mut self, message: Token, ctx: &Context<Self>) -> Flow {
        match message {
            Token::Others(others, done) => {
                self.others = others;
                done.send(());
            }
            Token::Pass(0) => {}
            Token::Pass(left) => {
                let next = self.others[(ctx.random() % self.others.len() as u64) as usize];
                // A full mailbox ends the token: the count of messages is read from the ledger.
                drop(next.cast(Token::Pass(left - 1)));
            }
        }
        Flow::Continue
    }
}

/// Starts actors on all shards and gives each some tokens.
async fn pass(system: System, actors: u16, tokens: u32, passes: u32) {
    let mut all = Vec::new();
    for shard in 0..system.shards() {
        for _ in 0..actors {
            let passer = || Passer { others: Arc::new([]) };
            all.push(system.spawn(Placement::Shard(shard), passer).await.expect("a passer starts"));
        }
    }
    let all: Arc<[_]> = all.into();
    for actor in &*all {
        let others = all.clone();
        actor.call(|done| Token::Others(others, done)).await.expect("a passer runs");
    }
    for actor in &*all {
        for _ in 0..tokens {
            actor.send(Token::Pass(passes)).await.expect("a passer runs");
        }
    }
}

fn handled(sim: &TestRuntime, shards: u16) -> u64 {
    (0..shards).map(|shard| sim.ledger(0, shard).handled).sum()
}

#[expect(clippy::disallowed_methods, reason = "the simulator is measured from outside")]
fn now() -> Instant {
    Instant::now()
}

/// Processor time of this process in seconds, so that a busy machine does not count. Where `/proc`
/// does not tell, wall-clock time since `start`.
fn spent(start: Instant) -> f64 {
    /// Ticks a second in `/proc/self/stat`, on every Linux.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: Vec<f64> = fields.skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    if ticks.len() == 2 { ticks.iter().sum::<f64>() / TICKS } else { start.elapsed().as_secs_f64() }
}

fn messages(shards: u16, limit: Duration) {
    let (mut total, mut events, mut seed) = (0, 0, 0);
    let start = now();
    let before = spent(start);
    loop {
        let mut sim = TestRuntime::builder().seed(seed).shards(shards).build();
        sim.run(async |system| pass(system, 100, 4, 200).await);
        sim.run_until_idle();
        total += handled(&sim, shards);
        events += sim.events();
        seed += 1;
        if start.elapsed() >= limit {
            break;
        }
    }
    let rate = total as f64 / (spent(start) - before) / 1e6;
    let each = events as f64 / total as f64;
    println!("{shards:3} shards: {rate:5.2} M messages/s, {each:.1} events each, {seed} seeds");
}

fn small_seeds(shards: u16, wanted: u32, limit: Duration) {
    let (mut seeds, mut total, mut rounds) = (0u64, 0, 0);
    let start = now();
    let before = spent(start);
    loop {
        let (counted, turns) = (AtomicU64::new(0), AtomicU64::new(0));
        let name = format!("sim_speed {seeds}");
        let campaign = Campaign::new(name).seeds(100).runtime(move |b, _| b.shards(shards));
        campaign.run(|sim| {
            let passes = wanted / (u32::from(shards) * 2) - 1;
            sim.run(async move |system| pass(system, 1, 2, passes).await);
            sim.run_until_idle();
            counted.fetch_add(handled(sim, shards), Ordering::Relaxed);
            turns.fetch_add(sim.turns(), Ordering::Relaxed);
        });
        seeds += 100;
        total += counted.into_inner();
        rounds += turns.into_inner();
        if start.elapsed() >= limit {
            break;
        }
    }
    let rate = seeds as f64 / (spent(start) - before);
    let (each, rounds) = (total as f64 / seeds as f64, rounds as f64 / seeds as f64);
    println!("{shards:3} shards: {rate:5.0} seeds/s of {each:.0} messages, {rounds:.0} rounds");
}

fn main() {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(2.0);
    let limit = Duration::from_secs_f64(seconds);
    let part = std::env::args().nth(2);
    if part.as_deref() != Some("seeds") {
        for shards in [1, 2, 4, 12, 50, 100] {
            messages(shards, limit);
        }
    }
    if part.as_deref() != Some("messages") {
        small_seeds(12, 2000, limit);
        small_seeds(2, 200, limit);
    }
}
