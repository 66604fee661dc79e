//! Calls that are not answered, and actors that end at any moment.

use std::time::Duration;

use greenroom_core::{
    Actor, ActorRef, CallError, Context, ExitReason, Flow, Placement, Reply, ShardId,
};
use greenroom_testkit::Campaign;

use super::actors::come_to_rest;

/// Answers at once, later, by another, or never.
struct Moody {
    kept: Vec<Reply<u32>>,
    other: Option<ActorRef<Self>>,
}

enum Mood {
    Other(ActorRef<Moody>),
    Now(Reply<u32>),
    Later(Reply<u32>),
    Never(Reply<u32>),
    /// Kept until the actor ends.
    Keep(Reply<u32>),
    Delegate(Reply<u32>),
    Panic,
}

impl Actor for Moody {
    type Message = Mood;

    async fn handle(&mut self, message: Mood, ctx: &Context<Self>) -> Flow {
        match message {
            Mood::Other(other) => self.other = Some(other),
            Mood::Now(reply) => reply.send(1),
            Mood::Later(reply) => {
                ctx.sleep(Duration::from_micros(ctx.random() % 20)).await;
                reply.send(2);
            }
            Mood::Never(reply) => drop(reply),
            Mood::Keep(reply) => self.kept.push(reply),
            Mood::Delegate(reply) => {
                if let Some(other) = self.other {
                    // The caller hears of a delegate that is gone.
                    drop(reply.delegate(other, Mood::Now));
                }
            }
            Mood::Panic => panic!("a moody actor panics"),
        }
        Flow::Continue
    }
}

/// Calls in all moods; counts the answers.
async fn call_all(to: ActorRef<Moody>, limit: Duration) -> u32 {
    let mut answers = 0;
    for round in 0..12u32 {
        let result = match round % 5 {
            0 => to.call(Mood::Now).within(limit).await,
            1 => to.call(Mood::Later).within(limit).await,
            2 => to.call(Mood::Never).within(limit).await,
            3 => to.call(Mood::Keep).within(limit).await,
            _ => to.call(Mood::Delegate).within(limit).await,
        };
        match (round % 5, result) {
            (2, Ok(answer)) => panic!("an answer from nobody: {answer}"),
            (_, Ok(_)) => answers += 1,
            (_, Err(CallError::Timeout | CallError::Dropped | CallError::Closed)) => {}
            (_, Err(other)) => panic!("{other:?}"),
        }
    }
    answers
}

#[test]
fn every_call_ends_when_actors_are_killed_at_any_moment() {
    let name = "sim::endings::every_call_ends_when_actors_are_killed_at_any_moment";
    let campaign = Campaign::new(name).seeds(300).runtime(|builder, _| builder.shards(3));
    campaign.run(|sim| {
        let actors = sim.run(async |system| {
            let mut actors = Vec::new();
            for shard in 0..3 {
                let moody = || Moody { kept: Vec::new(), other: None };
                actors.push(system.spawn(Placement::Shard(shard), moody).await.unwrap());
            }
            for (number, actor) in actors.iter().enumerate() {
                actor.send(Mood::Other(actors[(number + 1) % 3])).await.unwrap();
            }
            actors
        });
        let (callees, ends) = (actors.clone(), actors.clone());
        let root = sim.start_on(0, async move |system| {
            let mut callers = Vec::new();
            for shard in 0..3 {
                for &to in &callees {
                    let limit = Duration::from_micros(u64::from(shard) * 40 + 20);
                    let call = async move |_| call_all(to, limit).await;
                    callers.push(system.handle().run_on(ShardId(shard), call));
                }
            }
            for caller in callers {
                caller.await.unwrap();
            }
            // Whoever is still there ends now, and gives up the ports it kept.
            ends.iter().for_each(ActorRef::kill);
            let mut reasons = Vec::new();
            for end in ends {
                reasons.push(end.exit().await);
            }
            reasons
        });
        let (killed_after, panics_after) = (sim.draw(400), sim.draw(400));
        for step in 0.. {
            if root.is_finished() || !sim.step() {
                break;
            }
            if step == killed_after {
                sim.inject_failure(actors[0].pid(), "a test wants it so");
            }
            if step == panics_after {
                // An actor that has ended takes no message.
                sim.on(0, 1, || drop(actors[1].cast(Mood::Panic)));
            }
        }
        let reasons = sim.finish(root);
        assert!(matches!(&reasons[0], ExitReason::Injected(_) | ExitReason::Killed), "{reasons:?}");
        assert!(matches!(&reasons[1], ExitReason::Panicked(_) | ExitReason::Killed), "{reasons:?}");
        assert_eq!(reasons[2], ExitReason::Killed);
        come_to_rest(sim, 1, 3);
    });
}

#[test]
fn a_deadline_is_never_early_and_its_message_is_not_handled_after_it() {
    let name = "sim::endings::a_deadline_is_never_early_and_its_message_is_not_handled_after_it";
    Campaign::new(name).seeds(100).run(|sim| {
        sim.run(async |system| {
            let moody = || Moody { kept: Vec::new(), other: None };
            let actor = system.spawn(Placement::Shard(1), moody).await.unwrap();
            let before = system.now();
            let limit = Duration::from_millis(20);
            let kept = actor.call(Mood::Keep).within(limit).await;
            assert_eq!(kept, Err(CallError::Timeout));
            assert!(system.now() - before >= limit, "too early");
            actor.stop();
            actor.exit().await;
            assert_eq!(actor.call(Mood::Now).await, Err(CallError::Dropped));
        });
        come_to_rest(sim, 1, 2);
    });
}

#[test]
fn closing_a_node_ends_its_actors() {
    let name = "sim::endings::closing_a_node_ends_its_actors";
    Campaign::new(name).seeds(50).run(|sim| {
        sim.run(async |system| {
            for shard in 0..2 {
                let moody = || Moody { kept: Vec::new(), other: None };
                system.spawn(Placement::Shard(shard), moody).await.unwrap();
            }
        });
        assert!(sim.close(0, Duration::from_secs(1)), "{}", sim.report());
        assert_eq!((sim.in_use(0, 0).tasks, sim.in_use(0, 1).tasks), (0, 0));
    });
}
