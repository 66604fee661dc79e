use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::{Count, Counter, counter, counter_with, run};
use crate::testing::Rig;
use crate::{
    Actor, ActorConfig, ActorRef, CallError, Context, Exit, ExitReason, Flow, Hook, Placement,
    Reply, SpawnError, Undelivered,
};

#[test]
fn an_exit_is_a_level_for_any_number_of_waiters() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let counter = counter(&rig, shard);
        let before: Vec<_> = (0..3)
            .map(|_| rig.on(0, || crate::spawn_local(async move { counter.exit().await })))
            .collect();
        rig.settle();
        run(&rig, 0, async move { counter.cast(Count::Panic).unwrap() });
        for waiter in before {
            assert_eq!(run(&rig, 0, waiter), Some(Ok(ExitReason::Panicked("told to".into()))));
        }
        let after = run(&rig, 0, async move { counter.exit().await });
        assert_eq!(after, Some(ExitReason::Panicked("told to".into())));
    }
}

#[test]
fn stop_leaves_the_queue_and_drain_does_not() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let [stopped, drained, returned] = [0; 3].map(|_| counter(&rig, shard));
        rig.settle();
        let before = rig.shards[shard].ledger();
        rig.on(0, || {
            for counter in [stopped, drained] {
                counter.cast(Count::Add(1)).unwrap();
                counter.cast(Count::Add(1)).unwrap();
            }
            returned.cast(Count::Stop).unwrap();
            returned.cast(Count::Add(1)).unwrap();
            stopped.stop();
            drained.drain();
        });
        rig.settle();
        let after = rig.shards[shard].ledger();
        // Two of the stopped one's may have been handled first when it lives on another shard.
        assert_eq!(after.accepted - before.accepted, 6);
        assert_eq!(after.open(), 0);
        assert!(after.handled - before.handled >= 3, "{after:?}");
        let reasons = run(&rig, 0, async move {
            (stopped.exit().await, drained.exit().await, returned.exit().await)
        });
        assert_eq!(reasons, Some((ExitReason::Normal, ExitReason::Normal, ExitReason::Normal)));
    }
}

/// ractor #466: a send that races a drain is either handled or refused, never dropped.
#[test]
fn nothing_is_accepted_after_a_drain_began() {
    let rig = Rig::new(1);
    let counter = counter(&rig, 0);
    rig.on(0, || {
        counter.cast(Count::Add(1)).unwrap();
        counter.drain();
        assert!(matches!(counter.cast(Count::Add(1)), Err(crate::CastError::Closed(_))));
    });
    rig.settle();
    let ledger = rig.shards[0].ledger();
    assert_eq!((ledger.accepted, ledger.handled), (1, 1));
}

#[test]
fn from_the_end_on_every_call_fails_at_once() {
    let rig = Rig::new(1);
    let counter = counter(&rig, 0);
    let pending = rig.on(0, || {
        crate::spawn_local(async move {
            let call = counter.call(Count::Read);
            counter.stop();
            call.await
        })
    });
    rig.settle();
    assert_eq!(run(&rig, 0, pending), Some(Ok(Err(CallError::Dropped))));
    let later = run(&rig, 0, async move { counter.call(Count::Read).await });
    assert_eq!(later, Some(Err(CallError::Closed)));
}

/// What a probe wrote down.
type Log = Rc<RefCell<Vec<String>>>;

/// Has every hook, and does in each what it is told.
struct Probe {
    log: Log,
    panic_in: Option<Hook>,
    hang_in: Option<Hook>,
    fail_start: bool,
}

enum Do {
    Note(&'static str),
    Hang,
    Panic,
}

impl Probe {
    fn new(log: &Log) -> Self {
        Self { log: log.clone(), panic_in: None, hang_in: None, fail_start: false }
    }

    async fn hook(&self, hook: Hook) {
        self.log.borrow_mut().push(format!("{hook:?}"));
        assert!(self.panic_in != Some(hook), "panic in {hook:?}");
        if self.hang_in == Some(hook) {
            std::future::pending::<()>().await;
        }
    }
}

impl Actor for Probe {
    type Message = Do;

    async fn started(&mut self, _: &Context<Self>) -> crate::Result {
        self.hook(Hook::Started).await;
        if self.fail_start { Err("no luck".into()) } else { Ok(()) }
    }

    async fn handle(&mut self, message: Do, _: &Context<Self>) -> Flow {
        match message {
            Do::Note(text) => self.log.borrow_mut().push(text.into()),
            Do::Hang => std::future::pending().await,
            Do::Panic => panic!("in the handler"),
        }
        Flow::Continue
    }

    async fn stopped(&mut self, reason: &ExitReason, _: &Context<Self>) {
        self.log.borrow_mut().push(reason.to_string());
        self.hook(Hook::Stopped).await;
    }

    async fn on_undelivered(&mut self, message: Do, reason: Undelivered, _: &Context<Self>) {
        let Do::Note(text) = message else { return };
        self.log.borrow_mut().push(format!("{text} {reason:?}"));
        self.hook(Hook::Undelivered).await;
    }
}

fn probe(rig: &Rig, probe: Probe) -> ActorRef<Probe> {
    rig.on(0, || rig.system().spawn_here(ActorConfig::default(), || probe)).unwrap()
}

fn exit_of(rig: &Rig, actor: ActorRef<Probe>) -> Option<ExitReason> {
    run(rig, 0, async move { actor.exit().await })
}

#[test]
fn hooks_run_in_order_around_the_messages() {
    let rig = Rig::new(1);
    let log = Log::default();
    let actor = probe(&rig, Probe::new(&log));
    rig.on(0, || actor.cast(Do::Note("one")).unwrap());
    rig.settle();
    rig.on(0, || {
        actor.cast(Do::Note("left")).unwrap();
        actor.stop();
    });
    rig.settle();
    assert_eq!(
        *log.borrow(),
        ["Started", "one", "normal", "Stopped", "left Stopped", "Undelivered"]
    );
}

#[test]
fn a_panic_in_any_hook_ends_that_actor_and_no_other() {
    for hook in [Hook::Started, Hook::Stopped, Hook::Undelivered] {
        let rig = Rig::new(1);
        let (log, neighbour) = (Log::default(), counter(&rig, 0));
        let actor = probe(&rig, Probe { panic_in: Some(hook), ..Probe::new(&log) });
        rig.on(0, || {
            actor.cast(Do::Note("left")).unwrap();
            actor.stop();
        });
        rig.settle();
        let reason = exit_of(&rig, actor).unwrap();
        match hook {
            Hook::Started => {
                assert_eq!(reason, ExitReason::Panicked("panic in Started".into()));
            }
            _ => assert_eq!(reason, ExitReason::Normal),
        }
        assert_eq!(run(&rig, 0, async move { neighbour.call(Count::Read).await }), Some(Ok(0)));
        assert_eq!(rig.shards[0].ledger().open(), 0, "{hook:?}");
        assert_eq!(rig.shards[0].actors(), 1);
    }
}

#[test]
fn a_hook_that_hangs_is_ended_at_its_limit() {
    for hook in [Hook::Started, Hook::Stopped, Hook::Undelivered] {
        let rig = Rig::new(1);
        let log = Log::default();
        let actor = probe(&rig, Probe { hang_in: Some(hook), ..Probe::new(&log) });
        rig.on(0, || {
            actor.cast(Do::Note("left")).unwrap();
            actor.stop();
        });
        rig.settle();
        assert_eq!(exit_of(&rig, actor), None, "{hook:?} hangs");
        rig.advance(Duration::from_secs(5));
        rig.settle();
        let reason = exit_of(&rig, actor).unwrap();
        let expected = match hook {
            Hook::Started => ExitReason::HookTimeout(Hook::Started),
            _ => ExitReason::Normal,
        };
        assert_eq!(reason, expected);
        assert_eq!(rig.shards[0].actors(), 0);
        assert_eq!(rig.shards[0].in_use().timers, 0);
    }
}

#[test]
fn a_failed_start_tells_the_spawner_and_leaves_nothing() {
    let rig = Rig::new(2);
    for place in [Placement::Here, Placement::Shard(1)] {
        let failed = run(&rig, 0, async move {
            crate::System::current().unwrap().spawn(place, || Failing).await.map(|_| ())
        });
        let reason = ExitReason::InitFailed("no luck".into());
        assert_eq!(failed, Some(Err(SpawnError::Start(reason))));
        let panicked = run(&rig, 0, async move {
            let spawn =
                crate::System::current().unwrap().spawn::<Failing, _>(place, || panic!("f"));
            spawn.await.map(|_| ())
        });
        let reason = ExitReason::Panicked("f".into());
        assert_eq!(panicked, Some(Err(SpawnError::Start(reason))));
    }
    assert_eq!(rig.shards[0].actors() + rig.shards[1].actors(), 0);
}

struct Failing;

impl Actor for Failing {
    type Message = ();

    async fn started(&mut self, _: &Context<Self>) -> crate::Result {
        Err("no luck".into())
    }

    async fn handle(&mut self, (): (), _: &Context<Self>) -> Flow {
        Flow::Continue
    }
}

#[test]
fn a_handler_stuck_in_an_await_is_killed() {
    let rig = Rig::new(2);
    let log = Log::default();
    let actor = probe(&rig, Probe::new(&log));
    rig.on(0, || {
        actor.cast(Do::Hang).unwrap();
        actor.cast(Do::Note("left")).unwrap();
    });
    rig.settle();
    rig.on(0, || actor.stop());
    rig.settle();
    assert_eq!(exit_of(&rig, actor), None, "a stop waits for the handler");
    rig.on(1, || actor.kill());
    rig.settle();
    assert_eq!(exit_of(&rig, actor), Some(ExitReason::Killed));
    assert_eq!(*log.borrow(), ["Started"], "no hook runs after a kill");
    assert_eq!(rig.shards[0].ledger().open(), 0);
}

#[test]
fn a_panic_runs_stopped_and_returns_what_is_left() {
    let rig = Rig::new(1);
    let log = Log::default();
    let actor = probe(&rig, Probe::new(&log));
    rig.on(0, || {
        actor.cast(Do::Panic).unwrap();
        actor.cast(Do::Note("left")).unwrap();
    });
    rig.settle();
    let log = log.borrow();
    assert!(log[1].starts_with("panicked: in the handler (at "), "{log:?}");
    let others: Vec<_> = log.iter().filter(|line| **line != log[1]).collect();
    assert_eq!(others, ["Started", "Stopped", "left Stopped", "Undelivered"]);
}

#[test]
fn placements_put_actors_where_they_say() {
    let rig = Rig::new(4);
    let shards = run(&rig, 2, async {
        let system = crate::System::current().unwrap();
        let mut shards = Vec::new();
        for place in [Placement::Here, Placement::Shard(3), Placement::Key(9), Placement::Key(9)] {
            shards.push(system.spawn(place, || Idle).await.unwrap().pid().shard().0);
        }
        for _ in 0..4 {
            let actor = system.spawn(Placement::RoundRobin, || Idle).await.unwrap();
            shards.push(actor.pid().shard().0);
        }
        assert_eq!(
            system.spawn(Placement::Shard(4), || Idle).await.unwrap_err(),
            SpawnError::NoSuchShard(4)
        );
        shards
    })
    .unwrap();
    assert_eq!(shards[..2], [2, 3]);
    assert_eq!(shards[2], shards[3], "a key has one shard");
    assert_eq!(shards[4..], [2, 3, 0, 1]);
}

/// iggy #2380: a hash that keeps small integers as they are puts them all on a few cores.
#[test]
fn small_keys_are_spread_over_all_shards() {
    for shards in [2usize, 3, 4, 7, 8, 16, 64] {
        let rig = Rig::new(shards as u16);
        // Small, and small multiples of the number of shards.
        for stride in [1, shards as u64, 64, 1 << 32] {
            let mut counts = vec![0; shards];
            let keys = 256 * shards as u64;
            for key in 0..keys {
                counts[rig.shards[0].place(Placement::Key(key * stride)).index()] += 1;
            }
            let (least, most) = (counts.iter().min(), counts.iter().max());
            let fair = *least.unwrap() > 128 && *most.unwrap() < 512;
            assert!(fair, "{shards} shards, stride {stride}: {counts:?}");
        }
    }
}

struct Idle;

impl Actor for Idle {
    type Message = Reply<()>;

    async fn handle(&mut self, _: Reply<()>, _: &Context<Self>) -> Flow {
        Flow::Continue
    }
}

#[test]
fn a_shutdown_ends_every_actor_and_fails_every_caller() {
    let rig = Rig::new(2);
    let log = Log::default();
    let stuck = probe(&rig, Probe::new(&log));
    let counters = [counter(&rig, 0), counter(&rig, 1)];
    let pending =
        rig.on(0, || crate::spawn_local(async move { counters[1].call(Count::Keep).await }));
    rig.on(0, || stuck.cast(Do::Hang).unwrap());
    rig.settle();
    for shard in 0..2 {
        rig.on(shard, || rig.shards[shard].close());
    }
    rig.settle();
    assert!(!rig.shards[0].is_quiet(), "a handler is stuck");
    assert!(rig.shards[1].is_quiet());
    let refused = rig.on(0, || rig.system().spawn_here(ActorConfig::default(), || Idle));
    assert_eq!(refused, Err(SpawnError::ShuttingDown));
    rig.on(0, || rig.shards[0].kill_all());
    rig.settle();
    assert!(rig.shards[0].is_quiet());
    drop(pending);
    for shard in 0..2 {
        rig.on(shard, || rig.shards[shard].abandon_all());
        assert_eq!(rig.shards[shard].ledger().open(), 0);
        assert_eq!(rig.shards[shard].in_use().tasks, 0);
    }
}

#[test]
fn a_mailbox_bound_of_nothing_holds_one() {
    let rig = Rig::new(1);
    let config = ActorConfig::default().mailbox(crate::MailboxBound::Fixed(0));
    let counter = counter_with(&rig, 0, config);
    rig.on(0, || {
        assert!(counter.cast(Count::Add(1)).is_ok());
        assert!(matches!(counter.cast(Count::Add(1)), Err(crate::CastError::Full(_))));
    });
}

#[test]
fn an_exit_that_is_given_up_leaves_nothing_with_the_actor() {
    let rig = Rig::new(2);
    for shard in 0..2 {
        let counter = counter(&rig, shard);
        let patient = rig.on(0, || crate::spawn_local(async move { counter.exit().await }));
        rig.settle();
        let before = [0, 1].map(|shard| rig.shards[shard].in_use().replies);
        for _ in 0..100 {
            let given_up = rig.on(0, || {
                crate::spawn_local(async move {
                    crate::timeout(Duration::from_secs(1), counter.exit()).await.is_err()
                })
            });
            rig.settle();
            rig.advance(Duration::from_secs(1));
            assert_eq!(run(&rig, 0, given_up), Some(Ok(true)));
            // Also before it was ever polled.
            rig.on(0, || drop(counter.exit()));
            rig.settle();
        }
        let after = [0, 1].map(|shard| rig.shards[shard].in_use().replies);
        assert_eq!(after, before, "shard {shard}");
        rig.on(0, || counter.kill());
        assert_eq!(run(&rig, 0, patient), Some(Ok(ExitReason::Killed)));
    }
}

#[test]
fn an_actor_whose_state_is_dropped_knows_already_how_it_ended() {
    struct Curious(Rc<RefCell<Option<Exit>>>, Option<ActorRef<Self>>);
    impl Drop for Curious {
        fn drop(&mut self) {
            *self.0.borrow_mut() = self.1.map(|myself| myself.exit());
        }
    }
    impl Actor for Curious {
        type Message = ();
        async fn handle(&mut self, (): (), ctx: &Context<Self>) -> Flow {
            self.1 = Some(ctx.myself());
            Flow::Stop
        }
    }
    let rig = Rig::new(1);
    let asked = Rc::default();
    let curious = Curious(Rc::clone(&asked), None);
    let actor = rig.on(0, || rig.system().spawn_here(ActorConfig::default(), || curious)).unwrap();
    rig.on(0, || actor.cast(()).unwrap());
    rig.settle();
    let exit = asked.borrow_mut().take().unwrap();
    assert_eq!(run(&rig, 0, exit), Some(ExitReason::Normal));
}

#[test]
fn a_factory_that_sees_its_shard_abandoned_makes_no_actor() {
    let rig = Rig::new(1);
    let spawned = rig.on(0, || {
        rig.system().spawn_here(ActorConfig::default(), || {
            rig.shards[0].abandon_all();
            // The slot is somebody else's by now.
            let task = crate::spawn_local(std::future::pending::<()>());
            assert!(!task.is_finished());
            Counter { total: 0 }
        })
    });
    assert_eq!(spawned.map(|_| ()), Err(SpawnError::ShuttingDown));
    assert_eq!(rig.shards[0].in_use().tasks, 1);
    assert_eq!(rig.shards[0].actors(), 0);
}
