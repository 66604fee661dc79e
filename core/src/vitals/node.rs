//! The shards of a node, side by side.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::health::Published;
use super::names::Names;
use super::pulse::{Beat, Pulse};
use super::{ActorHealth, Health};
use crate::pid::{NodeId, Pid, ShardId};

/// What can be seen of one shard.
#[derive(Debug)]
pub(crate) struct ShardVitals {
    pub(crate) pulse: Pulse,
    /// The beat at which the shard hung; [`Beat::NEVER`] for a shard that never did. Written by the
    /// watchdog.
    sick_at: AtomicU64,
    /// How often it hung.
    stalls: AtomicU64,
    pub(super) names: Names,
    pub(super) published: Published,
}

impl Default for ShardVitals {
    fn default() -> Self {
        Self {
            pulse: Pulse::default(),
            sick_at: AtomicU64::new(Beat::NEVER.0),
            stalls: AtomicU64::new(0),
            names: Names::default(),
            published: Published::default(),
        }
    }
}

impl ShardVitals {
    /// Whether the shard hangs: the watchdog said so, and it has not moved since.
    #[inline]
    pub(crate) fn is_sick(&self) -> bool {
        let sick_at = Beat(self.sick_at.load(Ordering::Relaxed));
        sick_at != Beat::NEVER && sick_at == self.pulse.beat()
    }

    pub(super) fn fall_sick(&self, beat: Beat) {
        self.sick_at.store(beat.0, Ordering::Relaxed);
        self.stalls.fetch_add(1, Ordering::Relaxed);
    }
}

/// What can be seen of the shards of one node, from any thread.
#[derive(Debug)]
pub struct NodeVitals {
    node: NodeId,
    shards: Box<[Arc<ShardVitals>]>,
}

/// How a shard is, as far as it can be seen from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ShardHealth {
    /// Which.
    pub shard: ShardId,
    /// It is in the middle of a step that does not end. No new actor is placed on it meanwhile,
    /// where a placement leaves the choice.
    pub sick: bool,
    /// How often that was so since the system started.
    pub stalls: u64,
    /// The task it runs, where it runs one: an actor, or a plain task.
    pub running: Option<Pid>,
}

impl NodeVitals {
    pub(crate) fn new(node: NodeId, shards: usize) -> Self {
        Self { node, shards: (0..shards).map(|_| Arc::default()).collect() }
    }

    /// The node.
    #[must_use]
    pub const fn node(&self) -> NodeId {
        self.node
    }

    /// How many shards it has.
    #[must_use]
    pub fn shards(&self) -> usize {
        self.shards.len()
    }

    pub(crate) fn of(&self, shard: ShardId) -> Option<&Arc<ShardVitals>> {
        self.shards.get(shard.index())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (ShardId, &Arc<ShardVitals>)> {
        (0..).map(ShardId).zip(&self.shards)
    }

    /// How each shard is.
    #[must_use]
    pub fn shards_health(&self) -> Vec<ShardHealth> {
        let of = |(shard, vitals): (ShardId, &Arc<ShardVitals>)| ShardHealth {
            shard,
            sick: vitals.is_sick(),
            stalls: vitals.stalls.load(Ordering::Relaxed),
            running: self.running(shard, vitals),
        };
        self.iter().map(of).collect()
    }

    /// The task that a shard runs.
    pub(super) fn running(&self, shard: ShardId, vitals: &ShardVitals) -> Option<Pid> {
        let pid = Pid::in_place(crate::pid::Home::new(self.node, shard), vitals.pulse.running());
        (pid.generation() != 0).then_some(pid)
    }

    /// What is published of the health of actors, by pid: what they said of themselves, those of
    /// whom a watch found that they do not answer, and those in whose handlers a sick shard hangs.
    #[must_use]
    pub fn actors_health(&self) -> Vec<ActorHealth> {
        let mut all: Vec<ActorHealth> =
            self.iter().flat_map(|(_, vitals)| vitals.published.all()).collect();
        for (shard, vitals) in self.iter().filter(|(_, vitals)| vitals.is_sick()) {
            let Some(pid) = self.running(shard, vitals) else { continue };
            let Some(named) = vitals.names.find(pid.target()) else { continue };
            // One that goes on just now runs somebody else by then.
            if !vitals.is_sick() {
                continue;
            }
            let health =
                Health::Unhealthy("its handler does not return, and its shard hangs".into());
            let stuck = ActorHealth { pid, name: named.name, actor: named.actor, health };
            match all.iter_mut().find(|known| known.pid == pid) {
                Some(known) => *known = stuck,
                None => all.push(stuck),
            }
        }
        all.sort_by_key(|health| health.pid);
        all
    }

    /// What is published of the health of one actor; `None` where nothing is.
    #[must_use]
    pub fn health_of(&self, pid: Pid) -> Option<Health> {
        let vitals = self.of(pid.shard()).filter(|_| pid.node() == self.node)?;
        if !vitals.is_sick() {
            return vitals.published.of(pid);
        }
        let all = self.actors_health();
        all.into_iter().find(|known| known.pid == pid).map(|known| known.health)
    }
}
