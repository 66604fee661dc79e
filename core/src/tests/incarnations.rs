//! Several incarnations of one actor, as a supervisor decides.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Count, Counter, counter_with, run};
use crate::actor::Signal;
use crate::pid::ShardId;
use crate::shard::current;
use crate::supervision::Factory;
use crate::testing::Rig;
use crate::{
    Actor, ActorConfig, ActorRef, CallError, Context, ExitReason, Flow, Reply, SpawnError, StopMode,
};

/// Supervises nothing by itself: writes down what it hears.
struct Chief {
    heard: Vec<Signal>,
    number: u32,
}

enum Ask {
    Spawn(ShardId, Factory<Counter>, Reply<Result<ActorRef<Counter>, SpawnError>>),
    Restart(ActorRef<Counter>, Reply<bool>),
    Heard(Reply<Vec<Signal>>),
}

impl Actor for Chief {
    type Message = Ask;

    async fn handle(&mut self, message: Ask, ctx: &Context<Self>) -> Flow {
        match message {
            Ask::Spawn(place, factory, reply) => {
                let config = ActorConfig::default();
                let me = ctx.pid();
                let spawn =
                    current::with(|shard| shard.spawn_child(me, place, config, factory)).unwrap();
                reply.send(spawn.await);
            }
            Ask::Restart(child, reply) => {
                self.number += 1;
                let number = self.number;
                let claim =
                    current::with(|shard| shard.restart_child(child.pid(), number)).unwrap();
                reply.send(matches!(claim.await, Ok(Ok(_))));
            }
            Ask::Heard(reply) => reply.send(std::mem::take(&mut self.heard)),
        }
        Flow::Continue
    }

    async fn on_signal(&mut self, signal: Signal, _: &Context<Self>) -> Flow {
        self.heard.push(signal);
        Flow::Continue
    }
}

struct Stage {
    rig: Rig,
    chief: ActorRef<Chief>,
    made: Arc<AtomicU64>,
}

impl Stage {
    fn new() -> Self {
        let rig = Rig::new(2);
        let config = ActorConfig { trap_exits: true, ..ActorConfig::default() };
        let make = || Chief { heard: Vec::new(), number: 1 };
        let chief = rig.on(0, || rig.system().spawn_here(config, make)).unwrap();
        Self { rig, chief, made: Arc::default() }
    }

    /// A child whose incarnations begin with 100, 200, and so on.
    fn child(&self, shard: u16) -> ActorRef<Counter> {
        let made = self.made.clone();
        let factory: Factory<Counter> = Arc::new(move || {
            let total = 100 * (made.fetch_add(1, Ordering::Relaxed) + 1);
            Counter { total }
        });
        let chief = self.chief;
        let spawn = async move { chief.call(|r| Ask::Spawn(ShardId(shard), factory, r)).await };
        run(&self.rig, 0, spawn).unwrap().unwrap().unwrap()
    }

    fn heard(&self) -> Vec<Signal> {
        let chief = self.chief;
        run(&self.rig, 0, async move { chief.call(Ask::Heard).await }).unwrap().unwrap()
    }

    fn restart(&self, child: ActorRef<Counter>) -> bool {
        let chief = self.chief;
        let restart = async move { chief.call(|r| Ask::Restart(child, r)).await };
        run(&self.rig, 0, restart).unwrap().unwrap()
    }

    fn read(&self, child: ActorRef<Counter>) -> Option<Result<u64, CallError>> {
        run(&self.rig, 0, async move { child.call(Count::Read).await })
    }

    fn cast(&self, child: ActorRef<Counter>, message: Count) {
        self.rig.on(0, || child.cast(message)).ok().unwrap();
        self.rig.settle();
    }
}

#[test]
fn queued_messages_survive_a_restart_and_the_ref_stays_valid() {
    for shard in 0..2 {
        let stage = Stage::new();
        let child = stage.child(shard);
        stage.rig.on(0, || {
            for message in [Count::Add(1), Count::Panic, Count::Add(2), Count::Add(3)] {
                child.cast(message).ok().unwrap();
            }
        });
        stage.rig.settle();
        let reason = ExitReason::Panicked("told to".into());
        assert_eq!(stage.heard(), [Signal::Suspended { pid: child.pid(), incarnation: 1, reason }]);
        // What is sent meanwhile waits with the rest.
        let read =
            stage.rig.on(0, || crate::spawn_local(async move { child.call(Count::Read).await }));
        stage.rig.settle();
        assert!(stage.restart(child));
        assert_eq!(run(&stage.rig, 0, read), Some(Ok(Ok(205))));
        let ledger = stage.rig.shards[usize::from(shard)].ledger();
        assert_eq!(ledger.open(), 0);
        assert_eq!(ledger.undelivered.iter().sum::<u64>(), 0);
    }
}

#[test]
fn a_call_waits_for_a_restart_or_does_not() {
    for shard in 0..2 {
        let stage = Stage::new();
        let child = stage.child(shard);
        let if_up = || run(&stage.rig, 0, async move { child.call_if_up(Count::Read).await });
        assert_eq!(if_up(), Some(Ok(100)));
        stage.cast(child, Count::Panic);
        assert_eq!(if_up(), Some(Err(CallError::Restarting)));
        let waits =
            stage.rig.on(0, || crate::spawn_local(async move { child.call(Count::Read).await }));
        assert!(stage.restart(child));
        assert_eq!(run(&stage.rig, 0, waits), Some(Ok(Ok(200))));
        assert_eq!(if_up(), Some(Ok(200)));
        stage.rig.on(0, || child.stop());
        stage.rig.settle();
        // That it is gone is said by the actor's shard, or by the port that goes down there.
        assert!(matches!(if_up(), Some(Err(CallError::Closed | CallError::Dropped))));
    }
}

#[test]
fn an_explicit_stop_or_drain_is_final() {
    for shard in 0..2 {
        let stage = Stage::new();
        for end in [ActorRef::stop, ActorRef::drain] {
            let child = stage.child(shard);
            stage.rig.on(0, || end(&child));
            stage.rig.settle();
            let reason = ExitReason::Normal;
            assert_eq!(stage.heard(), [Signal::Exit { pid: child.pid(), reason }]);
            assert!(!stage.restart(child));
            assert!(stage.read(child).unwrap().is_err());
        }
    }
}

#[test]
fn a_stop_of_its_own_and_a_kill_are_up_to_the_supervisor() {
    for shard in 0..2 {
        let stage = Stage::new();
        let child = stage.child(shard);
        stage.cast(child, Count::Stop);
        let reason = ExitReason::Normal;
        assert_eq!(stage.heard(), [Signal::Suspended { pid: child.pid(), incarnation: 1, reason }]);
        assert!(stage.restart(child));
        stage.rig.on(0, || child.kill());
        stage.rig.settle();
        let reason = ExitReason::Killed;
        assert_eq!(stage.heard(), [Signal::Suspended { pid: child.pid(), incarnation: 2, reason }]);
        // Nobody is there to be killed, and the next one is not.
        stage.rig.on(0, || child.kill());
        stage.rig.settle();
        assert!(stage.restart(child));
        assert_eq!(stage.read(child), Some(Ok(300)));
    }
}

#[test]
fn a_child_ends_with_its_supervisor_suspended_or_not() {
    for shard in 0..2 {
        let stage = Stage::new();
        let (alive, suspended) = (stage.child(shard), stage.child(shard));
        stage.cast(suspended, Count::Panic);
        stage.cast(suspended, Count::Add(1));
        stage.rig.on(0, || stage.chief.kill());
        stage.rig.settle();
        assert_eq!(stage.rig.shards.iter().map(crate::Shard::actors).sum::<usize>(), 0);
        let ledger = stage.rig.shards[usize::from(shard)].ledger();
        assert_eq!((ledger.open(), ledger.undelivered.iter().sum::<u64>()), (0, 1));
        let reason = run(&stage.rig, 0, async move { alive.exit().await });
        let killed = Arc::new(ExitReason::Killed);
        assert_eq!(reason, Some(ExitReason::Linked { pid: stage.chief.pid(), reason: killed }));
    }
}

#[test]
fn a_dismissed_child_leaves_what_was_queued_undelivered() {
    for shard in 0..2 {
        let stage = Stage::new();
        let child = stage.child(shard);
        stage.cast(child, Count::Panic);
        stage.cast(child, Count::Add(1));
        let reason = ExitReason::Injected("given up".into());
        stage.rig.on(0, || {
            current::with(|shard| shard.dismiss_child(child.pid(), reason.clone()));
        });
        stage.rig.settle();
        let pid = child.pid();
        assert_eq!(stage.heard()[1..], [Signal::Exit { pid, reason }]);
        let ledger = stage.rig.shards[usize::from(shard)].ledger();
        assert_eq!((ledger.open(), ledger.undelivered.iter().sum::<u64>()), (0, 1));
    }
}

#[test]
fn a_supervisor_suspends_a_child_and_has_it_go_on() {
    for shard in 0..2 {
        let stage = Stage::new();
        let child = stage.child(shard);
        for (n, at_once) in [false, true].into_iter().enumerate() {
            let over = stage.rig.on(0, || {
                current::with(|shard| shard.suspend_child(child.pid(), at_once)).unwrap()
            });
            assert!(run(&stage.rig, 0, over).unwrap().is_ok());
            // Whoever asked for it is told, and nobody else.
            assert_eq!(stage.heard(), []);
            assert!(stage.restart(child));
            assert_eq!(stage.read(child), Some(Ok(200 + 100 * n as u64)));
        }
    }
}

#[test]
fn a_restart_after_a_restart_that_failed() {
    let stage = Stage::new();
    let count = Arc::new(AtomicU64::new(0));
    let factory: Factory<Counter> = Arc::new(move || {
        assert_ne!(count.fetch_add(1, Ordering::Relaxed), 1, "the second is not made");
        Counter { total: 7 }
    });
    let chief = stage.chief;
    let spawn = async move { chief.call(|r| Ask::Spawn(ShardId(1), factory, r)).await };
    let child = run(&stage.rig, 0, spawn).unwrap().unwrap().unwrap();
    stage.cast(child, Count::Panic);
    assert!(!stage.restart(child), "its factory panics");
    assert!(stage.restart(child));
    assert_eq!(stage.read(child), Some(Ok(7)));
    assert!(!stage.restart(child), "it is not suspended");
}

/// actor-ts #769: whoever says that a child has crashed, only its current incarnation can have.
#[test]
fn an_end_that_is_told_twice_restarts_once() {
    use crate::shard::Notice;
    use crate::supervision::{ChildSpec, Strategy, SupervisorSpec};
    let rig = Rig::new(2);
    let system = rig.system();
    let spec = ChildSpec::new("it", || Counter { total: 0 });
    let spec = SupervisorSpec::new(Strategy::OneForOne).child(spec);
    let start = async move { spec.start(&system, crate::Placement::Here).await };
    let supervisor = run(&rig, 0, start).unwrap().unwrap();
    let child = run(&rig, 0, async move { supervisor.child::<Counter>("it").await });
    let child = child.unwrap().unwrap().unwrap();
    rig.on(0, || child.cast(Count::Panic)).ok().unwrap();
    rig.settle();
    rig.on(0, || child.cast(Count::Add(5))).ok().unwrap();
    rig.settle();
    let told = Notice::Suspended(1, ExitReason::Killed.into());
    rig.on(0, || current::with(|shard| shard.notify(child.pid(), supervisor.pid(), told)));
    rig.settle();
    let children = run(&rig, 0, async move { supervisor.children().await }).unwrap().unwrap();
    assert_eq!(children[0].restarts, 1);
    assert_eq!(run(&rig, 0, async move { child.call(Count::Read).await }), Some(Ok(5)));
}

/// Waits for ever in its handler.
struct Stuck;

impl Actor for Stuck {
    type Message = ();

    async fn handle(&mut self, (): (), ctx: &Context<Self>) -> Flow {
        ctx.sleep(Duration::from_secs(3600)).await;
        Flow::Continue
    }
}

#[test]
fn a_stop_aborts_a_handler_that_waits_for_too_long() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let grace = Duration::from_secs(2);
        let stop_mode = StopMode::AbortAtAwait { grace };
        let config = ActorConfig { stop_mode, ..ActorConfig::default() };
        let stuck = rig.on(shard, || rig.system().spawn_here(config, || Stuck)).unwrap();
        rig.on(0, || stuck.cast(())).unwrap();
        rig.settle();
        rig.on(0, || stuck.stop());
        rig.settle();
        rig.advance(grace - Duration::from_millis(1));
        rig.settle();
        assert_eq!(rig.shards[shard].actors(), 1);
        rig.advance(Duration::from_millis(2));
        rig.settle();
        let reason = run(&rig, 0, async move { stuck.exit().await });
        assert_eq!(reason, Some(ExitReason::HandlerTimeout));
    }
}

#[test]
fn a_stop_that_finds_no_handler_leaves_no_timer() {
    let rig = Rig::new(1);
    let stop_mode = StopMode::AbortAtAwait { grace: Duration::from_secs(2) };
    let counter = counter_with(&rig, 0, ActorConfig { stop_mode, ..ActorConfig::default() });
    rig.settle();
    rig.on(0, || counter.stop());
    rig.settle();
    assert_eq!(rig.shards[0].in_use().timers, 0);
    let reason = run(&rig, 0, async move { counter.exit().await });
    assert_eq!(reason, Some(ExitReason::Normal));
}
