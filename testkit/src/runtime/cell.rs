//! A shard with what the simulator keeps around it.

use std::rc::Rc;
use std::sync::Arc;

use greenroom_core::hash::mix;
use greenroom_core::process::NodeRegistration;
use greenroom_core::{Pump, Reporter, Shard, ShardId, ShardSetup};

use crate::mesh::{Rings, SimInlet, SimOutlet};
use crate::trace::ShardObserver;
use crate::world::{SimDriver, World};

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
        let shard = Shard::new(ShardSetup {
            node: node.registration.node(),
            id,
            shards: state.shards,
            unique: node.registration.unique(id),
            seed: mix(world.seed ^ u64::from(place.node).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            driver: Rc::new(SimDriver::new(world.clone(), number)),
            outlet: Rc::new(SimOutlet::new(world.clone(), node.rings.clone(), id, first)),
            observer: Some(observer.clone()),
            reporter,
        });
        let inlet = SimInlet::new(world.clone(), node.rings.clone(), id, first);
        Self { shard, pump: Pump::new(inlet), observer }
    }
}
