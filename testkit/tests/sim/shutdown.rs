//! Systems that shut down at any moment: in order, with every message accounted for.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use greenroom_core::supervision::{ChildShutdown, ChildSpec, Strategy, SupervisorSpec};
use greenroom_core::{
    Actor, ActorRef, Context, ExitReason, Flow, HookFault, Placement, Result, ShardId,
    ShutdownPhase, ShutdownReport, System, sleep, spawn_local,
};
use greenroom_testkit::{Campaign, TestRuntime};

use super::actors::come_to_rest;

const SHARDS: u16 = 3;

/// What happened where nobody watches but the test: in the order of the run.
#[derive(Clone, Default)]
struct World(Arc<Shared>);

#[derive(Default)]
struct Shared {
    happened: Mutex<Vec<Event>>,
    /// Messages that were accepted, as their senders were told.
    accepted: AtomicU64,
    /// Those that may crash and those that do not, with the incarnations before.
    unsteady: Mutex<Vec<ActorRef<Leaf>>>,
    all: Mutex<Vec<ActorRef<Leaf>>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Event {
    /// An incarnation is gone, of that place.
    Gone(Place),
    HookBegan(ShutdownPhase),
    HookEnded(ShutdownPhase),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// The first child of that tree, which never crashes.
    Anchor(usize),
    /// Any other of that tree.
    Tree(usize),
    /// In no tree.
    Free,
}

impl World {
    fn note(&self, event: Event) {
        self.0.happened.lock().unwrap().push(event);
    }

    fn cast(&self, to: ActorRef<Leaf>, job: Job) {
        if to.cast(job).is_ok() {
            self.0.accepted.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Somebody, by a number.
    fn pick(of: &Mutex<Vec<ActorRef<Leaf>>>, number: u64) -> Option<ActorRef<Leaf>> {
        let of = of.lock().unwrap();
        (!of.is_empty()).then(|| of[number as usize % of.len()])
    }
}

#[derive(Debug)]
enum Job {
    /// On to somebody else, so often.
    Pass(u32),
    /// Takes so many microseconds.
    Sleep(u64),
    Panic,
    Hang,
}

struct Leaf {
    place: Place,
    world: World,
}

impl Leaf {
    fn pass(&self, hops: u32, ctx: &Context<Self>) {
        if let Some(to) = World::pick(&self.world.0.all, ctx.random()) {
            self.world.cast(to, Job::Pass(hops));
        }
    }
}

impl Actor for Leaf {
    type Message = Job;

    async fn started(&mut self, ctx: &Context<Self>) -> Result {
        self.world.0.all.lock().unwrap().push(ctx.myself());
        if matches!(self.place, Place::Tree(_)) {
            self.world.0.unsteady.lock().unwrap().push(ctx.myself());
        }
        Ok(())
    }

    async fn handle(&mut self, job: Job, ctx: &Context<Self>) -> Flow {
        match job {
            Job::Pass(0) => {}
            Job::Pass(hops) => self.pass(hops - 1, ctx),
            Job::Sleep(micros) => ctx.sleep(Duration::from_micros(micros)).await,
            Job::Panic => panic!("a leaf panics"),
            Job::Hang => std::future::pending().await,
        }
        Flow::Continue
    }

    async fn stopped(&mut self, _: &ExitReason, ctx: &Context<Self>) {
        self.pass(1, ctx);
        ctx.sleep(Duration::from_micros(ctx.random() % 20)).await;
        self.pass(1, ctx);
    }
}

impl Drop for Leaf {
    fn drop(&mut self) {
        self.world.note(Event::Gone(self.place));
    }
}

/// A part of the test, drawn before it runs.
struct Plan {
    trees: Vec<(SupervisorSpec, Placement)>,
    free: u64,
    hooks: Vec<(u16, ShutdownPhase, Does)>,
}

/// What a hook does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Does {
    Sleep(u64),
    Cast,
    Panic,
    Hang,
}

impl Does {
    const fn name(self) -> &'static str {
        match self {
            Self::Sleep(_) => "sleeps",
            Self::Cast => "casts",
            Self::Panic => "panics",
            Self::Hang => "hangs",
        }
    }
}

fn any_shard(sim: &TestRuntime) -> Placement {
    Placement::Shard(sim.draw(u64::from(SHARDS)) as u16)
}

fn leaf(sim: &TestRuntime, id: String, place: Place, world: &World) -> ChildSpec {
    let (world, shutdown) = (
        world.clone(),
        match sim.draw(8) {
            0 => ChildShutdown::Kill,
            _ => ChildShutdown::Within(Duration::from_micros(50 + sim.draw(2_000))),
        },
    );
    ChildSpec::new(id, move || Leaf { place, world: world.clone() })
        .placement(any_shard(sim))
        .shutdown(shutdown)
}

/// A supervisor of a few, some of them supervisors in turn.
fn tree(sim: &TestRuntime, tree: usize, depth: u32, world: &World) -> SupervisorSpec {
    let strategies = [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne];
    let mut spec = SupervisorSpec::new(strategies[sim.draw(3) as usize]);
    for number in 0..1 + sim.draw(3) {
        let id = format!("{number}");
        spec = spec.child(if depth > 0 && sim.draw(3) == 0 {
            ChildSpec::supervisor(id, self::tree(sim, tree, depth - 1, world))
                .placement(any_shard(sim))
        } else {
            leaf(sim, id, Place::Tree(tree), world)
        });
    }
    spec
}

fn plan(sim: &TestRuntime, world: &World) -> Plan {
    let trees = (0..sim.extent(1 + sim.draw(4)) as usize).map(|number| {
        // Nothing that happens beside it touches the anchor.
        let anchor = leaf(sim, "anchor".into(), Place::Anchor(number), world)
            .shutdown(ChildShutdown::Within(Duration::from_secs(3600)));
        let rest = ChildSpec::supervisor("rest", tree(sim, number, 2, world));
        let spec = SupervisorSpec::new(Strategy::OneForOne).child(anchor);
        (spec.child(rest.placement(any_shard(sim))), any_shard(sim))
    });
    let trees = trees.collect();
    let hooks = (0..sim.extent(sim.draw(7))).map(|_| {
        let does = match sim.draw(8) {
            0 => Does::Panic,
            1 => Does::Hang,
            2 | 3 => Does::Cast,
            _ => Does::Sleep(sim.draw(300)),
        };
        let phase = ShutdownPhase::ALL[sim.draw(3) as usize];
        (sim.draw(u64::from(SHARDS)) as u16, phase, does)
    });
    Plan { hooks: hooks.collect(), free: sim.extent(sim.draw(4)), trees }
}

async fn hook(phase: ShutdownPhase, does: Does, world: World) {
    world.note(Event::HookBegan(phase));
    match does {
        Does::Sleep(micros) => sleep(Duration::from_micros(micros)).await,
        Does::Cast => {
            for number in 0..5 {
                if let Some(to) = World::pick(&world.0.all, number) {
                    world.cast(to, Job::Pass(2));
                }
                sleep(Duration::from_micros(3)).await;
            }
        }
        Does::Panic => panic!("a hook panics"),
        Does::Hang => std::future::pending().await,
    }
    world.note(Event::HookEnded(phase));
}

/// Starts everything. Gives the trees in order; where they end is noted.
async fn set_up(system: System, plan: Plan, world: World, ends: Ends) {
    for (number, (spec, placement)) in plan.trees.into_iter().enumerate() {
        let tree = spec.start(&system, placement).await.expect("it starts");
        let ends = ends.clone();
        drop(spawn_local(async move {
            let reason = tree.exit().await;
            ends.lock().unwrap().push((number, reason));
        }));
    }
    for number in 0..plan.free {
        let world = world.clone();
        let placement = Placement::Shard((number % u64::from(SHARDS)) as u16);
        let leaf = move || Leaf { place: Place::Free, world };
        system.spawn(placement, leaf).await.expect("it starts");
    }
    for (shard, phase, does) in plan.hooks {
        let world = world.clone();
        let limit = Duration::from_millis(50);
        let register = async move |system: System| {
            let hook = async move || hook(phase, does, world).await;
            system.on_shutdown_within(limit, phase, does.name(), hook)
        };
        let registered = system.handle().run_on(ShardId(shard), register).await;
        assert_eq!(registered, Ok(Ok(())));
    }
}

/// Which trees have ended, and how.
type Ends = Arc<Mutex<Vec<(usize, ExitReason)>>>;

/// Something for the actors to do, from shard to shard.
fn disturb(sim: &mut TestRuntime, world: &World) {
    let shard = sim.draw(u64::from(SHARDS)) as u16;
    let number = sim.draw(1_000);
    let (all, unsteady) = (&world.0.all, &world.0.unsteady);
    let (to, job) = match sim.draw(12) {
        0 => (World::pick(unsteady, number), Job::Panic),
        1 => (World::pick(unsteady, number), Job::Hang),
        2 => {
            if let Some(victim) = World::pick(unsteady, number) {
                sim.inject_failure(victim.pid(), "a test wants it so");
            }
            return;
        }
        3 => (World::pick(all, number), Job::Sleep(sim.draw(100))),
        _ => (World::pick(all, number), Job::Pass(sim.draw(6) as u32)),
    };
    if let Some(to) = to {
        sim.on(0, shard, || world.cast(to, job));
    }
}

/// What holds of any shutdown.
fn check(sim: &mut TestRuntime, report: &ShutdownReport, world: &World, hooks: &[&str]) {
    for shard in &report.shards {
        assert_eq!(shard.ledger.open(), 0, "{shard:?}");
    }
    let ledger = report.ledger();
    let accepted = world.0.accepted.load(Ordering::Relaxed);
    assert_eq!(ledger.accepted, accepted, "a message was lost: {report}");
    assert_eq!(ledger.accepted, ledger.handled + ledger.undelivered.iter().sum::<u64>());
    for shard in 0..SHARDS {
        assert_eq!(sim.in_use(0, shard).tasks, 0, "something is alive: {}", sim.report());
    }
    // Those that fail do so in any case, and are named.
    let mut failed: Vec<_> = report.shards.iter().flat_map(|shard| &shard.hooks).collect();
    failed.retain(|failure| matches!(&*failure.name, "panics" | "hangs"));
    let mut failed: Vec<&str> = failed.into_iter().map(|failure| &*failure.name).collect();
    let mut expected: Vec<_> =
        hooks.iter().filter(|name| matches!(**name, "panics" | "hangs")).copied().collect();
    failed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(failed, expected, "{report}");
}

/// What holds of one that had all the time it took.
fn check_order(world: &World, ends: &Ends) {
    let happened = world.0.happened.lock().unwrap();
    let ends = ends.lock().unwrap();
    let position = |event: Event| happened.iter().rposition(|&other| other == event);
    // Trees that did not end by themselves before their turn.
    let mut trees: Vec<_> =
        ends.iter().filter(|(_, reason)| reason.is_normal()).map(|(tree, _)| *tree).collect();
    trees.sort_unstable();
    for &tree in &trees {
        let anchor = position(Event::Gone(Place::Anchor(tree)));
        assert!(anchor.is_some(), "an anchor is gone with its tree");
        assert!(position(Event::Gone(Place::Tree(tree))) < anchor, "the first child ends last");
        assert!(anchor < position(Event::Gone(Place::Free)).or(Some(usize::MAX)), "trees first");
    }
    for pair in trees.windows(2) {
        let anchor = |tree| position(Event::Gone(Place::Anchor(tree)));
        assert!(anchor(pair[1]) < anchor(pair[0]), "{pair:?} in reverse order: {happened:?}");
    }
    for pair in ShutdownPhase::ALL.windows(2) {
        let began = happened.iter().position(|&event| event == Event::HookBegan(pair[1]));
        let ended = position(Event::HookEnded(pair[0]));
        assert!(began.is_none() || ended < began, "{pair:?} in order: {happened:?}");
    }
    let last = happened.iter().position(|&e| e == Event::HookBegan(ShutdownPhase::AfterStop));
    let gone = happened.iter().rposition(|event| matches!(event, Event::Gone(_)));
    assert!(last.is_none() || gone < last, "the last hooks see no actor: {happened:?}");
}

#[test]
fn a_shutdown_at_any_moment_is_in_order_and_loses_nothing() {
    let name = "sim::shutdown::a_shutdown_at_any_moment_is_in_order_and_loses_nothing";
    let campaign = Campaign::new(name).seeds(2_000);
    campaign.runtime(|builder, _| builder.shards(SHARDS)).run(|sim| {
        let (world, ends) = (World::default(), Ends::default());
        let plan = plan(sim, &world);
        let hooks: Vec<_> = plan.hooks.iter().map(|(_, _, does)| does.name()).collect();
        let (theirs, noted) = (world.clone(), ends.clone());
        sim.run(async move |system| set_up(system, plan, theirs, noted).await);
        let limits = [0, 30, 3_000, 60_000_000].map(Duration::from_micros);
        let limit = limits[sim.draw(4) as usize];
        let steps = sim.draw(300);
        let begins = sim.draw(steps + 1);
        for step in 0..steps {
            if step == begins {
                sim.begin_shutdown(0, limit);
            }
            if sim.draw(4) == 0 {
                disturb(sim, &world);
            }
            sim.step();
        }
        let report = sim.shutdown(0, limit);
        check(sim, &report, &world, &hooks);
        let overran = report.shards.iter().flat_map(|shard| &shard.hooks);
        let overran = overran.filter(|failure| failure.why == HookFault::Overran).count();
        if report.killed() == 0 && overran == 0 {
            check_order(&world, &ends);
        }
        come_to_rest(sim, 1, SHARDS);
    });
}

#[test]
fn a_shutdown_that_nothing_delays_is_clean() {
    let name = "sim::shutdown::a_shutdown_that_nothing_delays_is_clean";
    let campaign = Campaign::new(name).seeds(300);
    campaign.runtime(|builder, _| builder.shards(SHARDS)).run(|sim| {
        let (world, ends) = (World::default(), Ends::default());
        let mut plan = plan(sim, &world);
        plan.hooks.retain(|(_, _, does)| matches!(does, Does::Sleep(_) | Does::Cast));
        let trees = plan.trees.len();
        let (theirs, noted) = (world.clone(), ends.clone());
        sim.run(async move |system| set_up(system, plan, theirs, noted).await);
        for _ in 0..sim.draw(50) {
            let to = World::pick(&world.0.all, sim.draw(1_000));
            if let Some(to) = to {
                sim.on(0, 0, || world.cast(to, Job::Pass(5)));
            }
            sim.step();
        }
        let report = sim.shutdown(0, Duration::from_secs(60));
        assert!(report.is_clean(), "{report}");
        check(sim, &report, &world, &[]);
        check_order(&world, &ends);
        assert_eq!(ends.lock().unwrap().len(), trees, "every tree has ended by itself");
        come_to_rest(sim, 1, SHARDS);
    });
}
