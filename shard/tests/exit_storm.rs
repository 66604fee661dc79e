//! An end that is that of a hundred thousand, on real cores.

use std::sync::Arc;

use greenroom_core::{
    Actor, ActorConfig, ActorRef, Context, ExitReason, Flow, Pid, Placement, Reply, ShardId,
    Silent, System,
};
use greenroom_shard::Driver;

use crate::common::{on_each_driver, system};

on_each_driver! {
    an_exit_storm_reaches_a_hundred_thousand,
}

const SHARDS: usize = 2;
const EACH: usize = 50_000;

/// Linked to whoever it is told.
struct Leaf;

enum Tell {
    Link(Pid),
    /// Answers when it is.
    Ready(Reply<()>),
}

impl Actor for Leaf {
    type Message = Tell;

    async fn handle(&mut self, message: Tell, ctx: &Context<Self>) -> Flow {
        match message {
            Tell::Link(with) => ctx.link(with),
            Tell::Ready(reply) => reply.send(()),
        }
        Flow::Continue
    }
}

/// Starts so many on this shard, each linked to the hub or, one in three, to the one before.
async fn plant(system: System, hub: Pid) -> Vec<ActorRef<Leaf>> {
    let mut leaves: Vec<ActorRef<Leaf>> = Vec::with_capacity(EACH);
    for number in 0..EACH {
        let before = leaves.last().map_or(hub, ActorRef::pid);
        let leaf = system.spawn_here(ActorConfig::default(), || Leaf).expect("room");
        let with = if number % 3 == 0 { before } else { hub };
        assert!(leaf.cast(Tell::Link(with)).is_ok(), "it is new");
        leaves.push(leaf);
    }
    for leaf in &leaves {
        leaf.call(Tell::Ready).await.expect("the hub lives");
    }
    leaves
}

/// Neither does anything block, nor is any end lost on the way.
fn an_exit_storm_reaches_a_hundred_thousand(driver: Driver) {
    let ended = system(driver, SHARDS).reporter(Arc::new(Silent)).run(async |system| {
        let hub = system.spawn(Placement::Shard(0), || Leaf).await?;
        let plants = (0..SHARDS as u16).map(|shard| {
            let plant = async move |system: System| plant(system, hub.pid()).await;
            system.handle().run_on(ShardId(shard), plant)
        });
        let mut leaves = Vec::new();
        for plant in plants.collect::<Vec<_>>() {
            leaves.extend(plant.await?);
        }
        hub.kill();
        let mut ended = 0;
        for leaf in leaves {
            // How is remembered of the last of them only.
            let reason = leaf.exit().await;
            let linked = matches!(reason, ExitReason::Linked { .. } | ExitReason::NoSuchActor);
            ended += usize::from(linked);
        }
        Ok(ended)
    });
    assert_eq!(ended.unwrap(), SHARDS * EACH);
}
