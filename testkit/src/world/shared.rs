//! The world itself.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use greenroom_core::runtime::{Injected, IoResult, Job, OpId};

use super::{Inbox, ShardState};
use crate::clocks::NodeClock;
use crate::disk::Disks;
use crate::draws::{Draws, Site};
use crate::events::{Events, What};
use crate::faults::{FaultState, Faults};
use crate::guard::Randomness;
use crate::hosts::Hosts;
use crate::maybe::MaybeSites;
use crate::monitor::{Monitors, Verdicts};
use crate::net::Network;
use crate::plant::Plant;
use crate::replay::{Source, Tape};
use crate::slots::Slots;
use crate::swarm::Swarm;
use crate::threads::{Threads, drop_each};
use crate::trace::{Kind, Place, Reach, Trace};

/// What a world is made from.
#[derive(Clone, Debug)]
pub(crate) struct WorldSetup {
    pub(crate) seed: u64,
    pub(crate) shards: Vec<u16>,
    pub(crate) hosts: BTreeMap<String, IpAddr>,
    pub(crate) plant: Option<Plant>,
    pub(crate) faults: Faults,
    /// Whether the run knows only some of the faults.
    pub(crate) masks: bool,
    /// Where choices come from, if they are recorded.
    pub(crate) source: Option<Source>,
    /// How much of the trace is kept.
    pub(crate) reach: Reach,
    /// Whether what turns draw from the operating system comes from the seed.
    pub(crate) randomness: bool,
}

/// One node.
#[derive(Clone, Debug)]
pub(crate) struct NodeState {
    pub(crate) name: Rc<str>,
    /// Among all shards of the run.
    pub(crate) first_shard: u32,
    pub(crate) shards: u16,
    pub(crate) address: IpAddr,
    /// It has crashed and was not restarted.
    pub(crate) down: Cell<bool>,
    /// It went down because of a crash that was drawn, and comes back by itself.
    pub(crate) returns: Cell<bool>,
    /// It starts by itself after a crash that was drawn.
    pub(crate) boots: Cell<bool>,
    /// How often it has crashed.
    pub(crate) incarnation: Cell<u32>,
    pub(crate) clock: NodeClock,
}

/// See the module.
pub(crate) struct World {
    pub(crate) seed: u64,
    /// Tells the simulations of this process apart, where nothing of a run may depend on it.
    pub(crate) number: u64,
    clock: Cell<u64>,
    /// Wall-clock time at the clock's origin.
    wall: Duration,
    pub(crate) draws: Draws,
    pub(crate) randomness: Randomness,
    pub(crate) swarm: Swarm,
    pub(crate) trace: Trace,
    pub(crate) events: RefCell<Events>,
    pub(crate) nodes: Vec<NodeState>,
    pub(crate) shards: Vec<ShardState>,
    pub(crate) inbox: Arc<Inbox>,
    plant: Option<Plant>,
    pub(crate) fault_state: FaultState,
    /// Since when, in virtual time, each shard that can run has its turn, and each task of it.
    pub(crate) fair_since: Cell<Option<u64>>,
    pub(crate) maybe_sites: MaybeSites,
    /// The test's.
    pub(crate) monitors: Monitors,
    pub(crate) verdicts: Verdicts,
    completions: RefCell<Slots<(u32, OpId, IoResult)>>,
    pub(crate) jobs: RefCell<Slots<(u32, OpId, Job)>>,
    pub(crate) threads: RefCell<Threads>,
    pub(crate) network: RefCell<Network>,
    pub(crate) disks: RefCell<Disks>,
    pub(crate) hosts: RefCell<Hosts>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("seed", &self.seed).field("clock", &self.clock).finish()
    }
}

/// How many simulations there were in this process, and one.
static WORLDS: AtomicU64 = AtomicU64::new(1);

/// Real systems boot at any time: programs that take small instants for granted are found out.
const START_LATEST: u64 = 3_600_000_000_000;

impl World {
    pub(crate) fn new(setup: WorldSetup, change: impl FnOnce(&mut Swarm)) -> Self {
        let seed = match &setup.source {
            Some(Source::Branch(_, seed)) => *seed,
            _ => setup.seed,
        };
        let draws = Draws::new(seed, setup.source.map(Tape::new));
        let mut swarm = Swarm::draw(&draws);
        change(&mut swarm);
        let clock = draws.parameter("start", START_LATEST, 0);
        let randomness = setup.randomness.then(|| draws.parameter("randomness", u64::MAX, 0));
        let wall = Duration::from_secs(1_500_000_000 + draws.parameter("wall", 500_000_000, 0));
        let (mut nodes, mut shards, mut hosts) = (Vec::new(), Vec::new(), setup.hosts);
        for (number, count) in (0u16..).zip(setup.shards) {
            let name = format!("n{number}");
            let address = address_of(number);
            nodes.push(NodeState {
                name: name.as_str().into(),
                first_shard: shards.len() as u32,
                shards: count,
                address,
                down: Cell::new(false),
                returns: Cell::new(false),
                boots: Cell::new(false),
                incarnation: Cell::new(0),
                clock: NodeClock::default(),
            });
            hosts.entry(name).or_insert(address);
            shards.extend((0..count).map(|shard| ShardState::new(Place { node: number, shard })));
        }
        let trace = Trace::new(setup.seed, setup.reach);
        let world = Self {
            number: WORLDS.fetch_add(1, Ordering::Relaxed),
            randomness: Randomness::new(randomness),
            seed: setup.seed,
            clock: Cell::new(clock),
            wall,
            network: RefCell::new(Network::new(nodes.len())),
            disks: RefCell::new(Disks::new(nodes.len())),
            draws,
            swarm,
            events: RefCell::new(Events::new()),
            trace,
            nodes,
            shards,
            inbox: Inbox::new(),
            plant: setup.plant,
            fault_state: FaultState::new(setup.masks),
            fair_since: Cell::new(None),
            maybe_sites: MaybeSites::default(),
            monitors: Monitors::default(),
            verdicts: Verdicts::default(),
            completions: RefCell::default(),
            jobs: RefCell::default(),
            threads: RefCell::default(),
            hosts: RefCell::new(Hosts::new(hosts)),
        };
        world.set_faults(setup.faults);
        world
    }

    /// Whether the chaos has ended.
    #[inline]
    pub(crate) const fn is_fair(&self) -> bool {
        self.fair_since.get().is_some()
    }

    /// Virtual time in nanoseconds.
    #[inline]
    pub(crate) const fn now(&self) -> u64 {
        self.clock.get()
    }

    /// Moves time on; never back.
    pub(crate) fn move_to(&self, time: u64) {
        self.clock.set(self.clock.get().max(time));
    }

    /// What the right wall-clock time was at the clock's origin, in nanoseconds since 1970.
    pub(crate) const fn wall_origin(&self) -> u64 {
        self.wall.as_nanos() as u64
    }

    pub(crate) fn planted(&self, plant: Plant) -> bool {
        self.plant == Some(plant)
    }

    /// Notes an event on a shard.
    #[inline]
    pub(crate) fn note(&self, shard: u32, kind: Kind, actor: u32, detail: u64) -> u64 {
        self.trace.note(self.now(), self.shards[shard as usize].place, kind, actor, detail)
    }

    /// Notes an event on a shard that was caused by the event of that mark.
    #[inline]
    pub(crate) fn note_caused(
        &self,
        shard: u32,
        kind: Kind,
        actor: u32,
        detail: u64,
        cause: u64,
    ) -> u64 {
        let place = self.shards[shard as usize].place;
        self.trace.note_caused(self.now(), place, kind, actor, detail, cause)
    }

    /// Notes an event on a node.
    pub(crate) fn note_node(&self, node: u16, kind: Kind, actor: u32, detail: u64) -> u64 {
        self.trace.note(self.now(), Place::of_node(node), kind, actor, detail)
    }

    /// Enters an event `delay` nanoseconds from now.
    #[inline]
    pub(crate) fn enter_after(&self, delay: u64, what: What) {
        self.enter_at(self.now() + delay, what);
    }

    /// Enters an event of that time.
    #[inline]
    pub(crate) fn enter_at(&self, at: u64, what: What) {
        self.events.borrow_mut().enter(at, what, self.trace.leads());
    }

    /// Lets a spinning shard notice, soon, what it spins for.
    pub(crate) fn notice(&self, shard: u32) {
        let delay = self.draws.below(Site::Spin, shard, 200);
        self.enter_after(delay, What::Notice(shard));
    }

    /// Lets an operation complete `delay` nanoseconds from now.
    pub(crate) fn complete_after(&self, delay: u64, shard: u32, op: OpId, result: IoResult) {
        let slot = self.completions.borrow_mut().insert((shard, op, result));
        self.enter_after(delay, What::Complete(slot));
    }

    /// Tells a shard of a completion whose time has come. Returns the shard.
    #[inline]
    pub(crate) fn completed(&self, slot: u32) -> Option<u32> {
        let (shard, detail) = {
            let completions = self.completions.borrow();
            let (shard, op, result) = completions.get(slot)?;
            (*shard, op.as_word().rotate_left(1) ^ u64::from(result.is_ok()))
        };
        let seen = self.note(shard, Kind::Completion, 0, detail);
        self.trace.because_of(seen);
        self.shards[shard as usize].completions.borrow_mut().push_back((slot, seen + 1));
        Some(shard)
    }

    /// Takes out a completion that has reached its shard.
    #[inline]
    pub(crate) fn take_completion(&self, slot: u32) -> Option<(OpId, IoResult)> {
        let (_, op, result) = self.completions.borrow_mut().remove(slot)?;
        Some((op, result))
    }

    /// Drops the completions of those shards that were not taken in. Returns their events' numbers.
    pub(crate) fn void_completions(&self, of: impl Fn(u32) -> bool) -> Vec<u32> {
        let void = self.completions.borrow_mut().drain_where(|(shard, ..)| of(*shard));
        let (slots, void): (Vec<_>, Vec<_>) = void.into_iter().unzip();
        drop_each(void);
        slots
    }

    /// Takes out the blocking jobs of those shards, with their events' numbers.
    pub(crate) fn void_jobs(&self, of: impl Fn(u32) -> bool) -> (Vec<Job>, Vec<u32>) {
        let void = self.jobs.borrow_mut().drain_where(|(shard, ..)| of(*shard));
        void.into_iter().map(|(slot, (_, _, job))| (job, slot)).unzip()
    }

    /// Whether a shard's node is down.
    pub(crate) fn is_dead(&self, shard: u32) -> bool {
        self.nodes[usize::from(self.node_of(shard))].down.get()
    }

    /// Takes up what was injected: from here on it is on its way to its shard.
    #[inline]
    pub(crate) fn take_up_injected(&self) {
        if self.inbox.has_some() {
            self.take_up();
        }
    }

    #[cold]
    fn take_up(&self) {
        while let Some((shard, injected)) = self.inbox.pop() {
            if self.is_dead(shard) {
                drop_each([injected]);
                continue;
            }
            let state = &self.shards[shard as usize];
            state.arriving.borrow_mut().push_back(injected);
            let delay = self.draws.below(Site::Inject, shard, self.swarm.bell_delay + 1);
            // In order: the real door is a queue.
            let at = (self.now() + delay).max(state.arrives_last.get());
            state.arrives_last.set(at);
            self.enter_at(at, What::Inject(shard));
        }
    }

    /// Hands what arrives from outside to its shard.
    pub(crate) fn arrived(&self, shard: u32) {
        let state = &self.shards[shard as usize];
        let Some(injected) = state.arriving.borrow_mut().pop_front() else { return };
        let detail = match &injected {
            Injected::Wake { slot, generation_low } => {
                u64::from(*slot) << 32 | u64::from(*generation_low)
            }
            Injected::Run(_) => u64::MAX,
        };
        let seen = self.note(shard, Kind::Injected, 0, detail);
        self.trace.because_of(seen);
        state.injected.borrow_mut().push_back((injected, seen + 1));
    }

    /// Drops what users gave and nobody will ask for.
    pub(crate) fn drop_all(&self) {
        let completions = self.completions.borrow_mut().take_all();
        let jobs = self.jobs.borrow_mut().take_all();
        let (threads, _) = self.void_threads(|_| true);
        drop_each(completions);
        drop_each(jobs);
        drop_each(threads);
    }

    /// How busy a shard is, in packets and tasks that wait.
    pub(crate) fn load(&self, shard: u32) -> u32 {
        let state = &self.shards[shard as usize];
        state.inbound.get() + state.ready_tasks.get()
    }

    /// The node a shard belongs to.
    pub(crate) fn node_of(&self, shard: u32) -> u16 {
        self.shards[shard as usize].place.node
    }
}

/// The address of a node: 10.0.0.1 for the first.
pub(crate) fn address_of(node: u16) -> IpAddr {
    let bits = u32::from(Ipv4Addr::new(10, 0, 0, 1)) + u32::from(node);
    IpAddr::V4(Ipv4Addr::from(bits))
}
