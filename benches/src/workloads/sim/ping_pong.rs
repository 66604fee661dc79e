//! Two actors that pass one token to and fro.

use greenroom_core::{Actor, ActorRef, Context, Flow, Placement};
use greenroom_testkit::TestRuntime;

use super::rate::rate;
use crate::meter::Extent;

struct Player;

enum Ball {
    /// Back to that one, so many times more.
    Pass(ActorRef<Player>, u32),
}

impl Actor for Player {
    type Message = Ball;

    async fn handle(&mut self, Ball::Pass(from, left): Ball, ctx: &Context<Self>) -> Flow {
        if let Some(left) = left.checked_sub(1) {
            from.cast(Ball::Pass(ctx.myself(), left)).expect("a mailbox of one message has room");
        }
        Flow::Continue
    }
}

/// Passes of one run.
const PASSES: u32 = 20_000;

/// Messages a second; the second actor is on the shard of that number of a node of two.
pub(crate) fn measure_ping_pong(extent: Extent, second: u16) -> f64 {
    rate(extent, |seed| {
        let mut sim = TestRuntime::builder().seed(seed).build();
        sim.run(async move |system| {
            let first = system.spawn(Placement::Shard(0), || Player).await.expect("a player");
            let second = system.spawn(Placement::Shard(second), || Player).await.expect("a player");
            first.send(Ball::Pass(second, PASSES)).await.expect("a player");
        });
        sim.run_until_idle();
        let handled: u64 = (0..2).map(|shard| sim.ledger(0, shard).handled).sum();
        assert!(handled > u64::from(PASSES), "the ball was lost");
        handled
    })
}
