//! How a simulated runtime is made.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use greenroom_core::{Reporter, Silent};

use super::TestRuntime;
use crate::draws::Site;
use crate::faults::Faults;
use crate::monitor::{Make, Monitor};
use crate::plant::Plant;
use crate::policy::{Policy, TaskOrder};
use crate::replay::{DecisionLog, Odometer, Script, Source};
use crate::swarm::Swarm;
use crate::trace::Reach;
use crate::world::WorldSetup;

/// Settings of a [`TestRuntime`]. What is not set is drawn from the seed.
#[derive(Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct Builder {
    pub(super) setup: WorldSetup,
    pub(super) changes: Changes,
    pub(super) limits: Limits,
    pub(super) reporter: Arc<dyn Reporter>,
    /// Whether a failing run says so on standard error; a campaign says it itself.
    pub(super) announces: bool,
    pub(super) monitors: Vec<Make>,
    /// How long a monitor may be hot.
    pub(super) hot_max: Duration,
    pub(super) checks_end: bool,
}

/// What a test fixes instead of leaving it to the seed.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Changes {
    policy: Option<Policy>,
    tasks: Option<TaskOrder>,
    ring_depth: Option<u32>,
    ring_lag_max: Option<u32>,
    turn_tasks: Option<u32>,
    turn_cost: Option<(u64, u64)>,
}

/// When a run is given up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) turns: u64,
    pub(super) time: Duration,
    /// After how many rounds the chaos ends.
    pub(super) chaos_turns: u64,
}

impl Default for Limits {
    fn default() -> Self {
        // Half a minute of real time, and longer than any test has reason to look ahead.
        Self {
            turns: 50_000_000,
            time: Duration::from_secs(366 * 24 * 3600),
            chaos_turns: u64::MAX,
        }
    }
}

impl Default for Builder {
    fn default() -> Self {
        let setup = WorldSetup {
            seed: 0,
            shards: vec![2],
            hosts: BTreeMap::new(),
            plant: None,
            faults: Faults::none(),
            masks: false,
            source: None,
            reach: Reach::default(),
            randomness: false,
        };
        Self {
            setup,
            changes: Changes::default(),
            limits: Limits::default(),
            reporter: Arc::new(Silent),
            announces: true,
            monitors: Vec::new(),
            hot_max: Duration::from_secs(60),
            checks_end: true,
        }
    }
}

impl Builder {
    /// The seed from which everything is drawn. Default 0.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.setup.seed = seed;
        self
    }

    /// How many nodes there are. Default 1.
    ///
    /// # Panics
    ///
    /// At 0 nodes.
    pub fn nodes(mut self, nodes: u16) -> Self {
        assert!(nodes > 0, "a run has a node");
        let shards = self.setup.shards[0];
        self.setup.shards = vec![shards; usize::from(nodes)];
        self
    }

    /// How many shards each node has. Default 2.
    ///
    /// # Panics
    ///
    /// At 0 shards.
    pub fn shards(mut self, shards: u16) -> Self {
        assert!(shards > 0, "a node has a shard");
        self.setup.shards.fill(shards);
        self
    }

    /// Adds a name that [`greenroom_core::io::resolve`] knows, besides `localhost` and the nodes'
    /// own names, `n0`, `n1` and so on.
    pub fn host(mut self, name: impl Into<String>, address: IpAddr) -> Self {
        self.setup.hosts.insert(name.into(), address);
        self
    }

    /// Fixes how the next shard is chosen.
    pub const fn policy(mut self, policy: Policy) -> Self {
        self.changes.policy = Some(policy);
        self
    }

    /// Fixes how a shard chooses its next task.
    pub const fn task_order(mut self, order: TaskOrder) -> Self {
        self.changes.tasks = Some(order);
        self
    }

    /// Fixes the depth of all rings, in packets; more than 65,535 are 65,535.
    ///
    /// # Panics
    ///
    /// At a depth of 0.
    pub const fn ring_depth(mut self, depth: u32) -> Self {
        assert!(depth > 0, "a ring has a slot");
        self.changes.ring_depth = Some(depth);
        self
    }

    /// Fixes how many polls of a ring in a row may miss the same packet. Default 1; 0 makes every
    /// poll see everything.
    pub const fn ring_lag_max(mut self, polls: u32) -> Self {
        self.changes.ring_lag_max = Some(polls);
        self
    }

    /// Fixes the most tasks that a turn polls; how many is drawn for each turn.
    ///
    /// # Panics
    ///
    /// At 0 tasks.
    pub const fn turn_tasks(mut self, tasks: u32) -> Self {
        assert!(tasks > 0, "a turn polls a task");
        self.changes.turn_tasks = Some(tasks);
        self
    }

    /// Fixes what a turn costs in virtual time: a draw between the two. Default 50 to 500 ns. At
    /// zero cost time stands still while anybody can run, so a program that never rests never
    /// reaches its timers.
    ///
    /// # Panics
    ///
    /// When `least` is more than `most`.
    pub const fn turn_cost(mut self, least: Duration, most: Duration) -> Self {
        let (least, most) = (least.as_nanos() as u64, most.as_nanos() as u64);
        assert!(least <= most, "a turn's cost is a range");
        self.changes.turn_cost = Some((least, most));
        self
    }

    /// Who is told of crashes. Default nobody.
    pub fn reporter(mut self, reporter: impl Reporter + 'static) -> Self {
        self.reporter = Arc::new(reporter);
        self
    }

    /// After how many rounds of shards a run is given up. Default 50 million, and three million in a
    /// [`crate::Campaign`].
    pub const fn turns_max(mut self, turns: u64) -> Self {
        self.limits.turns = turns;
        self
    }

    /// After how much virtual time a run is given up. Default a year.
    pub const fn time_max(mut self, time: Duration) -> Self {
        self.limits.time = time;
        self
    }

    /// After how many rounds of shards the chaos ends by itself, as [`TestRuntime::end_chaos`] ends
    /// it: what does not get on then never does. Default never. Less than
    /// [`Builder::turns_max`], or it does not matter.
    pub const fn fair_after(mut self, turns: u64) -> Self {
        self.limits.chaos_turns = turns;
        self
    }

    /// Keeps every choice in a log; see [`TestRuntime::decisions`]. Default off: a long run's log
    /// is long.
    pub fn log_decisions(mut self, log: bool) -> Self {
        match self.setup.source {
            None if log => self.setup.source = Some(Source::Seed),
            Some(Source::Seed) if !log => self.setup.source = None,
            // What is replayed is recorded in any case.
            _ => {}
        }
        self
    }

    /// Keeps the last four million events instead of the last 4,096; see
    /// [`TestRuntime::save_trace`]. Default off: they take up to 128 MiB.
    pub const fn keep_trace(mut self, keep: bool) -> Self {
        self.setup.reach = Reach { whole: keep, shown: keep, closely: None };
        self
    }

    /// Whether what code in a turn draws from the operating system's randomness comes from the seed
    /// instead. Default false: a turn that draws any fails, because actors have
    /// [`Context::random`](greenroom_core::Context::random). True for libraries that cannot be told
    /// where to take theirs from, as those of TLS. Does nothing but on Linux.
    pub const fn seeded_randomness(mut self, seeded: bool) -> Self {
        self.setup.randomness = seeded;
        self
    }

    /// What goes wrong, and how often. Default nothing.
    pub const fn faults(mut self, faults: Faults) -> Self {
        self.setup.faults = faults;
        self
    }

    /// Whether this run knows only some of the faults that are enabled, drawn from its seed; those
    /// with a probability of 1 it always knows. Default false, and true in a [`crate::Campaign`] of
    /// 20 seeds and more.
    pub const fn fault_masks(mut self, masks: bool) -> Self {
        self.setup.masks = masks;
        self
    }

    /// Makes the choices of a recorded run again, under its seed. Where the program has changed
    /// since, see [`TestRuntime::drift`].
    ///
    /// # Panics
    ///
    /// Building panics when the log is of another number of nodes or shards.
    pub fn replay(self, log: DecisionLog) -> Self {
        self.script(Script { log: Arc::new(log), schedule: None })
    }

    /// Has a monitor watch each run, made anew for it.
    pub fn monitor<M: Monitor>(mut self, make: impl Fn() -> M + Send + Sync + 'static) -> Self {
        self.monitors.push(Arc::new(move || Box::new(make())));
        self
    }

    /// For how long in virtual time a monitor may be hot in the fair part of a run. Default a
    /// minute.
    pub const fn hot_max(mut self, time: Duration) -> Self {
        self.hot_max = time;
        self
    }

    /// Whether a campaign looks, after a run that went well, that nothing is left behind; see
    /// [`TestRuntime::check_end`]. Default yes.
    pub const fn checks_end(mut self, checks: bool) -> Self {
        self.checks_end = checks;
        self
    }

    /// Plants a bug that the test expects to find.
    pub const fn plant(mut self, plant: Plant) -> Self {
        self.setup.plant = Some(plant);
        self
    }

    /// Makes the runtime.
    ///
    /// # Panics
    ///
    /// When the process runs more than 65,535 shards at once; and when a log is to be replayed that
    /// is of another number of nodes or shards.
    #[must_use]
    pub fn build(self) -> TestRuntime {
        if let Some(Source::Script(script)) = &self.setup.source {
            let (recorded, now) = (&script.log.shards, &self.setup.shards);
            assert!(recorded == now, "the log is of nodes with {recorded:?} shards, not {now:?}");
        }
        TestRuntime::new(self)
    }

    /// Gives the run up after so many rounds, unless it is given up before.
    pub(crate) fn turns_at_most(mut self, turns: u64) -> Self {
        self.limits.turns = self.limits.turns.min(turns);
        self
    }

    /// All that makes a run another one, as text; of whom a seed is not, nor what is kept of it.
    pub(crate) fn what_counts(&self) -> String {
        let setup =
            WorldSetup { seed: 0, source: None, reach: Reach::default(), ..self.setup.clone() };
        format!("{setup:?} {:?} {:?}", self.changes, self.limits)
    }

    pub(crate) fn script(mut self, script: Script) -> Self {
        self.setup.seed = script.log.seed;
        // A run that knew only some faults is replayed as one, and no other is: the log alone says.
        self.setup.masks = script.log.decisions.iter().any(|d| d.site == Site::Mask);
        self.setup.source = Some(Source::Script(script));
        self
    }

    /// Makes the choices of a log, and beyond its end others that follow from a seed.
    pub(crate) fn branch(mut self, log: DecisionLog, seed: u64) -> Self {
        self.setup.seed = log.seed;
        let script = Script { log: Arc::new(log), schedule: None };
        self.setup.source = Some(Source::Branch(script, seed));
        self
    }

    pub(crate) fn monitors(mut self, monitors: &[Make]) -> Self {
        self.monitors.extend_from_slice(monitors);
        self
    }

    pub(crate) fn odometer(mut self, odometer: Odometer) -> Self {
        self.setup.source = Some(Source::Odometer(odometer));
        self
    }

    pub(crate) const fn closely_from(mut self, event: u64) -> Self {
        self.setup.reach.closely = Some(event);
        self
    }

    /// Keeps the whole trace, and shows the test no more of it than it asked for.
    pub(crate) const fn whole_besides(mut self) -> Self {
        self.setup.reach.whole = true;
        self
    }

    /// How many shards each node has.
    pub(crate) fn shard_counts(&self) -> &[u16] {
        &self.setup.shards
    }

    pub(crate) const fn quiet(mut self) -> Self {
        self.announces = false;
        self
    }
}

impl Changes {
    pub(super) fn apply(self, swarm: &mut Swarm) {
        let change = |place: &mut u32, value: Option<u32>| *place = value.unwrap_or(*place);
        change(&mut swarm.ring_system, self.ring_depth);
        change(&mut swarm.ring_user, self.ring_depth);
        change(&mut swarm.lag_max, self.ring_lag_max);
        change(&mut swarm.tasks_max, self.turn_tasks);
        swarm.policy = self.policy.unwrap_or(swarm.policy);
        swarm.tasks = self.tasks.unwrap_or(swarm.tasks);
        swarm.turn_cost = self.turn_cost.unwrap_or(swarm.turn_cost);
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("setup", &self.setup)
            .field("changes", &self.changes)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
