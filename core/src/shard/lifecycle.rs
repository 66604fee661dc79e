//! The ends of actors: signals, waiting, burial.

use super::Shard;
use super::deliver::{Kill, Signal, Unwatch, Watch};
use crate::actor::{Ending, ExitReason, catch};
use crate::mailbox::state;
use crate::mesh::Packet;
use crate::pid::Pid;
use crate::reply::Reply;
use crate::time::Instant;
use crate::timer::TimerId;
use crate::trace::Event;

/// How an actor is asked to end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// After the message being handled.
    Stop,
    /// After what is queued, in band: messages sent before are handled.
    Drain,
    /// At the next await.
    Kill(Ending),
}

impl Shard {
    /// Asks an actor of this node to end. One that has ended, or lives elsewhere, is left alone.
    pub(crate) fn end(&self, pid: Pid, end: End) {
        let target = pid.target();
        let (peer, generation) = (pid.shard(), pid.generation());
        let bits = match &end {
            End::Stop => state::STOP,
            End::Drain => state::DRAIN | state::CLOSED,
            End::Kill(_) => state::KILL,
        };
        if pid.node() != self.node() || peer.0 >= self.shards() {
            return;
        }
        if peer == self.id() {
            match end {
                End::Kill(reason) => self.kill_here(target, reason),
                _ => self.signal_here(target, bits),
            }
            return;
        }
        match end {
            End::Stop => {
                self.push_system(peer, Packet::system(pid.slot(), Signal { generation, bits }));
            }
            // In band, behind the messages sent before; it may exceed the outbox's bound by one.
            End::Drain => {
                let signal = Signal { generation, bits };
                let packet = Packet::new(target, Instant::NEVER, (0, 0), signal);
                self.outboxes.push_user(peer, |outbox| outbox.push(packet));
            }
            End::Kill(reason) => {
                self.push_system(peer, Packet::system(pid.slot(), Kill { generation, reason }));
            }
        }
    }

    pub(super) fn signal_here(&self, (slot, generation): (u32, u32), bits: u32) {
        let actor = self.tasks.actor(slot, generation);
        let Some(door) = actor.as_ref().and_then(|actor| actor.door()) else { return };
        if door.signal(bits) {
            self.schedule(slot);
        }
        if bits & state::CLOSED != 0 {
            // Whoever waits for room is told now, not when the handler that runs is over.
            self.tell(door.pid(), door.relieve_early());
        }
    }

    pub(crate) fn kill_here(&self, (slot, generation): (u32, u32), reason: Ending) {
        let actor = self.tasks.actor(slot, generation);
        let door = actor.as_ref().and_then(|actor| actor.door());
        if door.is_some_and(|door| door.kill(reason)) {
            self.schedule(slot);
        }
    }

    /// Sends `watcher` the reason for which an actor ended, at once or when it ends.
    pub(crate) fn watch(&self, pid: Pid, watcher: Reply<Ending>) {
        if pid.node() != self.node() || pid.shard().0 >= self.shards() {
            watcher.send(ExitReason::Unreachable.into());
        } else if pid.shard() == self.id() {
            self.watch_here(pid.target(), watcher);
        } else {
            let watch = Watch { generation: pid.generation(), watcher };
            self.push_system(pid.shard(), Packet::system(pid.slot(), watch));
        }
    }

    pub(super) fn watch_here(&self, (slot, generation): (u32, u32), watcher: Reply<Ending>) {
        let actor = self.tasks.actor(slot, generation);
        let door = actor.as_ref().and_then(|actor| actor.door());
        match door.filter(|door| !door.has_state(state::GONE)) {
            Some(door) => door.watch(watcher),
            None => {
                let reason = self.graves.find(slot, generation);
                watcher.send(reason.unwrap_or_else(|| ExitReason::NoSuchActor.into()));
            }
        }
    }

    /// Takes back a [`Shard::watch`] whose port has that name; it follows on the same way.
    pub(crate) fn unwatch(&self, pid: Pid, name: u64) {
        if pid.node() != self.node() || pid.shard().0 >= self.shards() {
            return;
        }
        if pid.shard() == self.id() {
            self.unwatch_here(pid.target(), name);
        } else {
            let unwatch = Unwatch { generation: pid.generation(), name };
            self.push_system(pid.shard(), Packet::system(pid.slot(), unwatch));
        }
    }

    pub(super) fn unwatch_here(&self, (slot, generation): (u32, u32), name: u64) {
        let actor = self.tasks.actor(slot, generation);
        let door = actor.as_ref().and_then(|actor| actor.door());
        // The port frees its slot when it is dropped.
        drop(door.and_then(|door| door.unwatch(name)));
    }

    /// Records an actor's end.
    pub(crate) fn bury(&self, pid: Pid, name: &str, ending: &Ending) {
        let reason = ending.reason();
        let normal = reason.is_normal();
        self.observe(|| Event::Exited { slot: pid.slot(), generation: pid.generation(), normal });
        if !normal && !matches!(reason, ExitReason::Killed) {
            self.report(pid, name, reason);
        }
        self.vitals.forget(pid);
        self.graves.bury(pid.slot(), pid.generation(), ending.clone());
    }

    pub(crate) fn report(&self, pid: Pid, name: &str, reason: &ExitReason) {
        // What panics in a reporter is told to nobody: there is only the reporter to tell.
        drop(catch(|| self.reporter.actor_failed(pid, name, reason)));
    }

    pub(crate) fn cancel_timers(&self, timers: Vec<TimerId>) {
        for id in timers {
            let fire = self.timers.cancel(id);
            self.guarded("a timer's drop", || drop(fire));
        }
    }
}
