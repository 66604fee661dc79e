//! Tokens that actors pass on to others of their node, which they draw.

use std::sync::Arc;
use std::time::{Duration, Instant};

use greenroom_core::{Actor, ActorRef, Context, Flow, Placement, Reply, System};
use greenroom_testkit::TestRuntime;

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
                // A full mailbox ends the token: messages are counted by the ledger.
                drop(next.cast(Token::Pass(left - 1)));
            }
        }
        Flow::Continue
    }
}

/// `away`: each token goes to another shard, else to any actor of the node.
async fn pass(system: System, away: bool, actors: u16, tokens: u32, passes: u32) {
    let mut all = Vec::new();
    for shard in 0..system.shards() {
        for _ in 0..actors {
            let passer = || Passer { others: Arc::new([]) };
            all.push(system.spawn(Placement::Shard(shard), passer).await.expect("a passer"));
        }
    }
    let all: Arc<[ActorRef<Passer>]> = all.into();
    let others_of = |shard: u16| -> Arc<[_]> {
        let mut others = all.to_vec();
        others.retain(|other| !away || other.pid().shard().0 != shard);
        others.into()
    };
    let others: Vec<_> = (0..system.shards()).map(others_of).collect();
    for actor in &*all {
        let others = others[usize::from(actor.pid().shard().0)].clone();
        actor.call(|done| Token::Others(others, done)).await.expect("a passer");
    }
    for actor in &*all {
        for _ in 0..tokens {
            actor.send(Token::Pass(passes)).await.expect("a passer");
        }
    }
}

fn one_run(seed: u64, shards: u16, actors: u16, tokens: u32, passes: u32) -> u64 {
    let mut sim = TestRuntime::builder().seed(seed).shards(shards).build();
    one_run_of(&mut sim, actors, tokens, passes);
    (0..shards).map(|shard| sim.ledger(0, shard).handled).sum()
}

/// The same, on a runtime that is there.
pub(super) fn one_run_of(sim: &mut TestRuntime, actors: u16, tokens: u32, passes: u32) {
    sim.run(async move |system| pass(system, false, actors, tokens, passes).await);
    sim.run_until_idle();
}

/// How far the rate depends on the number of shards: the least rate from 2 to 100 shards over the
/// greatest. Each shard has as many actors and tokens, and every token goes to another shard each
/// time. The shards are measured in turn, so that a slow moment of the machine hits all alike.
pub(crate) fn measure_flatness(secs: f64) -> f64 {
    const SHARDS: [u16; 4] = [2, 8, 30, 100];
    /// Of each run, whatever its shards; enough that setting up a hundred shards is little.
    const MESSAGES: u32 = 400_000;
    let (actors, tokens) = (20, 4);
    let limit = Duration::from_secs_f64(secs);
    let mut spent = [(0u64, Duration::ZERO); SHARDS.len()];
    let (begun, mut seed) = (Instant::now(), 0);
    while seed == 0 || begun.elapsed() < limit {
        for (shards, (messages, time)) in SHARDS.into_iter().zip(&mut spent) {
            let begun = Instant::now();
            let passes = MESSAGES / (u32::from(shards * actors) * tokens);
            let mut sim = TestRuntime::builder().seed(seed).shards(shards).build();
            sim.run(async move |system| pass(system, true, actors, tokens, passes).await);
            sim.run_until_idle();
            *messages += (0..shards).map(|shard| sim.ledger(0, shard).handled).sum::<u64>();
            *time += begun.elapsed();
        }
        seed += 1;
    }
    let rates = spent.map(|(messages, time)| messages as f64 / time.as_secs_f64());
    let (least, most) = (f64::min, f64::max);
    rates.into_iter().fold(f64::MAX, least) / rates.into_iter().fold(0.0, most)
}

/// Messages a second, trace hash on, of a node with so many shards of 100 actors.
pub(crate) fn measure_messages(secs: f64, shards: u16) -> f64 {
    let (begun, limit) = (Instant::now(), Duration::from_secs_f64(secs));
    let (mut messages, mut seed) = (0, 0);
    while begun.elapsed() < limit {
        messages += one_run(seed, shards, 100, 4, 200);
        seed += 1;
    }
    messages as f64 / begun.elapsed().as_secs_f64()
}

/// Runs a second of a test of 12 shards and about 2,000 messages.
pub(crate) fn measure_seeds(secs: f64) -> f64 {
    let (begun, limit) = (Instant::now(), Duration::from_secs_f64(secs));
    let mut seeds = 0;
    while begun.elapsed() < limit {
        one_run(seeds, 12, 1, 2, 82);
        seeds += 1;
    }
    seeds as f64 / begun.elapsed().as_secs_f64()
}
