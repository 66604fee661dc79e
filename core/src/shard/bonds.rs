//! Links, monitors and supervision between actors, wherever on the node they live.
//!
//! Every notice names who it is about and whom it is for. On the same shard it takes effect at
//! once; to another it travels in the system lane, outside every bound. What is for somebody who is
//! gone is answered here, in their name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Shard;
use crate::actor::{Ending, ExitReason, Monitor, Signal};
use crate::mailbox::{AnyDoor, Bond, Bonds, Past, state};
use crate::mesh::{Deliver, Packet, PacketMeta};
use crate::pid::Pid;
use crate::time::Instant;

/// What one actor has to say to another.
#[derive(Clone, Debug)]
pub(crate) enum Notice {
    /// I monitor you, under that number.
    Monitor(u64),
    /// I do not any more.
    Demonitor(u64),
    /// I ended, and you monitored me under that number.
    Down(u64, Ending),
    /// We are linked.
    Link,
    /// You spawned me in that incarnation of yours, and we are linked.
    Bound(u32),
    /// You spawned me, and monitor me under that number.
    Watched(u64),
    /// We are no longer.
    Unlink,
    /// I know that we are no longer.
    Unlinked,
    /// I ended, and we were linked.
    Exit(Ending),
    /// An incarnation of mine ended, and we were linked. Confirmed like an unlink: the next one is
    /// linked to nobody, however late a link with this one arrives.
    Cut(Ending),
    /// Somebody has joined a group that you monitor under that number, or left it.
    Member { group: Arc<str>, number: u64, member: Pid, joined: bool },
    /// That incarnation of mine ended, and you are my supervisor.
    Suspended(u32, Ending),
}

impl Deliver for Notice {
    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        let (slot, generation) = meta.caller;
        let from = Pid::new(shard.node(), meta.from, slot, generation);
        shard.notice_here(from, (meta.slot, meta.generation), self);
    }
}

impl Shard {
    /// Lets `to` know what `from`, an actor of this shard, has to say.
    pub(crate) fn notify(&self, from: Pid, to: Pid, notice: Notice) {
        if to.node() != self.node() || to.shard().0 >= self.shards() {
            return self.notice_nowhere(from, to, notice, &ExitReason::Unreachable.into());
        }
        if to.shard() == self.id() {
            return self.notice_here(from, to.target(), notice);
        }
        let packet = Packet::new(to.target(), Instant::NEVER, from.target(), notice);
        self.push_system(to.shard(), packet);
    }

    fn notice_here(&self, from: Pid, (slot, generation): (u32, u32), notice: Notice) {
        let to = Pid::new(self.node(), self.id(), slot, generation);
        let actor = self.tasks.actor(slot, generation);
        let door = actor.as_ref().and_then(|actor| actor.door());
        match door.filter(|door| !door.has_state(state::GONE)) {
            Some(door) => self.notice_for(door, from, to, notice),
            None => {
                let reason = self.graves.find(slot, generation);
                let reason = reason.unwrap_or_else(|| ExitReason::NoSuchActor.into());
                self.notice_nowhere(from, to, notice, &reason);
            }
        }
    }

    fn notice_for(&self, door: &dyn AnyDoor, from: Pid, to: Pid, notice: Notice) {
        match notice {
            Notice::Monitor(number) => {
                door.bonds().watchers.insert((from, number));
            }
            Notice::Demonitor(number) => {
                if let Some(mut bonds) = door.bonds_if_any() {
                    bonds.watchers.remove(&(from, number));
                }
            }
            Notice::Link => door.bonds().linked(from),
            Notice::Bound(incarnation) => {
                if door.incarnation() == incarnation && !door.has_state(state::SUSPENDED) {
                    door.bonds().linked(from);
                } else {
                    self.notify(to, from, Notice::Exit(ExitReason::NoSuchActor.into()));
                }
            }
            Notice::Watched(number) => {
                let known = match door.bonds().monitors.get_mut(&number) {
                    Some(target) => target.replace(from).is_none_or(|target| target == from),
                    None => false,
                };
                if !known {
                    self.notify(to, from, Notice::Demonitor(number));
                }
            }
            Notice::Unlink => {
                if let Some(mut bonds) = door.bonds_if_any() {
                    bonds.links.remove(&from);
                }
                self.notify(to, from, Notice::Unlinked);
            }
            Notice::Unlinked => {
                if let Some(mut bonds) = door.bonds_if_any() {
                    bonds.unlinked(from);
                }
            }
            Notice::Down(number, reason) => {
                let bonds = door.bonds_if_any();
                if bonds.is_some_and(|mut bonds| bonds.monitors.remove(&number).is_some()) {
                    let (monitor, reason) = (Monitor(number), reason.into());
                    self.signal_to(door, Signal::Down { monitor, pid: from, reason });
                }
            }
            Notice::Exit(reason) => self.link_over(door, from, reason),
            Notice::Cut(reason) => {
                self.notify(to, from, Notice::Unlinked);
                self.link_over(door, from, reason);
            }
            Notice::Member { group, number, member: pid, joined } => {
                let bonds = door.bonds_if_any();
                if bonds.is_some_and(|bonds| bonds.groups.get(&group) == Some(&number)) {
                    let joined = if joined {
                        Signal::Joined { group, pid }
                    } else {
                        Signal::Left { group, pid }
                    };
                    self.signal_to(door, joined);
                }
            }
            Notice::Suspended(incarnation, reason) => {
                if door.bonds().links.contains(&from) {
                    let reason = reason.into();
                    self.signal_to(door, Signal::Suspended { pid: from, incarnation, reason });
                }
            }
        }
    }

    /// Answers in the name of somebody who is not there: for `reason`, as far as that is known.
    fn notice_nowhere(&self, from: Pid, to: Pid, notice: Notice, reason: &Ending) {
        let answer = match notice {
            Notice::Monitor(number) => Notice::Down(number, reason.clone()),
            // A link needs two that are alive: how the other ended is no excuse.
            Notice::Link | Notice::Bound(_) => Notice::Exit(ExitReason::NoSuchActor.into()),
            Notice::Unlink | Notice::Cut(_) => Notice::Unlinked,
            Notice::Watched(number) => Notice::Demonitor(number),
            _ => return,
        };
        if from.shard() == self.id() {
            self.notice_from_nobody(to, from, answer);
        } else {
            self.notify(to, from, answer);
        }
    }

    /// The answer of somebody who is not on this shard, nor anywhere.
    fn notice_from_nobody(&self, from: Pid, to: Pid, answer: Notice) {
        let (slot, generation) = to.target();
        let actor = self.tasks.actor(slot, generation);
        let door = actor.as_ref().and_then(|actor| actor.door());
        if let Some(door) = door.filter(|door| !door.has_state(state::GONE)) {
            self.notice_for(door, from, to, answer);
        }
    }

    /// The other side of a link has ended.
    fn link_over(&self, door: &dyn AnyDoor, from: Pid, reason: Ending) {
        let bonds = door.bonds_if_any();
        if bonds.is_some_and(|mut bonds| bonds.links.remove(&from)) {
            self.linked_exit(door, from, reason);
        }
    }

    /// What the end of a linked actor does to this one.
    fn linked_exit(&self, door: &dyn AnyDoor, pid: Pid, reason: Ending) {
        let traps = door.has_state(state::TRAPS_EXITS);
        let supervisor = door.bonds_if_any().and_then(|b| b.charge.as_ref().map(|c| c.supervisor));
        if supervisor == Some(pid) {
            // Without it nobody would ever restart this one. What traps exits ends in good order.
            if traps {
                return self.signal_here(door.pid().target(), state::STOP | state::DISMISSED);
            }
            door.signal(state::DISMISSED);
        } else if traps {
            return self.signal_to(door, Signal::Exit { pid, reason: reason.into() });
        } else if *reason.reason() == ExitReason::Normal {
            return;
        }
        // How it began, not each step on the way: a chain may be as long as there are actors.
        let reason = match ExitReason::from(reason) {
            ExitReason::Linked { reason, .. } => reason,
            own => Arc::new(own),
        };
        if door.kill(ExitReason::Linked { pid, reason }.into()) {
            self.schedule(door.pid().slot());
        }
    }

    fn signal_to(&self, door: &dyn AnyDoor, signal: Signal) {
        if door.push_signal(signal) {
            self.schedule(door.pid().slot());
        }
    }

    /// Binds an actor that has just started to whoever spawned it.
    pub(crate) fn bind(&self, door: &dyn AnyDoor, bond: Bond) {
        match bond {
            Bond::Link(peer, incarnation) | Bond::Supervisor(peer, incarnation) => {
                door.bonds().links.insert(peer);
                self.notify(door.pid(), peer, Notice::Bound(incarnation));
            }
            Bond::Monitor(owner, number) => {
                door.bonds().watchers.insert((owner, number));
                self.notify(door.pid(), owner, Notice::Watched(number));
            }
        }
    }

    /// Tells everybody who is bound to an actor that it has ended.
    pub(crate) fn release(&self, pid: Pid, bonds: &Bonds, reason: &Ending) {
        for &peer in &bonds.links {
            self.notify(pid, peer, Notice::Exit(reason.clone()));
        }
        self.demonitor_all(pid, &bonds.monitors);
        for &(owner, number) in &bonds.watchers {
            self.notify(pid, owner, Notice::Down(number, reason.clone()));
        }
    }

    /// The same for what belonged to an incarnation.
    pub(crate) fn release_incarnation(&self, pid: Pid, past: &Past, reason: &Ending) {
        for &peer in &past.links {
            self.notify(pid, peer, Notice::Cut(reason.clone()));
        }
        self.demonitor_all(pid, &past.monitors);
        for (group, &number) in &past.groups {
            self.unwatch_group(group, pid, number);
        }
    }

    fn demonitor_all(&self, pid: Pid, monitors: &BTreeMap<u64, Option<Pid>>) {
        for (&number, &target) in monitors {
            if let Some(target) = target {
                self.notify(pid, target, Notice::Demonitor(number));
            }
        }
    }
}
