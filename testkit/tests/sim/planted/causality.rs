//! Order across rings: a program that takes it for granted that a cause is seen before its effect,
//! though they come over different rings.

use greenroom_core::{Actor, ActorRef, Context, Flow, Placement, Reply, always};
use greenroom_testkit::TestRuntime;

use super::hunt::{campaign, hunt};

/// Hears of causes from their maker, and of effects from another.
#[derive(Default)]
struct Clerk {
    causes: u64,
}

enum Heard {
    Cause(Option<Reply<()>>),
    /// Of the how-manieth cause.
    Effect(u64),
}

impl Actor for Clerk {
    type Message = Heard;

    async fn handle(&mut self, message: Heard, _: &Context<Self>) -> Flow {
        match message {
            Heard::Cause(done) => {
                self.causes += 1;
                done.into_iter().for_each(|done| done.send(()));
            }
            Heard::Effect(number) => {
                always!(self.causes >= number, "a cause is seen before its effect");
            }
        }
        Flow::Continue
    }
}

/// Tells the clerk of effects.
struct Messenger(ActorRef<Clerk>);

impl Actor for Messenger {
    type Message = u64;

    async fn handle(&mut self, number: u64, _: &Context<Self>) -> Flow {
        drop(self.0.send(Heard::Effect(number)).await);
        Flow::Continue
    }
}

fn program(sim: &mut TestRuntime, planted: bool) {
    let count = sim.extent(20);
    sim.run(async move |system| {
        let clerk = system.spawn(Placement::Shard(2), Clerk::default).await.unwrap();
        let messenger = move || Messenger(clerk);
        let messenger = system.spawn(Placement::Shard(1), messenger).await.unwrap();
        for number in 1..=count {
            if planted {
                clerk.send(Heard::Cause(None)).await.unwrap();
            } else {
                clerk.call(|done| Heard::Cause(Some(done))).await.unwrap();
            }
            messenger.send(number).await.unwrap();
        }
    });
    sim.run_until_idle();
}

#[test]
fn an_order_across_rings_is_not_to_be_relied_on() {
    let campaign = campaign("causality::an_order_across_rings_is_not_to_be_relied_on");
    let campaign = campaign.runtime(|builder, _| builder.shards(3));
    hunt(&campaign, "a cause is seen before its effect", program);
}
