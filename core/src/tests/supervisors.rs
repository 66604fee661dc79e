//! Supervisors, within a shard and across two.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Count, Counter, run};
use crate::supervision::{
    AutoShutdown, Backoff, Budget, ChildError, ChildShutdown, ChildSpec, ChildStatus,
    DynamicSupervisor, Restart, Strategy, Supervisor, SupervisorSpec,
};
use crate::testing::Rig;
use crate::{Actor, ActorRef, Context, ExitReason, Flow, Health, Placement, Result};

/// What happened, in order.
type Diary = Arc<Mutex<Vec<String>>>;

/// Writes down its starts and stops.
struct Noted {
    name: &'static str,
    diary: Diary,
}

#[derive(Debug)]
enum Do {
    Panic,
    Stop,
    Sleep,
    Say(Health),
}

impl Actor for Noted {
    type Message = Do;

    async fn started(&mut self, _: &Context<Self>) -> Result {
        self.diary.lock().unwrap().push(format!("+{}", self.name));
        Ok(())
    }

    async fn handle(&mut self, message: Do, ctx: &Context<Self>) -> Flow {
        match message {
            Do::Panic => panic!("told to"),
            Do::Stop => return Flow::Stop,
            Do::Say(health) => ctx.set_health(health),
            Do::Sleep => ctx.sleep(Duration::from_secs(3600)).await,
        }
        Flow::Continue
    }

    async fn stopped(&mut self, _: &ExitReason, _: &Context<Self>) {
        self.diary.lock().unwrap().push(format!("-{}", self.name));
    }
}

struct Stage {
    rig: Rig,
    diary: Diary,
}

impl Stage {
    fn new() -> Self {
        Self { rig: Rig::new(2), diary: Diary::default() }
    }

    /// A child; those whose names are capitals live on the other shard.
    fn child(&self, name: &'static str) -> ChildSpec {
        let diary = self.diary.clone();
        let shard = u16::from(name.starts_with(char::is_uppercase));
        ChildSpec::new(name, move || Noted { name, diary: diary.clone() })
            .placement(Placement::Shard(shard))
    }

    fn start(&self, spec: SupervisorSpec) -> ActorRef<Supervisor> {
        let system = self.rig.system();
        run(&self.rig, 0, async move { spec.start(&system, Placement::Here).await })
            .expect("it starts")
            .expect("it starts")
    }

    fn get(&self, supervisor: ActorRef<Supervisor>, id: &'static str) -> ActorRef<Noted> {
        let child = async move { supervisor.child(id).await };
        run(&self.rig, 0, child).unwrap().unwrap().expect("an actor")
    }

    fn tell(&self, child: ActorRef<Noted>, what: Do) {
        self.rig.on(0, || child.cast(what)).unwrap();
        self.rig.settle();
    }

    fn crash(&self, supervisor: ActorRef<Supervisor>, id: &'static str) {
        self.tell(self.get(supervisor, id), Do::Panic);
    }

    /// What was written since the last look.
    fn diary(&self) -> String {
        self.rig.settle();
        std::mem::take(&mut *self.diary.lock().unwrap()).join(" ")
    }

    fn status(&self, supervisor: ActorRef<Supervisor>) -> Vec<(String, ChildStatus)> {
        let children = run(&self.rig, 0, async move { supervisor.children().await });
        let children = children.unwrap().unwrap();
        children.into_iter().map(|child| (child.id.to_string(), child.status)).collect()
    }

    fn exit<A: Actor>(&self, actor: ActorRef<A>) -> Option<ExitReason> {
        run(&self.rig, 0, async move { actor.exit().await })
    }

    fn advance(&self, duration: Duration) {
        self.rig.advance(duration);
        self.rig.settle();
    }

    fn actors(&self) -> usize {
        self.rig.shards.iter().map(crate::Shard::actors).sum()
    }
}

fn three(stage: &Stage, strategy: Strategy) -> SupervisorSpec {
    let spec = SupervisorSpec::new(strategy);
    spec.child(stage.child("a")).child(stage.child("B")).child(stage.child("c"))
}

#[test]
fn children_start_in_order_and_stop_in_reverse() {
    let stage = Stage::new();
    let supervisor = stage.start(three(&stage, Strategy::OneForOne));
    assert_eq!(stage.diary(), "+a +B +c");
    stage.rig.on(0, || supervisor.stop());
    assert_eq!(stage.diary(), "-c -B -a");
    assert_eq!(stage.exit(supervisor), Some(ExitReason::Normal));
    assert_eq!(stage.actors(), 0);
}

#[test]
fn strategies_restart_whom_they_say_in_order() {
    for (strategy, crashed, expected) in [
        (Strategy::OneForOne, "B", "-B +B"),
        (Strategy::OneForAll, "B", "-B -c -a +a +B +c"),
        (Strategy::RestForOne, "B", "-B -c +B +c"),
        (Strategy::RestForOne, "a", "-a -c -B +a +B +c"),
        (Strategy::RestForOne, "c", "-c +c"),
    ] {
        let stage = Stage::new();
        let supervisor = stage.start(three(&stage, strategy));
        let before = ["a", "B", "c"].map(|id| stage.get(supervisor, id));
        stage.diary();
        stage.crash(supervisor, crashed);
        assert_eq!(stage.diary(), expected, "{strategy:?} of {crashed}");
        let after = ["a", "B", "c"].map(|id| stage.get(supervisor, id));
        assert_eq!(before, after, "refs stay valid");
    }
}

#[test]
fn restart_types_say_when() {
    for (restart, what, expected) in [
        (Restart::Permanent, Do::Panic, "-a +a"),
        (Restart::Permanent, Do::Stop, "-a +a"),
        (Restart::Transient, Do::Panic, "-a +a"),
        (Restart::Transient, Do::Stop, "-a"),
        (Restart::Temporary, Do::Panic, "-a"),
        (Restart::Temporary, Do::Stop, "-a"),
    ] {
        let stage = Stage::new();
        let spec = SupervisorSpec::new(Strategy::OneForOne);
        let supervisor = stage.start(spec.child(stage.child("a").restart(restart)));
        stage.diary();
        let text = format!("{restart:?} {what:?}");
        stage.tell(stage.get(supervisor, "a"), what);
        assert_eq!(stage.diary(), expected, "{text}");
        let kept = usize::from(restart != Restart::Temporary);
        assert_eq!(stage.status(supervisor).len(), kept, "{text}");
    }
}

/// kameo #377.
#[test]
fn an_explicit_stop_is_never_restarted() {
    for end in [ActorRef::stop, ActorRef::drain] {
        let stage = Stage::new();
        let supervisor = stage.start(three(&stage, Strategy::OneForAll));
        stage.diary();
        let child = stage.get(supervisor, "B");
        stage.rig.on(0, || end(&child));
        assert_eq!(stage.diary(), "-B");
        assert_eq!(stage.status(supervisor)[1], ("B".into(), ChildStatus::Ended));
        // But a kill is a crash.
        let child = stage.get(supervisor, "a");
        stage.rig.on(0, || child.kill());
        assert_eq!(stage.diary(), "-c +a +B +c");
    }
}

/// actor-ts #917: siblings have budgets of their own, and the supervisor has one for all.
#[test]
fn budgets_are_per_child_and_per_supervisor() {
    let stage = Stage::new();
    let supervisor = stage.start(three(&stage, Strategy::OneForOne));
    for _ in 0..3 {
        stage.crash(supervisor, "a");
        stage.crash(supervisor, "B");
    }
    assert!(stage.status(supervisor).iter().all(|(_, status)| status.is_up()));
    let child = stage.get(supervisor, "B");
    stage.crash(supervisor, "B");
    let reason = Arc::new(ExitReason::Panicked("told to".into()));
    assert_eq!(stage.exit(supervisor), Some(ExitReason::GaveUp { child: child.pid(), reason }));
    assert_eq!(stage.actors(), 0);

    let stage = Stage::new();
    let budget = Budget::new(2, Duration::from_secs(5));
    let supervisor = stage.start(three(&stage, Strategy::OneForOne).budget(budget));
    for id in ["a", "B"] {
        stage.crash(supervisor, id);
    }
    stage.advance(Duration::from_secs(5));
    stage.crash(supervisor, "a");
    stage.crash(supervisor, "c");
    assert_eq!(stage.actors(), 4, "those of long ago do not count");
    stage.crash(supervisor, "B");
    assert_eq!(stage.actors(), 0);
}

#[test]
fn a_supervisor_that_gives_up_is_restarted_by_its_own() {
    let stage = Stage::new();
    let inner = SupervisorSpec::new(Strategy::OneForOne)
        .child(stage.child("b"))
        .child(stage.child("C").budget(Budget::new(0, Duration::from_secs(5))));
    let outer = SupervisorSpec::new(Strategy::OneForOne)
        .child(stage.child("a"))
        .child(ChildSpec::supervisor("inner", inner));
    let outer = stage.start(outer);
    assert_eq!(stage.diary(), "+a +b +C");
    let inner = run(&stage.rig, 0, async move { outer.child::<Supervisor>("inner").await });
    let inner = inner.unwrap().unwrap().unwrap();
    stage.crash(inner, "C");
    assert_eq!(stage.diary(), "-C -b +b +C");
    let again = run(&stage.rig, 0, async move { outer.child::<Supervisor>("inner").await });
    assert_eq!(again.unwrap().unwrap(), Some(inner), "the same logical supervisor");
    let tree = run(&stage.rig, 0, async move { outer.supervision_tree().await });
    let tree = tree.unwrap().unwrap();
    assert_eq!(tree.children[1].0.restarts, 1);
    assert_eq!(tree.children[1].1.as_ref().unwrap().children.len(), 2);
    assert_eq!(tree.health(), Health::Healthy);
    stage.rig.on(0, || outer.stop());
    assert_eq!(stage.diary(), "-C -b -a");
}

#[test]
fn a_tree_is_as_healthy_as_the_worst_in_it() {
    let stage = Stage::new();
    let backoff = Backoff::exponential(Duration::from_secs(1), Duration::from_secs(8));
    let inner = SupervisorSpec::new(Strategy::OneForOne)
        .child(stage.child("b"))
        .child(stage.child("C").backoff(backoff));
    let outer = SupervisorSpec::new(Strategy::OneForOne)
        .child(stage.child("a"))
        .child(ChildSpec::supervisor("inner", inner).placement(Placement::Shard(1)));
    let outer = stage.start(outer);
    let tree = || run(&stage.rig, 0, async move { outer.supervision_tree().await });
    let health = || tree().unwrap().unwrap().health();
    let inner = run(&stage.rig, 0, async move { outer.child::<Supervisor>("inner").await });
    let inner = inner.unwrap().unwrap().unwrap();
    assert_eq!(health(), Health::Healthy);
    let ill = Health::Unhealthy("no disk".into());
    stage.tell(stage.get(inner, "b"), Do::Say(ill.clone()));
    assert_eq!(health(), ill);
    stage.tell(stage.get(inner, "b"), Do::Say(Health::Healthy));
    // The first restart comes at once.
    stage.crash(inner, "C");
    stage.crash(inner, "C");
    assert_eq!(health(), Health::Degraded("`C` waits for its restart".into()));
    let shown = tree().unwrap().unwrap().to_string();
    assert!(shown.contains("C Restarting") && shown.contains("waits for its restart"), "{shown}");
    stage.advance(Duration::from_secs(2));
    assert_eq!(health(), Health::Healthy);
}

#[test]
fn enough_healthy_children_keep_a_supervisor_going() {
    let stage = Stage::new();
    let never = Budget::new(0, Duration::from_secs(5));
    let spec = SupervisorSpec::new(Strategy::OneForOne)
        .healthy_min(2)
        .child(stage.child("a").budget(never))
        .child(stage.child("B").budget(never))
        .child(stage.child("c").budget(never));
    let supervisor = stage.start(spec);
    stage.crash(supervisor, "B");
    assert_eq!(stage.status(supervisor)[1], ("B".into(), ChildStatus::Ended));
    stage.crash(supervisor, "a");
    assert!(matches!(stage.exit(supervisor), Some(ExitReason::GaveUp { .. })));
    assert_eq!(stage.actors(), 0);
}

#[test]
fn a_back_off_is_waited_for_and_a_stop_ends_it() {
    let stage = Stage::new();
    let (min, max) = (Duration::from_secs(1), Duration::from_secs(8));
    let backoff = Backoff { jitter_percent: 0, ..Backoff::exponential(min, max) };
    let spec = SupervisorSpec::new(Strategy::OneForOne).child(stage.child("A").backoff(backoff));
    let supervisor = stage.start(spec);
    let child = stage.get(supervisor, "A");
    stage.crash(supervisor, "A");
    assert_eq!(stage.diary(), "+A -A +A", "the first one at once");
    stage.crash(supervisor, "A");
    assert_eq!(stage.diary(), "-A");
    assert_eq!(stage.status(supervisor)[0].1, ChildStatus::Restarting);
    // What is sent meanwhile is handled by the next incarnation.
    stage.tell(child, Do::Stop);
    stage.advance(min - Duration::from_millis(1));
    assert_eq!(stage.diary(), "");
    stage.advance(Duration::from_millis(2));
    assert_eq!(stage.diary(), "+A -A");
    stage.rig.on(0, || supervisor.stop());
    stage.advance(2 * max);
    assert_eq!((stage.diary(), stage.actors()), (String::new(), 0));
}

#[test]
fn significant_children_end_their_supervisor() {
    let stage = Stage::new();
    let child = |name| stage.child(name).restart(Restart::Transient).significant();
    for (auto, crashes, ended) in [
        (AutoShutdown::Never, 2, false),
        (AutoShutdown::AnySignificant, 1, true),
        (AutoShutdown::AllSignificant, 1, false),
        (AutoShutdown::AllSignificant, 2, true),
    ] {
        let spec = SupervisorSpec::new(Strategy::OneForOne).auto_shutdown(auto);
        let spec = spec.child(child("a")).child(child("B")).child(stage.child("c"));
        let supervisor = stage.start(spec);
        for id in ["a", "B"].into_iter().take(crashes) {
            stage.tell(stage.get(supervisor, id), Do::Stop);
        }
        assert_eq!(stage.actors() == 0, ended, "{auto:?} {crashes}");
        if ended {
            assert_eq!(stage.exit(supervisor), Some(ExitReason::Shutdown));
        }
        stage.rig.on(0, || supervisor.stop());
        stage.rig.settle();
    }
}

#[test]
fn a_child_that_does_not_stop_in_time_is_killed() {
    for (shutdown, waits) in
        [(ChildShutdown::Within(Duration::from_secs(2)), true), (ChildShutdown::Kill, false)]
    {
        for id in ["a", "B"] {
            let stage = Stage::new();
            let spec = SupervisorSpec::new(Strategy::OneForOne);
            let supervisor = stage.start(spec.child(stage.child(id).shutdown(shutdown)));
            stage.tell(stage.get(supervisor, id), Do::Sleep);
            stage.rig.on(0, || supervisor.stop());
            stage.rig.settle();
            assert_eq!(stage.actors() > 0, waits);
            stage.advance(Duration::from_secs(2));
            stage.advance(Duration::from_secs(1));
            assert_eq!(stage.actors(), 0);
        }
    }
}

#[test]
fn a_start_that_fails_ends_those_that_had_started() {
    let stage = Stage::new();
    let spec = three(&stage, Strategy::OneForOne)
        .child(ChildSpec::new("bad", || -> Counter { panic!("not made") }));
    let system = stage.rig.system();
    let started = run(&stage.rig, 0, async move { spec.start(&system, Placement::Here).await });
    assert!(started.unwrap().is_err());
    assert_eq!(stage.diary(), "+a +B +c -c -B -a");
    assert_eq!(stage.actors(), 0);
    let twice = three(&stage, Strategy::OneForOne).child(stage.child("a"));
    let started = run(&stage.rig, 0, async move { twice.start(&system, Placement::Here).await });
    assert!(started.unwrap().is_err(), "two of one id");
    assert_eq!(stage.actors(), 0);
}

#[test]
fn children_come_and_go_by_order() {
    let stage = Stage::new();
    let supervisor = stage.start(three(&stage, Strategy::OneForOne));
    stage.diary();
    let old = stage.get(supervisor, "B");
    let again = run(&stage.rig, 0, async move {
        assert_eq!(supervisor.restart_child("B").await, Err(ChildError::Running));
        assert_eq!(supervisor.delete_child("B").await, Err(ChildError::Running));
        assert_eq!(supervisor.terminate_child("x").await, Err(ChildError::NoSuchChild));
        supervisor.terminate_child("B").await.unwrap();
        assert_eq!(supervisor.child::<Noted>("B").await, Ok(None));
        let again = supervisor.restart_child("B").await.unwrap();
        supervisor.terminate_child("B").await.unwrap();
        supervisor.delete_child("B").await.unwrap();
        assert_eq!(supervisor.delete_child("B").await, Err(ChildError::NoSuchChild));
        again
    });
    assert_ne!(again.unwrap(), old.pid(), "another actor");
    assert_eq!(stage.diary(), "-B +B -B");
    let spec = stage.child("B");
    let added = run(&stage.rig, 0, async move { supervisor.start_child::<Noted>(spec).await });
    assert!(added.unwrap().is_ok());
    let twice = stage.child("B");
    let twice = run(&stage.rig, 0, async move { supervisor.start_child::<Noted>(twice).await });
    assert_eq!(twice.unwrap(), Err(ChildError::AlreadyThere));
    let ids: Vec<_> = stage.status(supervisor).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["a", "c", "B"]);
}

#[test]
fn a_dynamic_supervisor_takes_children_as_they_come() {
    let stage = Stage::new();
    let supervisor = stage.start(DynamicSupervisor::bounded(3));
    let mut children = Vec::new();
    for name in ["a", "B", "c"] {
        let spec = stage.child(name);
        let child = run(&stage.rig, 0, async move { supervisor.start_child::<Noted>(spec).await });
        children.push(child.unwrap().unwrap());
    }
    let spec = stage.child("d");
    let full = run(&stage.rig, 0, async move { supervisor.start_child::<Noted>(spec).await });
    assert_eq!(full.unwrap(), Err(ChildError::Full));
    stage.diary();
    stage.tell(children[1], Do::Panic);
    assert_eq!(stage.diary(), "-B +B");
    let (first, second) = (children[0], children[1].pid());
    run(&stage.rig, 0, async move { supervisor.terminate(second).await }).unwrap().unwrap();
    stage.rig.on(0, || first.stop());
    assert_eq!(stage.diary(), "-B -a");
    assert_eq!(stage.status(supervisor), [("c".into(), ChildStatus::Up)]);
    stage.rig.on(0, || supervisor.stop());
    assert_eq!((stage.diary().as_str(), stage.actors()), ("-c", 0));
}

/// The supervisor is killed: whatever it had goes too, suspended or not, on both shards.
#[test]
fn no_child_outlives_its_supervisor() {
    let stage = Stage::new();
    let (min, max) = (Duration::from_secs(1), Duration::from_secs(8));
    let backoff = Backoff::exponential(min, max);
    let inner = SupervisorSpec::new(Strategy::OneForOne).child(stage.child("D"));
    let spec = SupervisorSpec::new(Strategy::OneForOne)
        .child(stage.child("a"))
        .child(stage.child("B").backoff(backoff))
        .child(ChildSpec::supervisor("inner", inner).placement(Placement::Shard(1)));
    let supervisor = stage.start(spec);
    stage.crash(supervisor, "B");
    stage.crash(supervisor, "B");
    assert_eq!(stage.status(supervisor)[1].1, ChildStatus::Restarting);
    stage.rig.on(0, || supervisor.kill());
    stage.rig.settle();
    assert_eq!(stage.actors(), 0);
    let open: u64 = stage.rig.shards.iter().map(|shard| shard.ledger().open()).sum();
    assert_eq!(open, 0);
}

#[test]
fn a_temporary_child_goes_with_a_siblings_crash_for_good() {
    let stage = Stage::new();
    let spec = SupervisorSpec::new(Strategy::OneForAll)
        .child(stage.child("a"))
        .child(stage.child("B").restart(Restart::Temporary))
        .child(stage.child("c"));
    let supervisor = stage.start(spec);
    stage.diary();
    stage.crash(supervisor, "a");
    assert_eq!(stage.diary(), "-a -c -B +a +c");
    let ids: Vec<_> = stage.status(supervisor).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["a", "c"]);
}

#[test]
fn a_child_that_may_take_its_time_is_waited_for() {
    let stage = Stage::new();
    let spec = SupervisorSpec::new(Strategy::OneForOne);
    let spec = spec.child(stage.child("A").shutdown(ChildShutdown::Wait));
    let supervisor = stage.start(spec);
    stage.tell(stage.get(supervisor, "A"), Do::Sleep);
    stage.rig.on(0, || supervisor.stop());
    stage.advance(Duration::from_secs(3599));
    assert_eq!(stage.actors(), 2);
    stage.advance(Duration::from_secs(2));
    assert_eq!(stage.actors(), 0);
}

/// Starts the first time, and from the so many-th on.
struct Moody(Arc<Mutex<u32>>, u32);

impl Actor for Moody {
    type Message = ();

    async fn started(&mut self, _: &Context<Self>) -> Result {
        let mut starts = self.0.lock().unwrap();
        *starts += 1;
        if *starts == 1 || *starts >= self.1 { Ok(()) } else { Err("not now".into()) }
    }

    async fn handle(&mut self, (): (), _: &Context<Self>) -> Flow {
        panic!("told to");
    }
}

#[test]
fn a_restart_that_fails_is_tried_again_and_counts() {
    // With the first crash, three restarts are within the budget, and a fourth is not.
    for (well_at, survives) in [(4, true), (5, false)] {
        for shard in 0..2 {
            let stage = Stage::new();
            let starts = Arc::new(Mutex::new(0));
            let counted = starts.clone();
            let spec = ChildSpec::new("moody", move || Moody(counted.clone(), well_at))
                .placement(Placement::Shard(shard));
            let supervisor = stage.start(SupervisorSpec::new(Strategy::OneForOne).child(spec));
            let moody = run(&stage.rig, 0, async move { supervisor.child::<Moody>("moody").await });
            let moody = moody.unwrap().unwrap().unwrap();
            stage.rig.on(0, || moody.cast(())).unwrap();
            stage.rig.settle();
            assert_eq!(*starts.lock().unwrap(), 4);
            assert_eq!(stage.actors(), if survives { 2 } else { 0 });
        }
    }
}

/// Starts a supervisor that ends with it.
struct Owner {
    spec: Option<SupervisorSpec>,
}

impl Actor for Owner {
    type Message = ();

    async fn started(&mut self, ctx: &Context<Self>) -> Result {
        let spec = self.spec.take().expect("once");
        spec.start_link(ctx, Placement::Shard(1)).await?;
        Ok(())
    }

    async fn handle(&mut self, (): (), _: &Context<Self>) -> Flow {
        panic!("told to");
    }
}

#[test]
fn a_supervisor_ends_in_good_order_with_whoever_it_was_started_by() {
    let stage = Stage::new();
    let owner = Owner { spec: Some(three(&stage, Strategy::OneForOne)) };
    let config = crate::ActorConfig::default();
    let owner = stage.rig.on(0, || stage.rig.system().spawn_here(config, || owner)).unwrap();
    assert_eq!(stage.diary().split(' ').count(), 3);
    stage.rig.on(0, || owner.cast(())).unwrap();
    assert_eq!(stage.diary(), "-c -B -a");
    assert_eq!(stage.actors(), 0);
}

/// A counter's messages go on through crashes of a sibling that takes it along.
#[test]
fn no_queued_message_is_lost_when_a_sibling_crashes() {
    let stage = Stage::new();
    let spec = SupervisorSpec::new(Strategy::OneForAll)
        .child(stage.child("a"))
        .child(ChildSpec::new("sum", || Counter { total: 0 }).placement(Placement::Shard(1)));
    let supervisor = stage.start(spec);
    let sum = run(&stage.rig, 0, async move { supervisor.child::<Counter>("sum").await });
    let sum = sum.unwrap().unwrap().unwrap();
    let bad = stage.get(supervisor, "a");
    stage.rig.on(0, || {
        for _ in 0..10 {
            sum.cast(Count::Add(1)).unwrap();
        }
        bad.cast(Do::Panic).unwrap();
        for _ in 0..10 {
            sum.cast(Count::Add(1)).unwrap();
        }
    });
    stage.rig.settle();
    let ledger = stage.rig.shards[1].ledger();
    assert_eq!((ledger.open(), ledger.undelivered.iter().sum::<u64>()), (0, 0));
    assert_eq!(ledger.handled, ledger.accepted);
}

/// All are asked at once, and have that long together.
#[test]
fn the_children_of_a_dynamic_supervisor_share_the_time_they_have() {
    let stage = Stage::new();
    let supervisor = stage.start(DynamicSupervisor::bounded(8));
    let limit = Duration::from_secs(2);
    for name in ["a", "B", "c", "D"] {
        let spec = stage.child(name).shutdown(ChildShutdown::Within(limit));
        let child = run(&stage.rig, 0, async move { supervisor.start_child::<Noted>(spec).await });
        stage.tell(child.unwrap().unwrap(), Do::Sleep);
    }
    stage.rig.on(0, || supervisor.stop());
    stage.rig.settle();
    stage.advance(limit - Duration::from_millis(1));
    assert_eq!(stage.rig.shards[0].actors() + stage.rig.shards[1].actors(), 5);
    stage.advance(Duration::from_millis(2));
    assert_eq!(stage.rig.shards[0].actors() + stage.rig.shards[1].actors(), 0);
    assert_eq!(stage.diary(), "+a +B +c +D");
}
