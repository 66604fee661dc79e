//! An actor's word on how it is.

use super::{Actor, Context};
use crate::shard::current;
use crate::vitals::Health;

impl<A: Actor> Context<A> {
    /// Publishes how this actor is, until it says something else or ends: for
    /// [`crate::System::health_of`] and the rest of the node. An actor that never calls this takes
    /// no room for it, and is in no listing.
    pub fn set_health(&self, health: Health) {
        current::with(|shard| shard.publish_said(self.pid(), health));
    }
}
