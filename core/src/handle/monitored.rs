//! A spawn that is monitored from the start.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{ActorRef, Spawn, SpawnError};
use crate::actor::{Actor, Monitor};
use crate::pid::Pid;
use crate::shard::current;

/// The news of an actor that is being built, and the monitor of it; see
/// [`crate::Context::spawn_monitor`].
///
/// # Cancel safety
///
/// As of [`Spawn`]. The monitor stays set: its [`crate::Signal::Down`] comes all the same, once
/// the actor has started; of one that does not start none comes.
#[must_use = "awaiting this tells whether the actor started"]
pub struct MonitoredSpawn<A: Actor> {
    spawn: Spawn<A>,
    owner: Pid,
    number: u64,
}

impl<A: Actor> MonitoredSpawn<A> {
    pub(crate) const fn new(spawn: Spawn<A>, owner: Pid, number: u64) -> Self {
        Self { spawn, owner, number }
    }

    /// Notes whom the owner monitors, or that it is nobody.
    fn note(&self, pid: Option<Pid>) {
        current::with(|shard| {
            let (slot, generation) = self.owner.target();
            let owner = shard.tasks.actor(slot, generation);
            let door = owner.as_ref().and_then(|owner| owner.door());
            let Some(mut bonds) = door.and_then(|door| door.bonds_if_any()) else { return };
            match pid {
                // It may be over already.
                Some(pid) => {
                    if let Some(place) = bonds.monitors.get_mut(&self.number) {
                        *place = Some(pid);
                    }
                }
                None => {
                    bonds.monitors.remove(&self.number);
                }
            }
        });
    }
}

impl<A: Actor> fmt::Debug for MonitoredSpawn<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MonitoredSpawn")
    }
}

impl<A: Actor> Future for MonitoredSpawn<A> {
    type Output = Result<(ActorRef<A>, Monitor), SpawnError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let spawned = std::task::ready!(Pin::new(&mut self.spawn).poll(cx));
        self.note(spawned.as_ref().ok().map(ActorRef::pid));
        Poll::Ready(spawned.map(|actor| (actor, Monitor(self.number))))
    }
}
