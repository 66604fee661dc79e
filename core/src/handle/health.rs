//! Questions about health, answered without asking anybody: also while a shard hangs.

use std::time::Duration;

use super::{System, SystemHandle};
use crate::mesh::Packet;
use crate::pid::{Pid, ShardId};
use crate::process;
use crate::shard::Shard;
use crate::shard::deliver::Run;
use crate::vitals::{ActorHealth, Health, ShardHealth};

impl SystemHandle {
    /// How each shard is; empty once the system has shut down.
    #[must_use]
    pub fn shards_health(&self) -> Vec<ShardHealth> {
        process::vitals(self.node()).map_or_else(Vec::new, |vitals| vitals.shards_health())
    }

    /// What is published of the health of actors, by pid: what they said with
    /// [`crate::Context::set_health`], those that [`System::watch_answers`] found not to answer, and
    /// those in whose handlers a shard hangs. Actors of which nothing is known are left out.
    #[must_use]
    pub fn actors_health(&self) -> Vec<ActorHealth> {
        process::vitals(self.node()).map_or_else(Vec::new, |vitals| vitals.actors_health())
    }

    /// What is published of the health of one actor; `None` where nothing is.
    #[must_use]
    pub fn health_of(&self, pid: Pid) -> Option<Health> {
        process::vitals(self.node())?.health_of(pid)
    }

    /// The health of the system: the worst of what is published of its actors; unhealthy while a
    /// shard hangs.
    #[must_use]
    pub fn health(&self) -> Health {
        let sick = self.shards_health().into_iter().find(|shard| shard.sick);
        let sick = sick.map(|sick| Health::Unhealthy(format!("shard {} hangs", sick.shard).into()));
        let actors = self.actors_health();
        Health::worst(actors.iter().map(|actor| &actor.health).chain(&sick))
    }
}

impl System {
    /// See [`SystemHandle::shards_health`].
    #[must_use]
    pub fn shards_health(&self) -> Vec<ShardHealth> {
        self.handle().shards_health()
    }

    /// See [`SystemHandle::actors_health`].
    #[must_use]
    pub fn actors_health(&self) -> Vec<ActorHealth> {
        self.handle().actors_health()
    }

    /// See [`SystemHandle::health_of`].
    #[must_use]
    pub fn health_of(&self, pid: Pid) -> Option<Health> {
        self.handle().health_of(pid)
    }

    /// See [`SystemHandle::health`].
    #[must_use]
    pub fn health(&self) -> Health {
        self.handle().health()
    }

    /// From here on, tells of actors that do not answer: those that are in the handler of one message
    /// for longer than `limit` (at least a millisecond) while others are queued are published as
    /// unhealthy, until they go on. `None` ends that. Each shard looks at its actors twice in that
    /// time, 1024 at a turn; one that hangs altogether is the watchdog's to tell. Of a
    /// [`crate::Courier`] a whole batch counts as one message. Does nothing outside this system.
    pub fn watch_answers(&self, limit: Option<Duration>) {
        self.here(|shard| {
            for id in (0..shard.shards()).map(ShardId) {
                let watch = Run(Box::new(move |shard: &Shard| shard.watch_answers(limit)));
                shard.push_system(id, Packet::system(0, watch));
            }
        });
    }
}
