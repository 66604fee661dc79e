//! The runtime as a test holds it.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use greenroom_core::assertions;
use greenroom_core::{ExitReason, Instant, Pid, Reporter, System};

use super::boot::Boot;
use super::builder::Limits;
use super::cell::{NodeCell, ShardCell};
use super::{Builder, Root};
use crate::events::What;
use crate::guard;
use crate::monitor::Monitors;
use crate::policy::Strategy;
use crate::world::World;

/// N shards of M nodes on this thread, a function of one seed.
///
/// Virtual time moves only here: a little with every round of a shard, and in jumps when no shard
/// can run. Dropping the runtime ends every actor where it stands.
///
/// A [`greenroom_core::SystemHandle`] works between steps, and its futures make progress as the
/// runtime is stepped; waiting for one by stopping this thread waits for ever. Another thread may
/// use one too, but then the run depends on that thread's timing.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// let mut sim = greenroom_testkit::TestRuntime::new_with_seed(7);
/// let before = sim.now();
/// sim.run(async |_| greenroom_core::sleep(Duration::from_secs(3600)).await);
/// assert!(sim.now() - before >= Duration::from_secs(3600));
/// ```
pub struct TestRuntime {
    pub(super) world: Rc<World>,
    pub(super) cells: Vec<ShardCell>,
    pub(super) nodes: Vec<NodeCell>,
    /// The shards that can run.
    pub(super) ready: Vec<u32>,
    pub(super) strategy: Box<dyn Strategy>,
    pub(super) last_run: u32,
    /// Rounds of `last_run` since another shard ran.
    pub(super) rounds_in_row: u32,
    pub(super) turns: u64,
    pub(super) limits: Limits,
    /// When the run has outlasted its limit, in nanoseconds of virtual time.
    pub(super) time_end: u64,
    pub(super) announces: bool,
    /// For the shards of nodes that come back.
    pub(super) reporter: Arc<dyn Reporter>,
    /// What nodes run when they come back.
    pub(super) boots: BTreeMap<u16, Boot>,
    /// How long a monitor may be hot.
    pub(super) hot_max: Duration,
    pub(super) checks_end: bool,
}

/// Where a run panics because its test's task did; see [`TestRuntime::finish`].
pub(crate) const RETHROWN_IN: &str = file!();

impl TestRuntime {
    /// Settings for a runtime.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// One node of two shards.
    #[must_use]
    pub fn new_with_seed(seed: u64) -> Self {
        Builder::default().seed(seed).build()
    }

    pub(super) fn new(builder: Builder) -> Self {
        guard::warm_up();
        assertions::begin();
        let mut world = World::new(builder.setup, |swarm| builder.changes.apply(swarm));
        world.monitors = Monitors::new(&builder.monitors);
        let world = Rc::new(world);
        let nodes: Vec<NodeCell> =
            world.nodes.iter().map(|node| NodeCell::new(&world, node)).collect();
        let cells = (0u32..).zip(&world.shards).map(|(number, shard)| {
            let node = &nodes[usize::from(shard.place.node)];
            ShardCell::new(&world, node, number, builder.reporter.clone())
        });
        let cells = cells.collect();
        let limit = u64::try_from(builder.limits.time.as_nanos()).unwrap_or(u64::MAX);
        Self {
            cells,
            nodes,
            ready: Vec::new(),
            strategy: world.swarm.policy.strategy(&world),
            last_run: u32::MAX,
            rounds_in_row: 0,
            turns: 0,
            limits: builder.limits,
            time_end: world.now().saturating_add(limit),
            announces: builder.announces,
            reporter: builder.reporter,
            boots: BTreeMap::new(),
            hot_max: builder.hot_max,
            checks_end: builder.checks_end,
            world,
        }
    }

    /// Runs `body` as a task of node 0, shard 0, until it has finished. Whatever else it started
    /// stays as it is then.
    ///
    /// # Panics
    ///
    /// When `body` panics; when nothing can move and it has not finished, with a report of who
    /// waits for what; and as [`TestRuntime::step`].
    pub fn run<T, F>(&mut self, body: F) -> T
    where
        T: 'static,
        F: AsyncFnOnce(System) -> T + 'static,
    {
        let root = self.start_on(0, body);
        self.finish(root)
    }

    /// Starts `body` as a task of that node's shard 0. It makes no progress before the runtime is
    /// stepped in some way; several may be under way.
    ///
    /// # Panics
    ///
    /// When there is no such node, or it is down.
    pub fn start_on<T, F>(&mut self, node: u16, body: F) -> Root<T>
    where
        T: 'static,
        F: AsyncFnOnce(System) -> T + 'static,
    {
        let number = self.number(node, 0);
        let system = self.system(node);
        let task =
            self.on(node, 0, || greenroom_core::spawn_local(async move { body(system).await }));
        Root::new(task, number)
    }

    /// Steps until that task has finished, and gives its result.
    ///
    /// # Panics
    ///
    /// As [`TestRuntime::run`].
    pub fn finish<T: 'static>(&mut self, root: Root<T>) -> T {
        while !root.is_finished() {
            assert!(self.move_on(true), "deadlock: nothing can move\n{}", self.report());
        }
        self.check_ledgers();
        self.pass_judgement();
        let taken = self.cells[root.shard() as usize].shard.enter(|| root.take());
        taken.unwrap_or_else(|error| panic!("{error}\n{}", self.headline()))
    }

    /// Lets `duration` of virtual time pass, with all that happens in it.
    ///
    /// # Panics
    ///
    /// As [`TestRuntime::step`].
    pub fn advance(&mut self, duration: Duration) {
        let end = (self.now() + duration).as_nanos();
        while self.world.now() <= end {
            self.world.take_up_injected();
            if self.ready.is_empty() {
                if !self.jump(end) {
                    break;
                }
            } else {
                self.step();
            }
        }
        self.world.move_to(end);
        self.pass_judgement();
    }

    /// Runs until idle, then moves time to the next timer and runs until idle again. Returns the
    /// time of that timer; `None` when no timer is set.
    ///
    /// # Panics
    ///
    /// As [`TestRuntime::step`].
    pub fn advance_to_next(&mut self) -> Option<Instant> {
        self.run_until_idle();
        if !self.jump(u64::MAX) {
            return None;
        }
        let at = self.now();
        self.run_until_idle();
        Some(at)
    }

    /// Runs until no shard can run and nothing is under way: no packet, doorbell, completion or
    /// segment. Timers that are due on the way fire; time does not move for those that are not.
    ///
    /// # Panics
    ///
    /// As [`TestRuntime::step`].
    pub fn run_until_idle(&mut self) {
        while self.move_on(false) {}
        self.check_ledgers();
        self.pass_judgement();
    }

    /// Ends an actor of any node as if it had failed: at its next await, with
    /// [`ExitReason::Injected`]. An actor that is gone is left alone.
    pub fn inject_failure(&mut self, pid: Pid, reason: impl Into<Arc<str>>) {
        let node = self.nodes.iter().position(|node| node.registration.node() == pid.node());
        let Some(node) = node else { return };
        let reason = ExitReason::Injected(reason.into());
        let system = self.system(node as u16);
        self.on(node as u16, pid.shard().0, || system.kill_for(pid, reason));
    }

    /// Calls `f` inside a shard, between two of its turns.
    ///
    /// # Panics
    ///
    /// When there is no such shard, or its node is down; when `f` breaks what always holds, or what a
    /// monitor watches over.
    pub fn on<R>(&mut self, node: u16, shard: u16, f: impl FnOnce() -> R) -> R {
        let number = self.number(node, shard);
        assert!(!self.is_down(node), "node {node} is down");
        self.world.trace.because_of_nothing();
        let result = self.cells[number as usize].shard.enter(f);
        self.rouse(number);
        self.pass_judgement();
        result
    }

    /// The number of a shard among all shards.
    pub(super) fn number(&self, node: u16, shard: u16) -> u32 {
        let state = self.world.nodes.get(usize::from(node));
        let state = state.unwrap_or_else(|| panic!("there is no node {node}"));
        assert!(shard < state.shards, "node {node} has no shard {shard}");
        state.first_shard + u32::from(shard)
    }

    /// Asks for a spurious wake-up of a shard, now.
    ///
    /// # Panics
    ///
    /// When there is no such shard.
    pub fn wake_spuriously(&mut self, node: u16, shard: u16) {
        self.world.enter_after(0, What::Spurious(self.number(node, shard)));
    }
}

impl fmt::Debug for TestRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestRuntime").field("world", &self.world).finish_non_exhaustive()
    }
}
