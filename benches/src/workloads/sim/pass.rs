//! Tokens that actors pass on to others of their node, which they draw.

use std::sync::Arc;

use greenroom_core::{Actor, ActorRef, Context, Flow, Placement, Reply, System};
use greenroom_testkit::TestRuntime;

use super::rate::rate;
use crate::meter::Extent;

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

async fn pass(system: System, actors: u16, tokens: u32, passes: u32) {
    let mut all = Vec::new();
    for shard in 0..system.shards() {
        for _ in 0..actors {
            let passer = || Passer { others: Arc::new([]) };
            all.push(system.spawn(Placement::Shard(shard), passer).await.expect("a passer"));
        }
    }
    let all: Arc<[ActorRef<Passer>]> = all.into();
    for actor in &*all {
        actor.call(|done| Token::Others(all.clone(), done)).await.expect("a passer");
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
    sim.run(async move |system| pass(system, actors, tokens, passes).await);
    sim.run_until_idle();
}

/// Messages a second, trace hash on, of a node with so many shards of 100 actors.
pub(crate) fn measure_messages(extent: Extent, shards: u16) -> f64 {
    rate(extent, |seed| one_run(seed, shards, 100, 4, 200))
}

/// Runs a second of a test of 12 shards and about 2,000 messages.
pub(crate) fn measure_seeds(extent: Extent) -> f64 {
    rate(extent, |seed| {
        one_run(seed, 12, 1, 2, 82);
        1
    })
}
