//! Several incarnations of one actor, as a supervisor decides.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Count, Counter, counter_with, run};
use crate::actor::Signal;
use crate::limits::CALL_DEADLINE;
use crate::pid::{Pid, ShardId};
use crate::shard::current;
use crate::supervision::{ChildSpec, ChildStatus, Factory, Strategy, SupervisorSpec};
use crate::testing::Rig;
use crate::{
    Actor, ActorConfig, ActorRef, CallError, Context, ExitReason, Flow, Placement, Reply,
    SpawnError, StopMode, spawn_local,
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
        let read = stage.rig.on(0, || spawn_local(async move { child.call(Count::Read).await }));
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
        let waits = stage.rig.on(0, || spawn_local(async move { child.call(Count::Read).await }));
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
    let start = async move { spec.start(&system, Placement::Here).await };
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

/// How long a handler may go on after a stop.
const GRACE: Duration = Duration::from_secs(2);

/// Those settings.
fn aborting() -> ActorConfig {
    let stop_mode = StopMode::AbortAtAwait { grace: GRACE };
    ActorConfig { stop_mode, ..ActorConfig::default() }
}

/// One that waits in its handler.
fn stuck(rig: &Rig, shard: usize) -> ActorRef<Stuck> {
    let stuck = rig.on(shard, || rig.system().spawn_here(aborting(), || Stuck)).unwrap();
    rig.on(0, || stuck.cast(())).unwrap();
    rig.settle();
    stuck
}

#[test]
fn a_stop_aborts_a_handler_that_waits_for_too_long() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let stuck = stuck(&rig, shard);
        rig.on(0, || stuck.stop());
        rig.settle();
        rig.advance(GRACE - Duration::from_millis(1));
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
    let counter = counter_with(&rig, 0, aborting());
    rig.settle();
    rig.on(0, || counter.stop());
    rig.settle();
    assert_eq!(rig.shards[0].in_use().timers, 0);
    let reason = run(&rig, 0, async move { counter.exit().await });
    assert_eq!(reason, Some(ExitReason::Normal));
}

/// Ends slowly.
struct Slow(Arc<Mutex<u32>>);

impl Actor for Slow {
    type Message = ();

    async fn handle(&mut self, (): (), ctx: &Context<Self>) -> Flow {
        ctx.sleep(Duration::from_secs(1)).await;
        Flow::Continue
    }

    async fn stopped(&mut self, _: &ExitReason, ctx: &Context<Self>) {
        ctx.sleep(Duration::from_secs(3)).await;
        *self.0.lock().unwrap() += 1;
    }
}

fn slow(rig: &Rig, shard: usize, ended: &Arc<Mutex<u32>>) -> ActorRef<Slow> {
    let ended = ended.clone();
    rig.on(shard, || rig.system().spawn_here(aborting(), || Slow(ended))).unwrap()
}

#[test]
fn the_grace_of_a_stop_is_for_the_handler_alone() {
    let rig = Rig::new(2);
    let ended = Arc::default();
    for shard in 0..2 {
        let slow = slow(&rig, shard, &ended);
        rig.on(0, || slow.cast(())).unwrap();
        rig.settle();
        rig.on(0, || slow.stop());
        rig.settle();
        for _ in 0..5 {
            rig.advance(Duration::from_secs(1));
            rig.settle();
        }
        let reason = run(&rig, 0, async move { slow.exit().await });
        assert_eq!(reason, Some(ExitReason::Normal));
    }
    assert_eq!(*ended.lock().unwrap(), 2);
}

#[test]
fn a_stop_that_is_asked_again_has_no_more_time() {
    let rig = Rig::new(1);
    let stuck = stuck(&rig, 0);
    for _ in 0..3 {
        rig.on(0, || stuck.stop());
        rig.settle();
        rig.advance(Duration::from_millis(900));
        rig.settle();
    }
    let reason = run(&rig, 0, async move { stuck.exit().await });
    assert_eq!(reason, Some(ExitReason::HandlerTimeout));
}

#[test]
fn the_end_of_the_system_is_a_stop_with_a_grace_as_well() {
    let rig = Rig::new(1);
    stuck(&rig, 0);
    rig.on(0, || rig.shards[0].close());
    rig.settle();
    assert_eq!(rig.shards[0].actors(), 1);
    rig.advance(GRACE + Duration::from_millis(1));
    rig.settle();
    assert_eq!(rig.shards[0].actors(), 0);
}

#[test]
fn a_question_whether_somebody_is_up_has_the_time_of_a_call() {
    let rig = Rig::new(2);
    let counter = counter_with(&rig, 1, ActorConfig::default());
    rig.settle();
    let answer = Rc::new(Cell::new(None));
    let told = answer.clone();
    rig.on(0, || {
        spawn_local(async move {
            told.set(Some(counter.call_if_up(Count::Read).await));
        })
    });
    rig.settle_but(&[1]);
    rig.advance(CALL_DEADLINE - Duration::from_millis(100));
    rig.settle_but(&[1]);
    assert_eq!(answer.take(), None);
    rig.advance(Duration::from_millis(200));
    rig.settle_but(&[1]);
    assert_eq!(answer.take(), Some(Err(CallError::Timeout)));
    rig.settle();
    assert_eq!(rig.shards[0].in_use().replies, 0);
}

/// A child is not rid of its supervisor by saying so: nobody would restart it, or end it.
#[test]
fn a_child_cannot_unlink_its_supervisor() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let (supervisor, child) = run(&rig, 0, {
            let system = rig.system();
            let child = ChildSpec::new("loose", || Loose).placement(Placement::Shard(shard));
            let spec = SupervisorSpec::new(Strategy::OneForOne).child(child);
            async move {
                let supervisor = spec.start(&system, Placement::Here).await.unwrap();
                (supervisor, supervisor.child::<Loose>("loose").await.unwrap().unwrap())
            }
        })
        .unwrap();
        rig.on(0, || child.cast(Some(supervisor.pid()))).unwrap();
        rig.settle();
        rig.on(0, || child.cast(None)).unwrap();
        rig.settle();
        let children = run(&rig, 0, async move { supervisor.children().await }).unwrap().unwrap();
        assert_eq!((children[0].restarts, children[0].status), (1, ChildStatus::Up));
        rig.on(0, || supervisor.kill());
        rig.settle();
        assert_eq!(rig.shards[0].actors() + rig.shards[1].actors(), 0);
    }
}

/// Unlinks whom it is told to, or crashes.
struct Loose;

impl Actor for Loose {
    type Message = Option<Pid>;

    async fn handle(&mut self, other: Option<Pid>, ctx: &Context<Self>) -> Flow {
        ctx.unlink(other.expect("told to"));
        Flow::Continue
    }
}

/// Waits for as long as it is told to: with a message or with a signal.
struct Waits;

impl Actor for Waits {
    type Message = Result<Duration, Pid>;

    async fn handle(&mut self, what: Self::Message, ctx: &Context<Self>) -> Flow {
        match what {
            Ok(time) => ctx.sleep(time).await,
            Err(other) => drop(ctx.monitor(other)),
        }
        Flow::Continue
    }

    async fn on_signal(&mut self, _: Signal, ctx: &Context<Self>) -> Flow {
        ctx.sleep(Duration::from_secs(3600)).await;
        Flow::Continue
    }
}

const LIMIT: Duration = Duration::from_secs(2);

fn waits(rig: &Rig, shard: usize) -> ActorRef<Waits> {
    let config = ActorConfig { handler_limit: Some(LIMIT), ..ActorConfig::default() };
    let actor = rig.on(shard, || rig.system().spawn_here(config, || Waits)).unwrap();
    rig.settle();
    actor
}

#[test]
fn a_handler_has_the_time_of_its_settings_and_each_message_anew() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let actor = waits(&rig, shard);
        let second = Duration::from_secs(1);
        for _ in 0..5 {
            rig.on(0, || actor.cast(Ok(second))).unwrap();
        }
        // Together they take longer than one may.
        for _ in 0..25 {
            rig.advance(second / 5);
            rig.settle();
        }
        assert_eq!(rig.shards[shard].actors(), 1);
        let rest = Duration::from_millis(900);
        rig.advance(rest);
        rig.on(0, || actor.cast(Ok(LIMIT * 2))).unwrap();
        rig.settle();
        // The timer of an earlier message fires on the way, and is set again.
        rig.advance(LIMIT - rest);
        rig.settle();
        rig.advance(rest - Duration::from_millis(1));
        rig.settle();
        assert_eq!(rig.shards[shard].actors(), 1);
        rig.advance(Duration::from_millis(2));
        rig.settle();
        let reason = run(&rig, 0, async move { actor.exit().await });
        assert_eq!(reason, Some(ExitReason::HandlerTimeout));
        assert_eq!(rig.shards[shard].in_use().timers, 0);
    }
}

#[test]
fn a_handler_that_is_called_in_place_and_the_hook_of_a_signal_have_that_time_too() {
    let rig = Rig::new(2);
    let counter = counter_with(&rig, 0, ActorConfig::default());
    let hears = waits(&rig, 1);
    rig.on(0, || hears.cast(Err(counter.pid()))).unwrap();
    rig.settle();
    rig.on(0, || counter.kill());
    rig.settle();
    // What a caller of the same shard waits for runs in its place.
    let called = waits(&rig, 0);
    rig.on(0, || spawn_local(async move { called.send(Ok(LIMIT * 2)).await }));
    rig.settle();
    rig.advance(LIMIT + Duration::from_millis(1));
    rig.settle();
    for actor in [hears, called] {
        let reason = run(&rig, 0, async move { actor.exit().await });
        assert_eq!(reason, Some(ExitReason::HandlerTimeout));
    }
}

#[test]
fn a_restart_gives_a_handler_its_time_anew() {
    let rig = Rig::new(2);
    let system = rig.system();
    let config = ActorConfig { handler_limit: Some(LIMIT), ..ActorConfig::default() };
    let child = ChildSpec::with_config("waits", config, || Waits).placement(Placement::Shard(1));
    let spec = SupervisorSpec::new(Strategy::OneForOne).child(child);
    let (supervisor, child) = run(&rig, 0, async move {
        let supervisor = spec.start(&system, Placement::Here).await.unwrap();
        (supervisor, supervisor.child::<Waits>("waits").await.unwrap().unwrap())
    })
    .unwrap();
    for round in 1..4 {
        rig.on(0, || child.cast(Ok(LIMIT * 2))).unwrap();
        rig.settle();
        rig.advance(LIMIT - Duration::from_millis(1));
        rig.settle();
        let children = run(&rig, 0, async move { supervisor.children().await }).unwrap().unwrap();
        assert_eq!(children[0].restarts, round - 1);
        rig.advance(Duration::from_millis(2));
        rig.settle();
        let children = run(&rig, 0, async move { supervisor.children().await }).unwrap().unwrap();
        assert_eq!((children[0].restarts, children[0].status), (round, ChildStatus::Up));
    }
}
