//! The end of a system, step by step.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Count, Counter, run};
use crate::limits::{SHUTDOWN_GRACE, SHUTDOWN_HOOK};
use crate::supervision::{Budget, ChildSpec, Strategy, SupervisorSpec};
use crate::testing::Rig;
use crate::{
    Actor, ActorConfig, CastError, Context, ExitReason, Flow, HookFailure, HookFault, HookRefused,
    Pid, Placement, Reporter, Result, ShutdownOutcome, ShutdownPhase, ShutdownReport, SpawnError,
    Undelivered, sleep,
};

/// What happened, in order.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join(" ")
    }
}

impl Reporter for Diary {
    fn actor_failed(&self, _: Pid, _: &str, _: &ExitReason) {}

    fn hook_failed(&self, failure: &HookFailure) {
        self.note(format!("!{}", failure.name));
    }
}

struct Noted(&'static str, Diary);

/// For how long to be in the handler.
#[derive(Debug)]
struct Work(Duration);

impl Actor for Noted {
    type Message = Work;

    async fn started(&mut self, _: &Context<Self>) -> Result {
        self.1.note(format!("+{}", self.0));
        Ok(())
    }

    async fn handle(&mut self, Work(time): Work, _: &Context<Self>) -> Flow {
        assert!(!time.is_zero(), "told to panic");
        sleep(time).await;
        Flow::Continue
    }

    async fn stopped(&mut self, reason: &ExitReason, _: &Context<Self>) {
        self.1.note(format!("-{}{}", self.0, if reason.is_normal() { "" } else { "?" }));
    }
}

struct Stage {
    rig: Rig,
    diary: Diary,
}

impl Stage {
    fn new() -> Self {
        Self::with_shards(2)
    }

    fn with_shards(shards: u16) -> Self {
        let diary = Diary::default();
        Self { rig: Rig::with_reporter(shards, diary.clone()), diary }
    }

    fn child(&self, name: &'static str) -> ChildSpec {
        let diary = self.diary.clone();
        let shard = u16::from(name.starts_with(char::is_uppercase));
        ChildSpec::new(name, move || Noted(name, diary.clone())).placement(Placement::Shard(shard))
    }

    fn tree(&self, children: &[&'static str]) -> SupervisorSpec {
        let spec = SupervisorSpec::new(Strategy::OneForOne);
        children.iter().fold(spec, |spec, name| spec.child(self.child(name)))
    }

    fn hook(
        &self,
        shard: usize,
        phase: ShutdownPhase,
        name: &'static str,
    ) -> std::result::Result<(), HookRefused> {
        let diary = self.diary.clone();
        self.on(
            shard,
            async move || {
                diary.note(format!("{name}("));
                sleep(Duration::from_millis(1)).await;
                diary.note(format!("{name})"));
            },
            phase,
            name,
        )
    }

    fn on(
        &self,
        shard: usize,
        hook: impl AsyncFnOnce() + 'static,
        phase: ShutdownPhase,
        name: &'static str,
    ) -> std::result::Result<(), HookRefused> {
        let system = self.rig.system();
        self.rig.on(shard, || system.on_shutdown(phase, name, hook))
    }

    fn begin(&self, limit: Duration) {
        self.rig.on(0, || self.rig.shards[0].begin_shutdown(limit));
        self.rig.settle();
    }

    /// Lets time pass in steps, until the shutdown is over. Tells how much.
    fn finish(&self) -> Duration {
        let before = self.rig.now();
        for _ in 0..10_000 {
            if self.rig.shards[0].shutdown_outcome().is_some() {
                return self.rig.now() - before;
            }
            self.rig.advance(Duration::from_millis(10));
            self.rig.settle();
        }
        panic!("no end in sight");
    }

    fn report(&self) -> ShutdownReport {
        for (number, shard) in self.rig.shards.iter().enumerate() {
            self.rig.on(number, || shard.seal());
        }
        self.rig.settle();
        for (number, shard) in self.rig.shards.iter().enumerate() {
            self.rig.on(number, || shard.abandon_all());
        }
        ShutdownReport::new(self.rig.shards.iter().map(|shard| Some(shard.end_report())))
    }
}

use ShutdownPhase::{AfterStop, BeforeStop, Stop};

#[test]
fn trees_stop_in_reverse_and_then_all_others() {
    let stage = Stage::new();
    let system = stage.rig.system();
    let (first, second) = (stage.tree(&["a", "B"]), stage.tree(&["c", "D"]));
    let (free, third) = (stage.diary.clone(), stage.tree(&["e"]));
    run(&stage.rig, 0, async move {
        first.start(&system, Placement::Here).await.unwrap();
        second.start(&system, Placement::Shard(1)).await.unwrap();
        system.spawn(Placement::Shard(1), || Noted("x", free)).await.unwrap();
        third.start(&system, Placement::Here).await.unwrap();
    });
    assert_eq!(stage.diary.take(), "+a +B +c +D +x +e");
    stage.begin(Duration::from_secs(9));
    assert_eq!(stage.diary.take(), "-e -D -c -B -a -x");
    assert_eq!(stage.rig.shards[0].shutdown_outcome(), Some(ShutdownOutcome::Over));
    let report = stage.report();
    assert!(report.is_clean() && report.ledger().open() == 0, "{report}");
}

#[test]
fn a_tree_that_has_ended_is_forgotten() {
    let stage = Stage::new();
    let system = stage.rig.system();
    let never = Budget::new(0, Duration::from_secs(1));
    let spec = SupervisorSpec::new(Strategy::OneForOne).child(stage.child("a").budget(never));
    let killed = stage.tree(&["B"]);
    let failed =
        stage.tree(&["c"]).child(ChildSpec::new("bad", || -> Counter { panic!("not made") }));
    let (gives_up, killed) = run(&stage.rig, 0, async move {
        let gives_up = spec.start(&system, Placement::Shard(1)).await.unwrap();
        let killed = killed.start(&system, Placement::Here).await.unwrap();
        assert!(failed.start(&system, Placement::Shard(1)).await.is_err());
        let nowhere = SupervisorSpec::new(Strategy::OneForOne).start(&system, Placement::Shard(9));
        assert_eq!(nowhere.await.err(), Some(SpawnError::NoSuchShard(9)));
        (gives_up, killed)
    })
    .unwrap();
    let roots = |shard: usize| stage.rig.shards[shard].roots.len();
    assert_eq!((roots(0), roots(1)), ((2, 1), (0, 1)));
    let child = run(&stage.rig, 0, async move { gives_up.child::<Noted>("a").await });
    let child = child.unwrap().unwrap().unwrap();
    stage.rig.on(0, || child.cast(Work(Duration::ZERO))).unwrap();
    stage.rig.on(1, || killed.kill());
    stage.rig.settle();
    assert_eq!((roots(0), roots(1)), ((0, 0), (0, 0)));
}

#[test]
fn hooks_run_together_and_phases_in_order() {
    let stage = Stage::new();
    let system = stage.rig.system();
    let tree = stage.tree(&["t"]);
    run(&stage.rig, 0, async move { tree.start(&system, Placement::Here).await.unwrap() });
    for (shard, phase, name) in
        [(1, AfterStop, "e"), (0, Stop, "c"), (0, BeforeStop, "a"), (1, BeforeStop, "b")]
    {
        stage.hook(shard, phase, name).unwrap();
    }
    let begun = stage.diary.clone();
    stage.rig.on(1, || {
        drop(crate::spawn_local(async move {
            system.until_shutdown().await;
            begun.note("begun");
        }));
    });
    stage.rig.settle();
    assert_eq!(stage.diary.take(), "+t");
    stage.begin(Duration::from_secs(9));
    assert_eq!(stage.hook(0, BeforeStop, "late"), Err(HookRefused::Begun(BeforeStop)));
    assert_eq!(stage.hook(1, Stop, "d"), Ok(()), "its phase has not begun");
    stage.finish();
    let diary = stage.diary.take();
    let expected = "a( begun b( a) b) c( d( -t c) d) e( e)";
    let sorted = |text: &str| {
        let mut words: Vec<_> = text.split(' ').map(str::to_owned).collect();
        words.sort();
        words
    };
    assert_eq!(sorted(&diary), sorted(expected));
    let at = |what: &str| diary.split(' ').position(|word| word == what).unwrap();
    for (earlier, later) in
        [("b(", "a)"), ("a(", "b)"), ("b)", "c("), ("d(", "c)"), ("d)", "e("), ("-t", "e(")]
    {
        assert!(at(earlier) < at(later), "{earlier} before {later}: {diary}");
    }
    for phase in ShutdownPhase::ALL {
        assert_eq!(stage.hook(1, phase, "too late"), Err(HookRefused::Begun(phase)));
    }
    assert!(stage.report().is_clean());
}

#[test]
fn a_hook_that_fails_is_named_and_stops_nothing() {
    let stage = Stage::new();
    stage.on(0, async || panic!("told to"), BeforeStop, "bad").unwrap();
    stage.on(1, async || std::future::pending().await, Stop, "endless").unwrap();
    stage.hook(1, AfterStop, "last").unwrap();
    stage.begin(Duration::from_secs(60));
    assert_eq!(stage.diary.take(), "!bad");
    let took = stage.finish();
    assert!(took >= SHUTDOWN_HOOK && took < 2 * SHUTDOWN_HOOK, "its own limit counts: {took:?}");
    assert_eq!(stage.diary.take(), "!endless last( last)");
    let report = stage.report();
    let panicked = HookFault::Panicked("told to".into());
    let hook =
        |shard: usize| (&*report.shards[shard].hooks[0].name, &report.shards[shard].hooks[0].why);
    assert_eq!((hook(0), hook(1)), (("bad", &panicked), ("endless", &HookFault::Overran)));
    assert!(!report.is_clean());
    let text = report.to_string();
    assert!(text.contains("`bad` (before stop, shard 0) panicked: told to"), "{text}");
}

#[test]
fn what_is_left_at_the_deadline_is_killed_and_the_last_hooks_run() {
    let stage = Stage::new();
    let (system, diary) = (stage.rig.system(), stage.diary.clone());
    let tree = stage.tree(&["a", "B"]);
    let (supervisor, busy) = run(&stage.rig, 0, async move {
        let supervisor = tree.start(&system, Placement::Here).await.unwrap();
        let busy = system.spawn(Placement::Shard(1), || Noted("x", diary)).await.unwrap();
        (supervisor, busy)
    })
    .unwrap();
    let child = run(&stage.rig, 0, async move { supervisor.child::<Noted>("B").await });
    let child = child.unwrap().unwrap().unwrap();
    stage.rig.on(0, || {
        for _ in 0..3 {
            child.cast(Work(Duration::from_secs(3600))).unwrap();
            busy.cast(Work(Duration::from_secs(3600))).unwrap();
        }
    });
    stage.rig.settle();
    stage.hook(0, AfterStop, "flush").unwrap();
    stage.diary.take();
    stage.begin(Duration::from_millis(100));
    let took = stage.finish();
    assert!(took >= Duration::from_millis(100) && took < SHUTDOWN_GRACE, "{took:?}");
    assert_eq!(stage.diary.take(), "flush( flush)", "the tree was not done");
    let report = stage.report();
    // Both children, the other actor, and the supervisor that waited for its child.
    assert_eq!(report.killed(), 4);
    let ledger = report.ledger();
    assert_eq!(ledger.open(), 0, "{report}");
    assert_eq!(ledger.undelivered[Undelivered::Stopped as usize], 4, "those that were queued");
}

#[test]
fn what_is_on_its_way_when_a_shard_goes_down_is_counted() {
    let stage = Stage::new();
    let counter = run(&stage.rig, 0, {
        let system = stage.rig.system();
        async move { system.spawn(Placement::Shard(1), || Counter { total: 0 }).await.unwrap() }
    })
    .unwrap();
    let before = stage.rig.shards[0].ledger();
    stage.rig.on(0, || {
        counter.cast(Count::Add(1)).unwrap();
        // No message of a user: it counts for nothing.
        counter.drain();
        stage.rig.shards[0].abandon_all();
    });
    let ledger = stage.rig.shards[0].ledger();
    assert_eq!(ledger.accepted - before.accepted, 1);
    assert_eq!((ledger.undelivered[Undelivered::Abandoned as usize], ledger.open()), (1, 0));
}

#[test]
fn nothing_leaves_a_shard_that_is_sealed() {
    let stage = Stage::new();
    let counter = run(&stage.rig, 0, {
        let system = stage.rig.system();
        async move { system.spawn(Placement::Shard(1), || Counter { total: 0 }).await.unwrap() }
    })
    .unwrap();
    stage.rig.on(0, || {
        // As many as the outbox takes in a turn.
        while counter.cast(Count::Add(1)).is_ok() {}
        let waits = async move { counter.send(Count::Add(1)).await.is_err() };
        let waits = crate::spawn_local(waits);
        stage.rig.shards[0].turn(stage.rig.now(), &mut crate::Fifo);
        assert!(!waits.is_finished(), "it waits for room");
        stage.rig.shards[0].seal();
        stage.rig.shards[0].turn(stage.rig.now(), &mut crate::Fifo);
        assert!(waits.is_finished(), "it is told");
        assert!(matches!(counter.cast(Count::Add(1)), Err(CastError::Closed(_))));
        stage.rig.shards[0].flush();
        assert!(!stage.rig.shards[0].is_blocked(), "what was there has left");
        assert!(matches!(counter.cast(Count::Add(1)), Err(CastError::Closed(_))));
    });
}

#[test]
fn no_tree_is_started_while_trees_stop() {
    let stage = Stage::new();
    let (system, tree) = (stage.rig.system(), stage.tree(&["a"]));
    let diary = stage.diary.clone();
    let late = async move || {
        let started = tree.start(&system, Placement::Here).await;
        diary.note(format!("{:?}", started.err()));
    };
    stage.on(0, late, Stop, "late").unwrap();
    let spawned =
        stage.rig.on(0, || system.spawn_here(ActorConfig::default(), || Counter { total: 0 }));
    spawned.unwrap();
    stage.begin(Duration::from_secs(1));
    assert_eq!(stage.diary.take(), "Some(ShuttingDown)");
    assert!(stage.report().is_clean());
}

#[test]
fn a_shard_that_is_stuck_holds_up_the_last_hooks_of_no_other() {
    let stage = Stage::with_shards(3);
    for shard in [0, 2] {
        let flush = ["flush", "", "write"][shard];
        stage.hook(shard, AfterStop, flush).unwrap();
    }
    stage.rig.on(0, || stage.rig.shards[0].begin_shutdown(Duration::from_millis(100)));
    for _ in 0..10_000 {
        stage.rig.settle_but(&[1]);
        if stage.rig.shards[0].shutdown_outcome().is_some() {
            break;
        }
        stage.rig.advance(Duration::from_millis(10));
    }
    assert_eq!(stage.rig.shards[0].shutdown_outcome(), Some(ShutdownOutcome::Stuck));
    let diary = stage.diary.take();
    assert!(diary.contains("flush)") && diary.contains("write)"), "{diary}");
}
