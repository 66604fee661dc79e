//! The ends of actors: signals, waiting, burial.

use std::time::Duration;

use super::Shard;
use super::deliver::{Kill, Signal, Unwatch, Watch};
use crate::actor::{Ending, ExitReason, catch};
use crate::mailbox::{AnyDoor, state};
use crate::mesh::Packet;
use crate::pid::Pid;
use crate::reply::Reply;
use crate::task::Task;
use crate::time::Instant;
use crate::timer::{Fire, TimerId};
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
    /// At the next await, and for good, whatever a supervisor thinks.
    Dismiss(Ending),
}

impl Shard {
    /// Asks an actor of this node to end. One that has ended, or lives elsewhere, is left alone.
    pub(crate) fn end(&self, pid: Pid, end: End) {
        let target = pid.target();
        let (peer, generation) = (pid.shard(), pid.generation());
        let bits = match &end {
            End::Stop => state::STOP | state::DISMISSED,
            End::Drain => state::DRAIN | state::CLOSED | state::DISMISSED,
            End::Kill(_) => state::KILL,
            End::Dismiss(_) => state::KILL | state::DISMISSED,
        };
        if pid.node() != self.node() || peer.0 >= self.shards() {
            return;
        }
        if peer == self.id() {
            match end {
                End::Kill(reason) => self.kill_here(target, reason, false),
                End::Dismiss(reason) => self.kill_here(target, reason, true),
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
                let kill = Kill { generation, for_good: false, reason };
                self.push_system(peer, Packet::system(pid.slot(), kill));
            }
            End::Dismiss(reason) => {
                let kill = Kill { generation, for_good: true, reason };
                self.push_system(peer, Packet::system(pid.slot(), kill));
            }
        }
    }

    pub(crate) fn signal_here(&self, (slot, generation): (u32, u32), bits: u32) {
        let actor = self.tasks.actor(slot, generation);
        let Some(actor) = actor else { return };
        let Some(door) = actor.door() else { return };
        if bits & state::STOP != 0 {
            self.ask_to_stop(&*actor, bits);
        } else if door.signal(bits) {
            self.schedule(slot);
        }
        if bits & state::CLOSED != 0 {
            // Whoever waits for room is told now, not when the handler that runs is over.
            self.tell(door.pid(), door.relieve_early());
        }
    }

    /// `for_good`: whatever a supervisor thinks.
    pub(crate) fn kill_here(&self, (slot, generation): (u32, u32), reason: Ending, for_good: bool) {
        let actor = self.tasks.actor(slot, generation);
        let Some(door) = actor.as_ref().and_then(|actor| actor.door()) else { return };
        if for_good {
            door.signal(state::DISMISSED | state::CLOSED);
        }
        if door.kill(reason) {
            self.schedule(slot);
        }
    }

    /// Asks an actor of this shard to end after the message that it handles, which it has so long
    /// for as its settings say from when it was asked first. Sets those bits as well.
    pub(crate) fn ask_to_stop(&self, actor: &dyn Task, bits: u32) {
        let Some(door) = actor.door() else { return };
        let asked_before = door.has_state(state::STOP);
        if !door.signal(state::STOP | bits) {
            return;
        }
        self.schedule(door.pid().slot());
        if !asked_before && let Some(grace) = actor.stop_grace() {
            self.abort_after(grace, door);
        }
    }

    /// Kills an actor that was asked to stop, if the handler that it was in goes on by then. Its
    /// last hooks have limits of their own.
    fn abort_after(&self, grace: Duration, door: &dyn AnyDoor) {
        let (target, incarnation) = (door.pid().target(), door.incarnation());
        let abort = move |shard: &Self| {
            let Some(actor) = shard.tasks.actor(target.0, target.1) else { return };
            let same = actor.door().is_some_and(|door| door.incarnation() == incarnation);
            if same && actor.is_in_handler() {
                shard.kill_here(target, ExitReason::HandlerTimeout.into(), false);
            }
        };
        let timer = self.timers.insert(self.now() + grace, Fire::Run(Box::new(abort)));
        door.own_timer(timer, &|timer| self.timers.is_set(timer));
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
        self.handler_limits.forget(pid.target());
        self.graves.bury(pid.slot(), pid.generation(), ending.clone());
        self.root_ended(pid.target());
    }

    /// Records the end of an incarnation that need not be the actor's.
    pub(crate) fn incarnation_over(&self, pid: Pid, name: &str, ending: &Ending) {
        let reason = ending.reason();
        if !reason.is_normal() {
            self.report(pid, name, reason);
        }
        self.vitals.forget_said(pid);
        self.handler_limits.forget(pid.target());
    }

    pub(crate) fn report_restart(
        &self,
        supervisor: Pid,
        child: &str,
        reason: &ExitReason,
        restarts: u64,
        delay: Duration,
    ) {
        let report = || self.reporter.child_restarts(supervisor, child, reason, restarts, delay);
        drop(catch(report));
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
