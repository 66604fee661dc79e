//! What a shard is made of, before it is.

use std::rc::Rc;
use std::sync::Arc;

use crossbeam_channel::Receiver;
use greenroom_core::mesh::Packet;
use greenroom_core::runtime::Injected;
use greenroom_core::{NodeId, Pump, Reporter, Shard, ShardId, ShardSetup};

use super::step::State;
use super::{ShardLoop, World};
#[cfg(feature = "driver-uring")]
use crate::driver::RingLimits;
use crate::driver::{Bell, NodeClock, take_apart};
use crate::mesh::Port;
use crate::pool::Jobs;
use crate::run::{IdleStrategy, Seat};

/// The parts of a shard on its own thread.
pub(crate) struct Setup {
    pub(crate) node: NodeId,
    pub(crate) id: ShardId,
    pub(crate) shards: u16,
    pub(crate) unique: u16,
    pub(crate) seed: u64,
    pub(crate) reporter: Arc<dyn Reporter>,
    pub(crate) clock: NodeClock,
    pub(crate) jobs: Jobs,
    pub(crate) port: Port<Packet, Bell>,
    pub(crate) injected: Receiver<Injected>,
    pub(crate) idle: IdleStrategy,
    #[cfg(feature = "driver-uring")]
    pub(crate) ring: RingLimits,
    pub(crate) seat: Seat,
}

impl Setup {
    /// What the shard's thread hears when it sleeps.
    pub(crate) fn bell(&self) -> &Bell {
        self.port.sleeper.bell()
    }

    /// Puts the shard together.
    pub(crate) fn build<W: World + 'static>(self, world: W) -> ShardLoop<W> {
        let world = Rc::new(world);
        let (outgoing, incoming, sleeper) = take_apart(self.port);
        let shard = Rc::new(Shard::new(ShardSetup {
            node: self.node,
            id: self.id,
            shards: self.shards,
            unique: self.unique,
            seed: self.seed,
            driver: world.clone(),
            outlet: Rc::new(outgoing),
            observer: None,
            reporter: self.reporter,
        }));
        ShardLoop {
            shard,
            world,
            pump: Pump::new(incoming),
            sleeper,
            injected: self.injected,
            idle: self.idle,
            state: State::new(),
            seat: self.seat,
        }
    }
}
