//! An end that is that of a hundred thousand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use greenroom_core::{
    Actor, ActorConfig, ActorRef, Context, ExitReason, Flow, Pid, Placement, ShardId, Signal,
    System,
};

use greenroom_testkit::Builder;

use super::super::actors::come_to_rest;
use super::setting::{shards, shards_of};

const LINKED: u64 = 100_000;

/// Linked to whoever it is told, and heard of by nobody.
struct Leaf;

impl Actor for Leaf {
    type Message = Pid;

    async fn handle(&mut self, with: Pid, ctx: &Context<Self>) -> Flow {
        ctx.link(with);
        Flow::Continue
    }
}

/// Counts the ends it hears of.
struct Witness(Arc<AtomicU64>);

impl Actor for Witness {
    type Message = Pid;

    async fn handle(&mut self, of: Pid, ctx: &Context<Self>) -> Flow {
        let _ = ctx.monitor(of);
        Flow::Continue
    }

    async fn on_signal(&mut self, signal: Signal, _: &Context<Self>) -> Flow {
        self.0.fetch_add(u64::from(matches!(signal, Signal::Down { .. })), Ordering::Relaxed);
        Flow::Continue
    }
}

/// Starts so many on this shard, each linked to the hub or, one in three, to the one before.
async fn plant(system: System, hub: Pid, witness: ActorRef<Witness>, count: u64) {
    let mut before = hub;
    for number in 0..count {
        let leaf = system.spawn_here(ActorConfig::default(), || Leaf).unwrap();
        leaf.cast(if number % 3 == 0 { before } else { hub }).unwrap();
        if number % 10 == 0 {
            witness.send(leaf.pid()).await.unwrap();
        }
        before = leaf.pid();
        if number % 64 == 0 {
            // Whoever yields lets what is under way arrive.
            greenroom_core::sleep(std::time::Duration::from_nanos(1)).await;
        }
    }
}

/// Neither does anything block, nor is any end lost on the way.
#[test]
fn an_exit_storm_reaches_a_hundred_thousand() {
    // One run, however many seeds are asked for: it is the number of actors that counts here.
    let mut runtime = Builder::default().seed(7).shards(shards_of(7)).build();
    let sim = &mut runtime;
    let (downs, shards) = (Arc::new(AtomicU64::new(0)), shards(sim));
    let each = LINKED / u64::from(shards);
    let heard = downs.clone();
    let (hub, witness) = sim.run(async move |system| {
        let hub = system.spawn(Placement::Shard(0), || Leaf).await.unwrap();
        let witness = system.spawn(Placement::Shard(1), || Witness(heard)).await.unwrap();
        let plants = (0..shards).map(|shard| {
            let plant = async move |system| plant(system, hub.pid(), witness, each).await;
            system.handle().run_on(ShardId(shard), plant)
        });
        for plant in plants.collect::<Vec<_>>() {
            plant.await.unwrap();
        }
        (hub, witness)
    });
    sim.run_until_idle();
    let all = each * u64::from(shards) + 2;
    let alive = |sim: &greenroom_testkit::TestRuntime| {
        (0..shards).map(|shard| sim.in_use(0, shard).tasks as u64).sum::<u64>()
    };
    assert_eq!(alive(sim), all);
    sim.on(0, 0, || hub.kill());
    sim.run_until_idle();
    assert_eq!(alive(sim), 1, "somebody outlived the one it was linked to");
    let watched = u64::from(shards) * each.div_ceil(10);
    assert_eq!(downs.load(Ordering::Relaxed), watched);
    let reason = sim.run(async move |_| {
        witness.stop();
        witness.exit().await
    });
    assert_eq!(reason, ExitReason::Normal);
    come_to_rest(sim, 1, shards);
}
