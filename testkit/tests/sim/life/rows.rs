//! Rows of `docs/design/regressions.md` that are about one actor, on many shards and schedules.

use std::time::Duration;

use greenroom_core::{
    Actor, ActorRef, CallError, Context, ExitReason, Flow, Placement, Reply, ShardId, System,
    sleep, timeout,
};

use super::super::actors::{Note, Notebook, come_to_rest};
use super::{campaign, go_on, shards};

/// Waits for the end of an actor, after a while; sometimes gives up and begins anew.
async fn wait(of: ActorRef<Notebook>, after: Duration, patience: Duration) -> ExitReason {
    sleep(after).await;
    match timeout(patience, of.exit()).await {
        Ok(reason) => reason,
        Err(_) => of.exit().await,
    }
}

/// ractor #466, item 20: the second who waits never wakes.
#[test]
fn an_exit_is_one_level_for_all_who_wait_anywhere() {
    campaign("rows::an_exit_is_one_level_for_all_who_wait_anywhere", 100).run(|sim| {
        let shards = shards(sim);
        let place = Placement::Shard(sim.draw(u64::from(shards)) as u16);
        let actor =
            sim.run(async move |system| system.spawn(place, Notebook::default).await.unwrap());
        let waits: Vec<_> = (0..12)
            .map(|_| {
                let shard = ShardId(sim.draw(u64::from(shards)) as u16);
                let time = || Duration::from_nanos(sim.draw(20_000));
                (shard, time(), time())
            })
            .collect();
        let root = sim.start_on(0, async move |system| {
            let waits = waits.into_iter().map(|(shard, after, patience)| {
                let wait = async move |_: System| wait(actor, after, patience).await;
                system.handle().run_on(shard, wait)
            });
            let mut reasons = Vec::new();
            for wait in waits.collect::<Vec<_>>() {
                reasons.push(wait.await.unwrap());
            }
            reasons
        });
        go_on(sim, 200);
        let (from, kills) = (sim.draw(u64::from(shards)) as u16, sim.draw(2) == 0);
        sim.on(0, from, || if kills { actor.kill() } else { actor.stop() });
        let expected = if kills { ExitReason::Killed } else { ExitReason::Normal };
        assert_eq!(sim.finish(root), vec![expected; 12]);
        come_to_rest(sim, 1, shards);
    });
}

/// Takes another type of message than a [`Notebook`].
struct Other;

impl Actor for Other {
    type Message = Reply<u32>;

    async fn handle(&mut self, reply: Reply<u32>, _: &Context<Self>) -> Flow {
        reply.send(7);
        Flow::Continue
    }
}

/// ractor #466, item 21: a wrongly typed ref kills its target.
#[test]
fn a_wrongly_typed_ref_harms_nobody_on_any_shard() {
    campaign("rows::a_wrongly_typed_ref_harms_nobody_on_any_shard", 100).run(|sim| {
        let shards = shards(sim);
        let place = Placement::Shard(sim.draw(u64::from(shards)) as u16);
        sim.run(async move |system| {
            let other = system.spawn(place, || Other).await.unwrap();
            let wrong = ActorRef::<Notebook>::from_pid(other.pid());
            for shard in 0..shards {
                let send = async move |_: System| {
                    drop(wrong.cast(Note::Write(0, 0)));
                    drop(wrong.send(Note::Write(0, 1)).await);
                    assert!(wrong.call(Note::Read).await.is_err());
                    assert_eq!(other.call(|reply| reply).await, Ok(7));
                };
                system.handle().run_on(ShardId(shard), send).await.unwrap();
            }
        });
        come_to_rest(sim, 1, shards);
    });
}

/// actor-ts #765: an ask with a timeout of 0 never ends.
#[test]
fn a_call_with_no_time_ends_at_once_wherever_it_goes() {
    campaign("rows::a_call_with_no_time_ends_at_once_wherever_it_goes", 50).run(|sim| {
        let shards = shards(sim);
        sim.run(async move |system| {
            for shard in 0..shards {
                let other = system.spawn(Placement::Shard(shard), || Other).await.unwrap();
                let before = system.now();
                let at_once = other.call(|reply| reply).within(Duration::ZERO).await;
                assert_eq!(at_once, Err(CallError::Timeout));
                assert!(system.now() - before < Duration::from_millis(1), "it took its time");
                assert_eq!(other.call(|reply| reply).await, Ok(7));
            }
        });
        come_to_rest(sim, 1, shards);
    });
}
