//! How far the rate depends on the number of shards.

use std::sync::Arc;
use std::time::{Duration, Instant};

use greenroom_core::{Actor, ActorRef, Context, Flow, Placement, Reply, System};
use greenroom_testkit::TestRuntime;

const SHARDS: [u16; 4] = [2, 8, 30, 100];
/// Of all shards together; each has as many.
const ACTORS: usize = 2_400;
/// That each actor begins with. All together are fewer than what an outbox takes, so that none is
/// refused.
const TOKENS: usize = 1;
/// Of each run, beside those that set it up; enough that they are the most of it.
const MESSAGES: usize = 480_000;

/// Passes tokens on to actors of other shards, which it draws.
struct Passer {
    all: Arc<[ActorRef<Self>]>,
    /// Where those of its own shard are among all: the first, and how many.
    own: (usize, usize),
}

enum Token {
    All(Arc<[ActorRef<Passer>]>, (usize, usize), Reply<()>),
    /// To be passed on so many times more.
    Pass(usize),
}

impl Actor for Passer {
    type Message = Token;

    async fn handle(&mut self, message: Token, ctx: &Context<Self>) -> Flow {
        match message {
            Token::All(all, own, done) => {
                (self.all, self.own) = (all, own);
                done.send(());
            }
            Token::Pass(0) => {}
            Token::Pass(left) => {
                let (first, count) = self.own;
                let others = (self.all.len() - count) as u64;
                let drawn = (ctx.random() % others) as usize;
                let next = if drawn < first { drawn } else { drawn + count };
                self.all[next].cast(Token::Pass(left - 1)).expect("there is room for all tokens");
            }
        }
        Flow::Continue
    }
}

async fn pass(system: System) {
    let each = ACTORS / usize::from(system.shards());
    let mut all = Vec::new();
    for shard in 0..system.shards() {
        for _ in 0..each {
            let passer = || Passer { all: Arc::new([]), own: (0, 0) };
            all.push(system.spawn(Placement::Shard(shard), passer).await.expect("a passer"));
        }
    }
    let all: Arc<[ActorRef<Passer>]> = all.into();
    for actor in &*all {
        let own = (usize::from(actor.pid().shard().0) * each, each);
        actor.call(|done| Token::All(all.clone(), own, done)).await.expect("a passer");
    }
    for actor in &*all {
        for _ in 0..TOKENS {
            actor.send(Token::Pass(MESSAGES / (ACTORS * TOKENS))).await.expect("a passer");
        }
    }
}

/// Messages that a run of so many shards delivered.
fn one_run(seed: u64, shards: u16) -> u64 {
    let mut sim = TestRuntime::builder().seed(seed).shards(shards).build();
    sim.run(pass);
    sim.run_until_idle();
    (0..shards).map(|shard| sim.ledger(0, shard).handled).sum()
}

/// The least rate from 2 to 100 shards over the greatest. All have the same actors and tokens,
/// spread over the shards, and every token goes to another shard each time: what differs is the
/// number of shards. The shards are measured in turn, so that a slow moment of the machine hits all
/// alike.
pub(crate) fn measure_flatness(secs: f64) -> f64 {
    let limit = Duration::from_secs_f64(secs);
    let mut spent = [(0u64, Duration::ZERO); SHARDS.len()];
    let (begun, mut seed) = (Instant::now(), 0);
    while seed == 0 || begun.elapsed() < limit {
        for (shards, (messages, time)) in SHARDS.into_iter().zip(&mut spent) {
            let begun = Instant::now();
            *messages += one_run(seed, shards);
            *time += begun.elapsed();
        }
        seed += 1;
    }
    let rates = spent.map(|(messages, time)| messages as f64 / time.as_secs_f64());
    let (least, most) = (f64::min, f64::max);
    rates.into_iter().fold(f64::MAX, least) / rates.into_iter().fold(0.0, most)
}
