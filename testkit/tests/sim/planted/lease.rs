//! A stall race: whoever holds a lease looks at the clock, stands still, and writes when the lease
//! is another's.

use std::time::Duration;

use greenroom_core::{
    Actor, ActorRef, Context, Flow, Instant, Placement, Reply, ShardId, System, always, sleep,
};
use greenroom_testkit::{Faults, TestRuntime};

use super::hunt::{campaign, hunt};

const LEASE: Duration = Duration::from_millis(5);

/// Gives out the lease, with a number that grows.
#[derive(Default)]
struct Arbiter {
    number: u64,
    until: Option<Instant>,
}

/// The number of a lease and when it ends.
type Lease = (u64, Instant);

impl Actor for Arbiter {
    type Message = Reply<Option<Lease>>;

    async fn handle(&mut self, reply: Self::Message, ctx: &Context<Self>) -> Flow {
        if self.until.is_some_and(|until| ctx.now() < until) {
            reply.send(None);
        } else {
            self.number += 1;
            self.until = Some(ctx.now() + LEASE);
            reply.send(self.until.map(|until| (self.number, until)));
        }
        Flow::Continue
    }
}

/// What is written to, by whoever has the lease of that number.
struct Store {
    /// Whether it takes writes as they come.
    planted: bool,
    highest: u64,
}

impl Actor for Store {
    type Message = u64;

    async fn handle(&mut self, number: u64, _: &Context<Self>) -> Flow {
        if self.planted || number >= self.highest {
            always!(number >= self.highest, "nobody writes whose lease is over");
            self.highest = self.highest.max(number);
        }
        Flow::Continue
    }
}

/// Writes once, with the lease; there is something to prepare between the look at the clock and the
/// write.
async fn write_once(system: System, arbiter: ActorRef<Arbiter>, store: ActorRef<Store>) {
    for _ in 0..20 {
        if let Ok(Some((number, until))) = arbiter.call(|reply| reply).await
            && system.now() + LEASE / 2 < until
        {
            sleep(LEASE / 20).await;
            return drop(store.send(number).await);
        }
        sleep(LEASE / 2).await;
    }
}

fn program(sim: &mut TestRuntime, planted: bool) {
    sim.run(async move |system| {
        let arbiter = system.spawn(Placement::Shard(0), Arbiter::default).await.unwrap();
        let store = move || Store { planted, highest: 0 };
        let store = system.spawn(Placement::Shard(0), store).await.unwrap();
        let writers = [0, 1].map(|shard| {
            let write = async move |system| write_once(system, arbiter, store).await;
            system.handle().run_on(ShardId(shard), write)
        });
        for writer in writers {
            writer.await.unwrap();
        }
    });
    sim.run_until_idle();
}

#[test]
fn a_lease_that_runs_out_during_a_stall_is_found() {
    let campaign = campaign("lease::a_lease_that_runs_out_during_a_stall_is_found");
    let stalls = Faults::none().shard_stall_probability(0.2).shard_stall_time_max(LEASE * 10);
    let campaign = campaign.runtime(move |builder, _| builder.shards(2).faults(stalls));
    hunt(&campaign, "nobody writes whose lease is over", program);
}
