//! Actors that come and go, and what one weighs.

use greenroom_core::{Actor, ActorConfig, ActorRef, Context, Flow, Placement, Reply, System};

use super::messages::FOR_EVER;
use crate::alloc;
use crate::meter::{Extent, Meter};

struct Idle;

impl Actor for Idle {
    type Message = u64;

    async fn handle(&mut self, _: u64, _: &Context<Self>) -> Flow {
        Flow::Continue
    }
}

/// Spawns an actor, waits until it has started, stops it, waits until it is gone.
pub(crate) async fn measure_spawn(system: System, extent: Extent) -> f64 {
    let mut meter = Meter::new(extent);
    loop {
        for _ in 0..100 {
            let actor = system.spawn(Placement::Here, || Idle).await.expect("an actor");
            actor.stop();
            let reason = actor.exit().await;
            assert!(reason.is_normal(), "{reason}");
        }
        if !meter.lap(100) {
            return meter.nanos_each();
        }
    }
}

/// Starts others, and outlives them: a link with one that ends normally ends nobody.
struct Parent;

/// What to measure, answered with nanoseconds each.
struct Measure {
    meter: Meter,
    linked: bool,
    reply: Reply<f64>,
}

impl Actor for Parent {
    type Message = Measure;

    async fn handle(&mut self, measure: Measure, ctx: &Context<Self>) -> Flow {
        let Measure { mut meter, linked, reply } = measure;
        loop {
            for _ in 0..100 {
                let child = if linked {
                    ctx.spawn_link(ActorConfig::default(), Placement::Here, || Idle).await
                } else {
                    ctx.system().spawn(Placement::Here, || Idle).await
                };
                let child = child.expect("an actor");
                child.stop();
                let reason = child.exit().await;
                assert!(reason.is_normal(), "{reason}");
            }
            if !meter.lap(100) {
                reply.send(meter.nanos_each());
                return Flow::Continue;
            }
        }
    }
}

/// The same as [`measure_spawn`], by an actor, to which each is linked or is not.
pub(crate) async fn measure_children(system: System, linked: bool, extent: Extent) -> f64 {
    let parent = system.spawn(Placement::Here, || Parent).await.expect("a parent");
    let call = parent.call(|reply| Measure { meter: Meter::new(extent), linked, reply });
    call.within(FOR_EVER).await.expect("measured")
}

/// Live heap bytes per actor: never messaged, and after one message.
pub(crate) async fn measure_bytes(system: System, actors: usize) -> (f64, f64) {
    let mut refs: Vec<ActorRef<Idle>> = Vec::with_capacity(actors);
    let before = alloc::live();
    for n in 0..actors {
        refs.push(system.spawn_here(ActorConfig::default(), || Idle).expect("an actor"));
        if n % 100 == 0 {
            yield_now().await;
        }
    }
    yield_now().await;
    let idle = alloc::live() - before;
    for (n, actor) in refs.iter().enumerate() {
        actor.cast(1).expect("room");
        if n % 100 == 0 {
            yield_now().await;
        }
    }
    yield_now().await;
    let messaged = alloc::live() - before;
    (idle as f64 / actors as f64, messaged as f64 / actors as f64)
}

/// Lets every actor that is ready run.
async fn yield_now() {
    let probe = System::current().expect("on a shard");
    let actor = probe.spawn_here(ActorConfig::default(), || Idle).expect("an actor");
    actor.stop();
    actor.exit().await;
}
