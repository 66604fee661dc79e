//! What a shard is made of, each concern in a part of its own.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use super::configs::Configs;
use super::current;
use super::graves::Graves;
use super::handler_limits::HandlerLimits;
use super::ledger::LedgerCell;
use super::operations::Operations;
use super::outbox::Outboxes;
use super::parking::Parking;
use super::slab::Slab;
use super::work::Work;
use crate::actor::note_places;
use crate::context::Records;
use crate::hash::mix;
use crate::letters::Letters;
use crate::pid::{Home, NodeId, ShardId, ShardSerial};
use crate::process;
use crate::registry::Table;
use crate::reply::ReplyTable;
use crate::report::Reporter;
use crate::runtime::{Driver, Outlet, Wall};
use crate::shutdown::ShutdownState;
use crate::supervision::Roots;
use crate::task::waker::StoredWaker;
use crate::time::Instant;
use crate::timer::{CoarseWheel, Wheel};
use crate::trace::Observer;
use crate::vitals::OwnVitals;

/// What a shard is built from.
pub struct ShardSetup {
    /// The node it belongs to.
    pub node: NodeId,
    /// Its number on the node.
    pub id: ShardId,
    /// How many shards the node has.
    pub shards: u16,
    /// Its process-unique number, see [`crate::process::NodeRegistration::unique`].
    pub unique: u16,
    /// Where its random draws come from.
    pub seed: u64,
    /// Its world.
    pub driver: Rc<dyn Driver>,
    /// The rings to its peers.
    pub outlet: Rc<dyn Outlet>,
    /// Who is told of everything that happens; nobody in production.
    pub observer: Option<Rc<dyn Observer>>,
    /// Names of the actor types that crash, and how: told of each crash.
    pub reporter: Arc<dyn Reporter>,
}

impl fmt::Debug for ShardSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShardSetup").field("node", &self.node).field("id", &self.id).finish()
    }
}

/// Who a shard is. Never changes.
#[derive(Clone, Copy, Debug)]
struct Identity {
    home: Home,
    serial: ShardSerial,
    node: NodeId,
    id: ShardId,
    shards: u16,
    unique: u16,
    seed: u64,
}

/// One shard; see the module.
pub struct Shard {
    identity: Identity,
    pub(crate) tasks: Slab,
    pub(crate) replies: ReplyTable,
    pub(crate) records: Records,
    pub(crate) timers: Wheel,
    pub(super) deadlines: CoarseWheel,
    pub(super) handler_limits: HandlerLimits,
    pub(crate) outboxes: Outboxes,
    pub(crate) parking: Parking,
    pub(super) graves: Graves,
    pub(super) configs: Configs,
    pub(crate) operations: Operations,
    pub(crate) registry: Table,
    pub(crate) roots: Roots,
    pub(crate) shutdown: ShutdownState,
    pub(super) ledger: LedgerCell,
    pub(crate) letters: Letters,
    pub(crate) vitals: OwnVitals,
    pub(super) driver: Rc<dyn Driver>,
    pub(super) observer: Option<Rc<dyn Observer>>,
    pub(super) reporter: Arc<dyn Reporter>,
    /// As read at the beginning of this turn.
    pub(super) clock: Cell<Instant>,
    pub(super) work: Work,
    /// The shard is shutting down: nothing new is spawned.
    pub(super) closing: Cell<bool>,
    /// Next shard for `Placement::RoundRobin` and `Any`.
    pub(super) next_placement: Cell<u16>,
    pub(super) buffers: RefCell<Vec<Vec<u8>>>,
}

impl Shard {
    /// A shard without actors.
    ///
    /// # Panics
    ///
    /// When the setup names no shard of a registered node, or one that was built before.
    #[must_use]
    pub fn new(setup: ShardSetup) -> Self {
        let vitals = process::build(setup.node, setup.id, setup.unique);
        let vitals =
            vitals.expect("a shard is built once, by the name that its node was registered with");
        let clock = setup.driver.now();
        note_places();
        Self {
            identity: Identity {
                home: Home::new(setup.node, setup.id),
                serial: ShardSerial::new(setup.node, setup.id),
                node: setup.node,
                id: setup.id,
                shards: setup.shards,
                unique: setup.unique,
                seed: setup.seed,
            },
            tasks: Slab::default(),
            replies: ReplyTable::default(),
            records: Records::default(),
            timers: Wheel::default(),
            deadlines: CoarseWheel::default(),
            handler_limits: HandlerLimits::default(),
            outboxes: Outboxes::new(setup.shards, setup.outlet),
            parking: Parking::default(),
            graves: Graves::default(),
            configs: Configs::default(),
            operations: Operations::default(),
            registry: Table::default(),
            roots: Roots::default(),
            shutdown: ShutdownState::default(),
            ledger: LedgerCell::default(),
            letters: Letters::default(),
            vitals,
            driver: setup.driver,
            observer: setup.observer,
            reporter: setup.reporter,
            clock: Cell::new(clock),
            work: Work::default(),
            closing: Cell::new(false),
            next_placement: Cell::new(setup.id.0),
            buffers: RefCell::new(Vec::new()),
        }
    }

    /// Calls `f` with this as the current shard of the thread. Refs, ports and wakers act on the
    /// current shard; a driver calls every input and the step from inside. Such calls nest.
    #[inline]
    pub fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        current::enter(self, f)
    }

    /// The node this shard belongs to.
    #[must_use]
    pub const fn node(&self) -> NodeId {
        self.identity.node
    }

    /// This shard's number on its node.
    #[must_use]
    pub const fn id(&self) -> ShardId {
        self.identity.id
    }

    /// How many shards the node has.
    #[must_use]
    pub const fn shards(&self) -> u16 {
        self.identity.shards
    }

    /// The home of the actors that live here.
    #[inline(always)]
    pub(crate) const fn home(&self) -> Home {
        self.identity.home
    }

    /// Whether actors with that home live here.
    #[inline]
    pub(crate) fn is(&self, home: Home) -> bool {
        self.identity.home == home
    }

    /// This shard's number among all of the process.
    #[inline]
    pub(crate) const fn serial(&self) -> ShardSerial {
        self.identity.serial
    }

    /// The shard of this node that has that serial number.
    #[inline]
    pub(crate) fn sibling(&self, serial: ShardSerial) -> Option<ShardId> {
        let id = serial.within(self.identity.node);
        (id < u32::from(self.identity.shards)).then_some(ShardId(id as u16))
    }

    #[inline]
    pub(crate) const fn unique(&self) -> u16 {
        self.identity.unique
    }

    /// Monotonic time as of this turn.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.clock.get()
    }

    pub(crate) fn wall(&self) -> Wall {
        self.driver.wall()
    }

    pub(crate) const fn hash_key(&self) -> u64 {
        mix(self.identity.seed ^ 0x6861_7368)
    }

    /// Draw number `draw` of the actor in that slot: a function of seed, node-wide shard number,
    /// slot and generation, so that no actor's draws shift another's.
    pub(crate) fn random(&self, (slot, generation): (u32, u32), draw: u64) -> u64 {
        let actor = u64::from(slot) << 32 | u64::from(generation);
        let shard = mix(self.identity.seed ^ u64::from(self.identity.id.0).rotate_left(48));
        mix(mix(shard ^ actor).wrapping_add(draw.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// Puts a task on the run queue unless it is there.
    #[inline(always)]
    pub(crate) fn schedule(&self, slot: u32) {
        self.tasks.schedule(slot);
    }

    /// The same for a waker.
    #[inline]
    pub(crate) fn wake_task(&self, slot: u32, generation_low: u32) {
        self.tasks.schedule_woken(slot, generation_low);
    }

    /// Wakes whoever was stored; a task of this shard by the short way.
    #[inline(never)]
    pub(crate) fn wake_stored(&self, waker: StoredWaker) {
        match waker.task_of(self.unique()) {
            Some((slot, generation_low)) => self.wake_task(slot, generation_low),
            None => waker.wake(),
        }
    }

    pub(crate) fn reporter(&self) -> &dyn Reporter {
        &*self.reporter
    }

    pub(crate) const fn is_closing(&self) -> bool {
        self.closing.get()
    }
}

impl fmt::Debug for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shard")
            .field("identity", &self.identity)
            .field("now", &self.clock.get())
            .field("tasks", &self.tasks.len())
            .finish_non_exhaustive()
    }
}
