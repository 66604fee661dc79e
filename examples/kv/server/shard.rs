//! What the connections of one shard share.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use greenroom::{ActorRef, System};

use super::clients::Clients;
use super::spares::Spares;
use super::{Keeper, ServerLimits};
use crate::exec::State;
use crate::facts::Facts;
use crate::route::ShardMap;

/// What every shard is told at the start.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The keeper of each shard.
    pub(crate) keepers: Vec<ActorRef<Keeper>>,
    /// Which shard owns which keys.
    pub(crate) map: ShardMap,
    /// When the server was started, in milliseconds of unix time.
    pub(crate) started_ms: u64,
    pub(crate) limits: ServerLimits,
}

/// One shard as its connections see it.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) system: System,
    /// The number of this shard.
    pub(super) number: u16,
    /// Shared with the keeper. Borrow it between two awaits only.
    pub(super) state: Rc<RefCell<State>>,
    pub(super) plan: Arc<Plan>,
    pub(super) facts: Facts,
    pub(super) clients: Rc<Clients>,
    /// For what its connections ask of other shards.
    pub(super) spares: Spares,
}

impl Shard {
    /// The present, in milliseconds of unix time.
    pub(super) fn now_ms(&self) -> u64 {
        unix_ms(self.system)
    }
}

/// The present, in milliseconds of unix time.
pub(super) fn unix_ms(system: System) -> u64 {
    // A clock past the year 500 million is none.
    system.wall().0.as_millis() as u64
}
