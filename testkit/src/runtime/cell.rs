//! A shard with what the simulator keeps around it.

use std::rc::Rc;
use std::sync::Arc;

use greenroom_core::hash::mix;
use greenroom_core::limits::STALL_LIMIT;
use greenroom_core::process::{self, NodeRegistration};
use greenroom_core::runtime::Injector;
use greenroom_core::{Pump, Reporter, Shard, ShardId, ShardSetup, Watchdog};

use crate::mesh::{Rings, SimInlet, SimOutlet};
use crate::trace::ShardObserver;
use crate::world::{NodeState, SimDriver, SimInjector, World};

/// One simulated shard.
#[derive(Debug)]
pub(super) struct ShardCell {
    pub(super) shard: Shard,
    pub(super) pump: Pump<SimInlet>,
    pub(super) observer: Rc<ShardObserver>,
}

/// One simulated node.
#[derive(Debug)]
pub(super) struct NodeCell {
    pub(super) registration: NodeRegistration,
    pub(super) rings: Rc<Rings>,
    pub(super) watchdog: Watchdog,
}

impl NodeCell {
    /// A fresh incarnation of a node.
    ///
    /// # Panics
    ///
    /// When the process runs more than 65,535 shards at once.
    pub(super) fn new(world: &World, node: &NodeState) -> Self {
        let numbers = node.first_shard..node.first_shard + u32::from(node.shards);
        let door = |shard| Arc::new(SimInjector::new(world.inbox.clone(), shard)) as _;
        let doors: Vec<Arc<dyn Injector>> = numbers.map(door).collect();
        let incarnation = node.incarnation.get() + 1;
        let named = (&*node.name, incarnation);
        let registration = process::register_simulated(world.number, named, doors)
            .expect("a process has room for 65,535 shards");
        Self {
            watchdog: Watchdog::new(registration.vitals(), STALL_LIMIT),
            registration,
            rings: Rc::new(Rings::new(node.shards, &world.swarm)),
        }
    }
}

impl ShardCell {
    pub(super) fn new(
        world: &Rc<World>,
        node: &NodeCell,
        number: u32,
        reporter: Arc<dyn Reporter>,
    ) -> Self {
        let place = world.shards[number as usize].place;
        let state = &world.nodes[usize::from(place.node)];
        let (id, first) = (ShardId(place.shard), state.first_shard);
        let observer = Rc::new(ShardObserver::new(world.clone(), number));
        let seed = mix(world.seed ^ u64::from(place.node).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let shard = Shard::new(ShardSetup {
            node: node.registration.node(),
            id,
            shards: state.shards,
            unique: node.registration.unique(id),
            seed: (0..state.incarnation.get()).fold(seed, |seed, _| mix(seed)),
            driver: Rc::new(SimDriver::new(world.clone(), number)),
            outlet: Rc::new(SimOutlet::new(world.clone(), node.rings.clone(), id, first)),
            observer: Some(observer.clone()),
            reporter,
        });
        let inlet = SimInlet::new(world.clone(), node.rings.clone(), id, first);
        Self { shard, pump: Pump::new(inlet), observer }
    }
}
