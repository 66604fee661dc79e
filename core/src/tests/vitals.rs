//! What can be seen of shards and actors from outside.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::{Count, Counter, counter, run};
use crate::limits::{STALL_LIMIT, STALL_REPORTS, STALL_REPORTS_WINDOW};
use crate::supervision::{ChildSpec, Strategy, SupervisorSpec};
use crate::testing::Rig;
use crate::{
    Actor, ActorConfig, Context, Flow, Health, NodeVitals, Placement, Watchdog, process, sleep,
};

fn vitals(rig: &Rig) -> Arc<NodeVitals> {
    process::vitals(rig.system().node()).unwrap()
}

fn sick(rig: &Rig) -> Vec<bool> {
    rig.system().shards_health().iter().map(|shard| shard.sick).collect()
}

const BIT: Duration = Duration::from_millis(1);

#[test]
fn a_step_that_does_not_end_is_a_stall_until_it_does() {
    let rig = Rig::new(2);
    let mut watchdog = Watchdog::new(vitals(&rig), STALL_LIMIT);
    rig.shards[1].begin_step();
    assert!(watchdog.look(rig.now()).is_empty());
    rig.advance(STALL_LIMIT - BIT);
    assert!(watchdog.look(rig.now()).is_empty() && sick(&rig) == [false, false]);
    rig.advance(BIT);
    let stalls = watchdog.look(rig.now());
    assert_eq!((stalls.len(), stalls[0].shard.0, stalls[0].lasted), (1, 1, STALL_LIMIT));
    assert_eq!(stalls[0].task, None);
    assert_eq!(sick(&rig), [false, true]);
    assert!(matches!(rig.system().health(), Health::Unhealthy(_)));
    rig.advance(STALL_LIMIT);
    assert!(watchdog.look(rig.now()).is_empty(), "one stall, one report");
    rig.shards[1].end_step();
    assert_eq!(sick(&rig), [false, false], "without anybody's looking");
    assert_eq!(rig.system().health(), Health::Healthy);
    assert_eq!(rig.system().shards_health()[1].stalls, 1);
}

#[test]
fn a_shard_that_sleeps_or_goes_on_is_not_stalled() {
    let rig = Rig::new(1);
    let mut watchdog = Watchdog::new(vitals(&rig), STALL_LIMIT);
    for _ in 0..10 {
        rig.shards[0].begin_step();
        assert!(watchdog.look(rig.now()).is_empty());
        rig.advance(STALL_LIMIT - BIT);
        assert!(watchdog.look(rig.now()).is_empty());
        rig.shards[0].end_step();
    }
    for _ in 0..10 {
        rig.advance(STALL_LIMIT);
        assert!(watchdog.look(rig.now()).is_empty());
    }
}

#[test]
fn no_more_stalls_are_reported_than_somebody_can_read() {
    let rig = Rig::new(1);
    let mut watchdog = Watchdog::new(vitals(&rig), STALL_LIMIT);
    let mut stall = || {
        rig.shards[0].begin_step();
        watchdog.look(rig.now());
        rig.advance(STALL_LIMIT);
        let stalls = watchdog.look(rig.now());
        rig.shards[0].end_step();
        stalls
    };
    let reported: usize = (0..20).map(|_| stall().len()).sum();
    assert_eq!(reported, STALL_REPORTS);
    rig.advance(STALL_REPORTS_WINDOW);
    let later = stall();
    assert_eq!(later[0].unreported, 20 - STALL_REPORTS as u64);
    assert_eq!(rig.system().shards_health()[0].stalls, 21, "all are counted");
}

#[test]
fn placement_leaves_out_a_shard_that_hangs() {
    let rig = Rig::new(3);
    let mut watchdog = Watchdog::new(vitals(&rig), STALL_LIMIT);
    let system = rig.system();
    let placed = |placement| {
        let places = run(&rig, 0, async move {
            let mut places = Vec::new();
            for _ in 0..6 {
                let spawned = system.spawn(placement, || Counter { total: 0 }).await.unwrap();
                places.push(spawned.pid().shard().0);
            }
            places.sort_unstable();
            places
        });
        places.unwrap()
    };
    rig.shards[1].begin_step();
    watchdog.look(rig.now());
    rig.advance(STALL_LIMIT);
    watchdog.look(rig.now());
    assert_eq!(placed(Placement::Any), [0, 0, 0, 2, 2, 2]);
    assert_eq!(placed(Placement::RoundRobin), [0, 0, 0, 2, 2, 2]);
    rig.shards[1].end_step();
    assert_eq!(placed(Placement::Any), [0, 0, 1, 1, 2, 2]);
    rig.shards.iter().for_each(crate::Shard::begin_step);
    watchdog.look(rig.now());
    rig.advance(STALL_LIMIT);
    watchdog.look(rig.now());
    assert_eq!(placed(Placement::Any), [0, 0, 1, 1, 2, 2], "where all hang, none is better");
}

/// Looks at itself the way a watchdog would, while it is in its handler.
struct Looker(Rc<Cell<u32>>);

impl Actor for Looker {
    type Message = Vec<Counted>;

    async fn handle(&mut self, counted: Vec<Counted>, ctx: &Context<Self>) -> Flow {
        let vitals = process::vitals(ctx.pid().node()).unwrap();
        let mut watchdog = Watchdog::new(vitals, STALL_LIMIT);
        watchdog.look(ctx.now());
        let stall = watchdog.look(ctx.now() + STALL_LIMIT).remove(0);
        assert_eq!(stall.task, Some(ctx.pid()));
        let actor = stall.actor.as_ref().unwrap();
        assert_eq!(actor.name, ctx.config().name);
        assert!(actor.actor.ends_with("::Looker") && actor.message.ends_with("::Counted>"));
        let text = stall.to_string();
        assert!(text.contains(" in ") && text.contains(&ctx.pid().to_string()), "{text}");
        let health = ctx.system().health_of(ctx.pid());
        assert!(matches!(health, Some(Health::Unhealthy(_))), "{health:?}");
        drop(counted);
        self.0.set(self.0.get() + 1);
        Flow::Stop
    }
}

struct Counted;

#[test]
fn a_stall_names_the_actor_and_its_types() {
    let rig = Rig::new(1);
    let seen = Rc::new(Cell::new(0));
    // Slots are used again, so that no name stays with one.
    for name in ["", "by name", "", "another", ""] {
        let config = ActorConfig::named(name);
        let looker =
            rig.on(0, || rig.system().spawn_here(config, || Looker(seen.clone()))).unwrap();
        rig.settle();
        rig.on(0, || looker.cast(vec![Counted]).unwrap());
        rig.shards[0].begin_step();
        rig.settle();
        rig.shards[0].end_step();
        let ledger = rig.shards[0].ledger_by_type();
        let lines = ledger.iter().filter(|line| line.actor.ends_with("::Looker"));
        assert_eq!(lines.map(|line| line.actors).sum::<u64>(), 0, "it failed");
        assert_eq!(rig.system().actors_health(), []);
    }
    assert_eq!(seen.get(), 5, "what it saw was not right");
    assert_eq!(rig.system().shards_health()[0].stalls, 5);
}

#[test]
fn a_stall_in_a_callee_that_runs_in_its_callers_place_names_the_callee() {
    struct Caller(crate::ActorRef<Probe>);
    struct Probe;
    impl Actor for Probe {
        type Message = crate::Reply<Option<crate::Pid>>;
        async fn handle(&mut self, reply: Self::Message, ctx: &Context<Self>) -> Flow {
            reply.send(ctx.system().shards_health()[0].running);
            Flow::Continue
        }
    }
    impl Actor for Caller {
        type Message = crate::Reply<bool>;
        async fn handle(&mut self, reply: Self::Message, ctx: &Context<Self>) -> Flow {
            let running = || ctx.system().shards_health()[0].running;
            let before = running();
            let inside = self.0.call(|reply| reply).await.unwrap();
            let right = (before, inside, running());
            reply.send(right == (Some(ctx.pid()), Some(self.0.pid()), Some(ctx.pid())));
            Flow::Continue
        }
    }
    let rig = Rig::new(1);
    let config = ActorConfig::default;
    let probe = rig.on(0, || rig.system().spawn_here(config(), || Probe)).unwrap();
    let caller = rig.on(0, || rig.system().spawn_here(config(), || Caller(probe))).unwrap();
    rig.settle();
    let right = run(&rig, 0, async move { caller.call(|reply| reply).await });
    assert_eq!(right, Some(Ok(true)));
    assert_eq!(rig.system().shards_health()[0].running, None);
}

/// Says of itself what it is told to.
struct Patient;

enum Order {
    Say(Health),
    Sleep(Duration),
}

impl Actor for Patient {
    type Message = Order;

    async fn handle(&mut self, order: Order, ctx: &Context<Self>) -> Flow {
        match order {
            Order::Say(health) => ctx.set_health(health),
            Order::Sleep(duration) => sleep(duration).await,
        }
        Flow::Continue
    }
}

#[test]
fn health_is_published_until_it_changes_or_the_actor_ends() {
    let rig = Rig::new(2);
    let system = rig.system();
    let [one, two] = [0, 1].map(|shard| {
        let config = ActorConfig::named(format!("patient {shard}"));
        rig.on(shard, || system.spawn_here(config, || Patient)).unwrap()
    });
    rig.settle();
    assert_eq!((system.actors_health(), system.health()), (Vec::new(), Health::Healthy));
    let degraded = Health::Degraded("half of the disks".into());
    let unhealthy = Health::Unhealthy("no disk".into());
    rig.on(0, || one.cast(Order::Say(degraded.clone())).unwrap());
    rig.settle();
    assert_eq!(system.health_of(one.pid()), Some(degraded.clone()));
    assert_eq!((system.health_of(two.pid()), system.health()), (None, degraded.clone()));
    rig.on(1, || two.cast(Order::Say(unhealthy.clone())).unwrap());
    rig.settle();
    let listed = system.handle().actors_health();
    assert_eq!(listed.len(), 2);
    assert_eq!((listed[0].pid, &*listed[0].name), (one.pid(), "patient 0"));
    assert!(listed[0].actor.ends_with("::Patient"));
    assert_eq!((&listed[1].health, system.health()), (&unhealthy, unhealthy.clone()));
    rig.on(1, || two.cast(Order::Say(Health::Healthy)).unwrap());
    rig.settle();
    assert_eq!((system.health_of(two.pid()), system.health()), (Some(Health::Healthy), degraded));
    rig.on(0, || one.kill());
    rig.settle();
    assert_eq!((system.health_of(one.pid()), system.health()), (None, Health::Healthy));
}

#[test]
fn an_actor_that_does_not_answer_is_told_of_while_messages_wait() {
    let rig = Rig::new(2);
    let system = rig.system();
    let patients =
        [0, 1].map(|shard| rig.on(shard, || system.spawn_here(ActorConfig::default(), || Patient)));
    let [busy, slow] = patients.map(Result::unwrap);
    let other = counter(&rig, 1);
    let limit = Duration::from_millis(100);
    rig.on(0, || system.watch_answers(Some(limit)));
    rig.on(1, || {
        slow.cast(Order::Sleep(Duration::from_millis(450))).unwrap();
        other.cast(Count::Add(1)).unwrap();
    });
    let pass = |millis: u64| {
        for _ in 0..millis / 10 {
            rig.advance(Duration::from_millis(10));
            // Goes on all the time, each message within the limit.
            rig.on(0, || drop(busy.cast(Order::Sleep(Duration::from_millis(20)))));
            rig.settle();
        }
    };
    pass(200);
    assert_eq!(system.actors_health(), [], "nobody waits for it");
    rig.on(1, || slow.cast(Order::Sleep(Duration::ZERO)).unwrap());
    pass(60);
    assert_eq!(system.actors_health(), [], "not yet");
    pass(140);
    let health = system.health_of(slow.pid());
    assert!(matches!(&health, Some(Health::Unhealthy(why)) if why.contains("1 queued")));
    assert_eq!(system.actors_health().len(), 1, "the busy one goes on");
    pass(200);
    assert_eq!(system.actors_health(), [], "it answers again");
    rig.on(1, || (0..3).for_each(|_| slow.cast(Order::Sleep(10 * limit)).unwrap()));
    pass(300);
    assert_eq!(system.actors_health().len(), 1);
    for limit in [None, Some(limit), None, Some(limit), None] {
        rig.on(0, || system.watch_answers(limit));
        rig.settle();
        // The actor's own timer, and one look at most.
        assert!(rig.shards[1].in_use().timers <= 2, "looks pile up");
    }
    assert_eq!(system.actors_health(), [], "nobody looks any more");
    pass(200);
    assert_eq!(rig.shards[1].in_use().timers, 1);
}

/// Says that it is ill, and crashes.
struct Moody;

impl Actor for Moody {
    type Message = bool;

    async fn handle(&mut self, crash: bool, ctx: &Context<Self>) -> Flow {
        assert!(!crash, "told to");
        ctx.set_health(Health::Degraded("a mood".into()));
        Flow::Continue
    }
}

#[test]
fn what_an_incarnation_said_of_its_health_ends_with_it() {
    let rig = Rig::new(2);
    let system = rig.system();
    for shard in 0..2 {
        let child = ChildSpec::new("moody", || Moody).placement(Placement::Shard(shard));
        let spec = SupervisorSpec::new(Strategy::OneForOne).child(child);
        let moody = run(&rig, 0, async move {
            let supervisor = spec.start(&system, Placement::Here).await.unwrap();
            supervisor.child::<Moody>("moody").await.unwrap().unwrap()
        });
        let moody = moody.unwrap();
        rig.on(0, || moody.cast(false)).unwrap();
        rig.settle();
        assert_eq!(system.health_of(moody.pid()), Some(Health::Degraded("a mood".into())));
        rig.on(0, || moody.cast(true)).unwrap();
        rig.settle();
        assert_ne!(system.health_of(moody.pid()), Some(Health::Degraded("a mood".into())));
        assert_eq!(system.health(), Health::Healthy);
    }
}
