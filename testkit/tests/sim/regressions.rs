//! Other people's bugs, as simulations: `docs/design/regressions.md` is the list, with where each
//! was reported and what is done here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use greenroom_core::{
    Actor, ActorConfig, ActorRef, CallError, Context, ExitReason, Flow, Placement, Reply,
    SpawnError, Timer, spawn_local, timeout,
};
use greenroom_testkit::{Campaign, TestRuntime};

use super::actors::{Note, Notebook, come_to_rest};

const SECOND: Duration = Duration::from_secs(1);

/// Takes an hour to start, and says who it is.
struct Slow(Arc<Mutex<Option<ActorRef<Self>>>>);

impl Actor for Slow {
    type Message = Reply<()>;

    async fn started(&mut self, ctx: &Context<Self>) -> greenroom_core::Result {
        *self.0.lock().unwrap() = Some(ctx.myself());
        ctx.sleep(3600 * SECOND).await;
        Ok(())
    }

    async fn handle(&mut self, reply: Reply<()>, _: &Context<Self>) -> Flow {
        reply.send(());
        Flow::Continue
    }
}

/// ractor #467: a start that is cancelled leaves a name and links behind.
#[test]
fn a_start_that_is_given_up_or_killed_leaves_nothing() {
    let name = "sim::regressions::a_start_that_is_given_up_or_killed_leaves_nothing";
    Campaign::new(name).seeds(100).runtime(|builder, _| builder.shards(2)).run(|sim| {
        let (shard, patience) = (sim.draw(2) as u16, Duration::from_micros(sim.draw(50)));
        sim.run(async move |system| {
            let known = Arc::default();
            let slow = Slow(Arc::clone(&known));
            let config = ActorConfig { started_limit: 7200 * SECOND, ..ActorConfig::default() };
            let spawn = system.spawn_with(config, Placement::Shard(shard), || slow);
            assert!(timeout(patience, spawn).await.is_err());
            let actor = loop {
                if let Some(actor) = *known.lock().unwrap() {
                    break actor;
                }
                greenroom_core::sleep(Duration::from_micros(1)).await;
            };
            // Messages before the start's end wait for it, and go with the actor.
            let waiting = spawn_local(async move { actor.call(|reply| reply).await });
            greenroom_core::sleep(patience).await;
            actor.kill();
            assert_eq!(actor.exit().await, ExitReason::Killed);
            let answer = waiting.await.unwrap();
            assert!(matches!(answer, Err(CallError::Dropped | CallError::Closed)), "{answer:?}");
        });
        come_to_rest(sim, 1, 2);
        assert_eq!((sim.in_use(0, 0).tasks, sim.in_use(0, 1).tasks), (0, 0));
    });
}

/// actor-ts #914: a constructor that throws leaves a zombie.
#[test]
fn a_factory_that_panics_leaves_no_actor() {
    let name = "sim::regressions::a_factory_that_panics_leaves_no_actor";
    Campaign::new(name).seeds(50).runtime(|builder, _| builder.shards(2)).run(|sim| {
        let shard = sim.draw(2) as u16;
        let lives = sim.run(async move |system| {
            let place = Placement::Shard(shard);
            let failed = system.spawn::<Notebook, _>(place, || panic!("in the factory")).await;
            let reason = ExitReason::Panicked("in the factory".into());
            assert_eq!(failed.unwrap_err(), SpawnError::Start(reason));
            let next = system.spawn(place, Notebook::default).await.unwrap();
            next.call(Note::Read).await.is_ok()
        });
        assert!(lives);
        let (here, other) = (usize::from(shard == 0), usize::from(shard == 1));
        assert_eq!((sim.in_use(0, 0).tasks, sim.in_use(0, 1).tasks), (here, other));
    });
}

/// Ends slowly.
struct Lingering;

impl Actor for Lingering {
    type Message = ();

    async fn handle(&mut self, (): (), ctx: &Context<Self>) -> Flow {
        ctx.sleep(100 * SECOND).await;
        Flow::Continue
    }

    async fn stopped(&mut self, _: &ExitReason, ctx: &Context<Self>) {
        ctx.sleep(100 * SECOND).await;
    }
}

/// actor-ts #915: an actor that ends with messages queued spins a core.
#[test]
fn an_actor_that_ends_with_messages_queued_lets_its_shard_sleep() {
    let name = "sim::regressions::an_actor_that_ends_with_messages_queued_lets_its_shard_sleep";
    Campaign::new(name).seeds(50).runtime(|builder, _| builder.shards(2)).run(|sim| {
        let shard = sim.draw(2) as u16;
        let actor = sim.run(async move |system| {
            let limit = ActorConfig { stopped_limit: 7200 * SECOND, ..ActorConfig::default() };
            let place = Placement::Shard(shard);
            let actor = system.spawn_with(limit, place, || Lingering).await.unwrap();
            for _ in 0..10 {
                actor.cast(()).unwrap();
            }
            actor
        });
        sim.run_until_idle();
        sim.on(0, 0, || if shard == 0 { actor.stop() } else { actor.drain() });
        for phase in ["in its handler", "in its hook"] {
            sim.advance(10 * SECOND);
            let before = sim.turns();
            sim.advance(50 * SECOND);
            let turns = sim.turns() - before;
            assert!(turns < 20, "{turns} turns {phase}");
            sim.advance(40 * SECOND);
        }
        // A drain handles them all first.
        sim.advance(2000 * SECOND);
        assert_eq!(sim.in_use(0, shard).tasks, 0);
        come_to_rest(sim, 1, 2);
    });
}

/// Has a timer of each kind.
struct Clockwork(Arc<AtomicU64>);

impl Actor for Clockwork {
    type Message = ();

    async fn started(&mut self, ctx: &Context<Self>) -> greenroom_core::Result {
        ctx.send_interval(Duration::from_micros(3), || ());
        ctx.send_after(3600 * SECOND, ());
        Ok(())
    }

    async fn handle(&mut self, (): (), ctx: &Context<Self>) -> Flow {
        self.0.fetch_add(1, Ordering::Relaxed);
        ctx.sleep(Duration::from_micros(1)).await;
        Flow::Continue
    }
}

/// akka.net #7692: the timer of a killed actor fires for ever; actor-ts #762: a scheduler that is
/// shut down leaves its timers.
#[test]
fn no_timer_outlives_its_actor_or_its_shard() {
    let name = "sim::regressions::no_timer_outlives_its_actor_or_its_shard";
    Campaign::new(name).seeds(100).runtime(|builder, _| builder.shards(2)).run(|sim| {
        let ticks = Arc::new(AtomicU64::new(0));
        let counts = ticks.clone();
        let actor = sim.run(async move |system| {
            system.spawn(Placement::Shard(1), || Clockwork(counts)).await.unwrap()
        });
        sim.advance(Duration::from_nanos(1_000_000 + sim.draw(10_000)));
        assert!(ticks.load(Ordering::Relaxed) > 0, "nothing ticks");
        match sim.draw(4) {
            0 => sim.inject_failure(actor.pid(), "a test wants it so"),
            1 => sim.on(0, 0, || actor.kill()),
            2 => sim.on(0, 0, || actor.drain()),
            _ => assert!(sim.close(0, SECOND)),
        }
        sim.advance(SECOND);
        let then = ticks.load(Ordering::Relaxed);
        assert_eq!(sim.in_use(0, 1).timers, 0);
        sim.advance(7200 * SECOND);
        assert_eq!(ticks.load(Ordering::Relaxed), then);
        come_to_rest(sim, 1, 2);
    });
}

/// Counts what its timer brings.
#[derive(Default)]
struct Alarm {
    timer: Option<Timer>,
    rung: u32,
}

enum Set {
    In(Duration),
    Cancel(Reply<bool>),
    Rung(Reply<u32>),
    Ring,
}

impl Actor for Alarm {
    type Message = Set;

    async fn handle(&mut self, message: Set, ctx: &Context<Self>) -> Flow {
        match message {
            Set::In(duration) => self.timer = Some(ctx.send_after(duration, Set::Ring)),
            Set::Cancel(reply) => reply.send(self.timer.take().is_some_and(Timer::cancel)),
            Set::Rung(reply) => reply.send(self.rung),
            Set::Ring => self.rung += 1,
        }
        Flow::Continue
    }
}

/// pekko #3086: a receive timeout arrives although it was cancelled.
#[test]
fn a_timer_is_cancelled_or_fires_and_never_both() {
    let name = "sim::regressions::a_timer_is_cancelled_or_fires_and_never_both";
    let (fired, cancelled) = (AtomicU64::new(0), AtomicU64::new(0));
    let summary =
        Campaign::new(name).seeds(200).runtime(|builder, _| builder.shards(2)).run(|sim| {
            let duration = Duration::from_nanos(5_000 + sim.draw(2_000));
            let wait = Duration::from_nanos(5_000 + sim.draw(2_000));
            let in_time = sim.run(async move |system| {
                let alarm = system.spawn(Placement::Shard(1), Alarm::default).await.unwrap();
                alarm.send(Set::In(duration)).await.ok().unwrap();
                greenroom_core::sleep(wait).await;
                let in_time = alarm.call(Set::Cancel).await.unwrap();
                greenroom_core::sleep(SECOND).await;
                let rung = alarm.call(Set::Rung).await.unwrap();
                assert_eq!(rung, u32::from(!in_time));
                in_time
            });
            if in_time { &cancelled } else { &fired }.fetch_add(1, Ordering::Relaxed);
        });
    if !summary.is_whole() {
        return;
    }
    let (fired, cancelled) = (fired.into_inner(), cancelled.into_inner());
    assert!(fired > 0 && cancelled > 0, "{fired} fired, {cancelled} cancelled");
}

/// A parent waits for its child's end when it stops; the child asks its parent as it ends.
struct Parent {
    child: Option<ActorRef<Child>>,
}

struct Child {
    parent: ActorRef<Parent>,
    heard: Arc<Mutex<Vec<Result<(), CallError>>>>,
}

impl Actor for Parent {
    type Message = Reply<()>;

    async fn handle(&mut self, reply: Reply<()>, _: &Context<Self>) -> Flow {
        reply.send(());
        Flow::Continue
    }

    async fn stopped(&mut self, _: &ExitReason, _: &Context<Self>) {
        if let Some(child) = self.child {
            child.drain();
            child.exit().await;
        }
    }
}

impl Actor for Child {
    type Message = ();

    async fn handle(&mut self, (): (), _: &Context<Self>) -> Flow {
        let answer = self.parent.call(|reply| reply).await;
        self.heard.lock().unwrap().push(answer);
        Flow::Continue
    }

    async fn stopped(&mut self, _: &ExitReason, _: &Context<Self>) {
        let answer = self.parent.call(|reply| reply).await;
        self.heard.lock().unwrap().push(answer);
    }
}

/// kameo #335: a child asks its parent, which is stopping, and waits for ever.
#[test]
fn a_child_that_asks_its_stopping_parent_hears_at_once() {
    let name = "sim::regressions::a_child_that_asks_its_stopping_parent_hears_at_once";
    Campaign::new(name).seeds(200).runtime(|builder, _| builder.shards(2)).run(|sim| {
        let (one, two) = (sim.draw(2) as u16, sim.draw(2) as u16);
        let heard: Arc<Mutex<Vec<Result<(), CallError>>>> = Arc::default();
        let hears = heard.clone();
        let began = sim.now();
        sim.run(async move |system| {
            // The parent is told of its child through the factory of a second one.
            let orphan = system.spawn(Placement::Shard(one), || Parent { child: None });
            let orphan = orphan.await.unwrap();
            let make = move || Child { parent: orphan, heard: hears };
            let child = system.spawn(Placement::Shard(two), make).await.unwrap();
            let make = move || Parent { child: Some(child) };
            let guard = system.spawn(Placement::Shard(one), make).await.unwrap();
            for _ in 0..3 {
                child.cast(()).unwrap();
            }
            orphan.stop();
            guard.stop();
            assert_eq!(guard.exit().await, ExitReason::Normal);
            assert_eq!(child.exit().await, ExitReason::Normal);
        });
        let heard = std::mem::take(&mut *heard.lock().unwrap());
        // The parent's drain may overtake what somebody else sent.
        assert!((1..=4).contains(&heard.len()), "{heard:?}");
        assert!(!heard.contains(&Err(CallError::Timeout)), "{heard:?}");
        assert!(sim.now() - began < SECOND, "somebody waited for a deadline");
        come_to_rest(sim, 1, 2);
    });
}

/// An actor's end is asked for again and again, never for long enough.
#[test]
fn ends_that_are_waited_for_a_while_leave_nothing_behind() {
    let name = "sim::regressions::ends_that_are_waited_for_a_while_leave_nothing_behind";
    Campaign::new(name).seeds(100).runtime(|builder, _| builder.shards(3)).run(|sim| {
        let (ends, patience) = (sim.draw(200), sim.draw(3_000));
        let outlives = sim.draw(2) == 1;
        let actor = sim.run(async move |system| {
            let actor = system.spawn(Placement::Shard(1), Notebook::default).await.unwrap();
            let waiters = (0..3).map(|shard| {
                let waiter = async move |_| {
                    let mut ended = 0;
                    for round in 0..40u64 {
                        let patience = Duration::from_nanos(patience * (round % 4));
                        ended += u64::from(timeout(patience, actor.exit()).await.is_ok());
                    }
                    ended
                };
                system.handle().run_on(greenroom_core::ShardId(shard), waiter)
            });
            let waiters: Vec<_> = waiters.collect();
            greenroom_core::sleep(Duration::from_micros(ends)).await;
            if !outlives {
                actor.stop();
            }
            for waiter in waiters {
                waiter.await.unwrap();
            }
            actor
        });
        // Also while the actor lives.
        come_to_rest(sim, 1, 3);
        sim.on(0, 1, || actor.stop());
        assert_eq!(sim.run(async move |_| actor.exit().await), ExitReason::Normal);
        come_to_rest(sim, 1, 3);
    });
}

/// A pid is spelled with its node's incarnation, which was counted for the whole process: a name
/// made of one had another home in the second run of a seed.
#[test]
fn a_pid_is_spelled_alike_in_every_run() {
    let spelled = || {
        TestRuntime::new_with_seed(3).run(async |system| {
            let actor = system.spawn(Placement::Shard(1), Alarm::default).await.unwrap();
            let text = actor.pid().to_string();
            assert_eq!(text.parse(), Ok(actor.pid()));
            text
        })
    };
    assert_eq!(spelled(), spelled());
}
