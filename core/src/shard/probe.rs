//! Finding senders that wait for room in a circle.
//!
//! A sender that finds no room parks its task, so an actor that waits for room in the middle of a
//! handler takes no message meanwhile, and its own mailbox fills. Two actors that do this to each
//! other, or many in a circle, wait for ever. No local rule prevents that without either unbounded
//! mailboxes or loss, so it is found: by *edge chasing*, after Chandy, Misra and Haas, "Distributed
//! deadlock detection", 1983. There is an edge from an actor to the one in whose mailbox its task
//! waits for room. A wait that lasts sends a probe along the edges; a probe that comes back to
//! where it began has found a circle.
//!
//! **Twice round.** What a probe saw at different times need not have been true at one time. So it
//! goes round twice. On the first leg it marks each task, and a mark goes with the task's next
//! wake-up or poll; the mark costs the message path nothing, because it shares a byte with a flag
//! that a poll clears anyway. On the second leg it wants every mark and every wait as it left them.
//! Then at the moment between the legs all the edges existed together: waits, marks and STOPs are
//! numbered, hence none can have ended and begun again in between, not even with a GO still under
//! way. From that moment on nobody on the circle can be the first to move.
//!
//! **Only what is certain is broken.** A handler may wait for room *or* for something else, in a
//! `select` or under a time limit, and nothing says from outside whether one or all of several
//! things are needed. So a wait counts as certain only if nothing but that room can wake its task:
//!
//! * it is the one wait for room of its task, and wakes it directly;
//! * no timer, operation or reply slot of the shard would wake it (the reply slot of the very call
//!   that waits for room aside: until the request is sent only its deadline can);
//! * its waker was never cloned, so nobody whom the shard does not know can wake it. A channel of
//!   another library clones it, a combinator with wakers of its own does, and so does awaiting a
//!   [`crate::LocalTask`]; that it was cloned is remembered for as long as the actor lives;
//! * every place of the mailbox it waits for holds a message; none is promised to somebody else,
//!   who may give it up.
//!
//! When all waits on a circle are certain, one of them fails: the one that would end first by
//! itself, which is that of the call with the nearest deadline, if a call waits there. It cannot
//! have succeeded before, so nothing is lost by telling its sender now; and all who find the same
//! circle choose the same wait. If any is uncertain, nobody's wait fails: the circle is reported
//! once as suspected. What somebody does from outside is no way out of a circle: it may be broken
//! in the same moment that somebody kills a member, and then both happen.
//!
//! Waits for an answer are no edges: each ends at its deadline. Nor is a wait for room in an
//! outbox, which the pump makes without asking anybody.
//!
//! Work is bounded: a probe goes along one wait of each task, at most [`PROBE_PATH_MAX`] of them and
//! twice; a wait sends at most [`crate::limits::PROBES_MAX`]; only tasks that are waited for send
//! any. While nobody parks there is none.

use super::Shard;
use super::parking::{Known, Place, WaitKey};
use crate::actor::catch;
use crate::limits::PROBE_PATH_MAX;
use crate::mailbox::{Waiter, state};
use crate::mesh::{Deliver, Packet, PacketMeta};
use crate::pid::Pid;
use crate::task::waker::{GENERATION_MASK, StoredWaker};
use crate::time::Instant;
use crate::trace::Event;

/// An edge: whose task waits, and for room in whose mailbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Edge {
    from: Pid,
    to: Pid,
    wait: WaitKey,
    /// The wait as the mailbox knows it.
    waiter: Waiter,
    /// When the wait ends by itself.
    until: Instant,
    /// The mark of the task.
    mark: u64,
}

/// Which time round a probe goes.
#[derive(Clone, Copy, Debug)]
enum Leg {
    First,
    /// That many edges were found as they were left.
    Second(usize),
}

/// See the module.
#[derive(Debug)]
struct Probe {
    /// The actor to look at next.
    at: Pid,
    leg: Leg,
    edges: Vec<Edge>,
    /// Whether every wait looked at on the second leg is certain.
    certain: bool,
}

impl Shard {
    /// Sends a probe along the wait of a task, if somebody waits for the task in turn.
    pub(super) fn probe(&self, slot: u32, generation: u32) {
        let actor = self.tasks.actor(slot, generation);
        let Some(door) = actor.as_ref().and_then(|actor| actor.door()) else { return };
        if door.has_state(state::PRESSURE) {
            let at = door.pid();
            self.chase(Probe { at, leg: Leg::First, edges: Vec::new(), certain: true });
        }
    }

    /// Takes a probe as far as it gets on this shard.
    fn chase(&self, mut probe: Probe) {
        loop {
            let peer = probe.at.shard();
            if peer != self.id() {
                return self.push_system(peer, Packet::system(probe.at.slot(), probe));
            }
            let goes_on = match probe.leg {
                Leg::First => self.follow(&mut probe),
                Leg::Second(index) => self.confirm(&mut probe, index),
            };
            if !goes_on {
                return;
            }
        }
    }

    /// The first leg: follows the wait of one actor, and marks its task. False where the probe
    /// ends.
    fn follow(&self, probe: &mut Probe) -> bool {
        let at = probe.at;
        if let Some(last) = probe.edges.last()
            && !self.holds_up(at, last.waiter)
        {
            return false;
        }
        if probe.edges.first().is_some_and(|first| first.from == at) {
            probe.leg = Leg::Second(0);
            return true;
        }
        // A circle that it is not on itself is found by those who are.
        let met = probe.edges.iter().any(|edge| edge.from == at);
        if met || probe.edges.len() == PROBE_PATH_MAX {
            return false;
        }
        let Some(edge) = self.edge_from(at) else { return false };
        let new = self.tasks.mark(at.slot(), at.generation());
        let Some(mark) = new.and_then(|new| self.parking.marked(edge.wait, new)) else {
            return false;
        };
        probe.at = edge.to;
        probe.edges.push(Edge { mark, ..edge });
        true
    }

    /// The second leg: sees that one actor is as the first leg left it. False where the probe ends.
    fn confirm(&self, probe: &mut Probe, index: usize) -> bool {
        let (at, count) = (probe.at, probe.edges.len());
        let edge = probe.edges[index % count];
        if index > 0 && !self.holds_up(at, probe.edges[index - 1].waiter) {
            return false;
        }
        if !self.is_still(&edge) {
            return false;
        }
        if index == count {
            self.conclude(probe);
            return false;
        }
        probe.certain &= self.is_certain(&edge);
        probe.at = edge.to;
        probe.leg = Leg::Second(index + 1);
        true
    }

    /// Whether the edge is as it was, and its task has been neither woken nor polled since.
    fn is_still(&self, edge: &Edge) -> bool {
        let marked = self.tasks.is_marked(edge.from.slot(), edge.from.generation());
        marked && self.edge_from(edge.from) == Some(*edge)
    }

    /// The edge from an actor of this shard.
    fn edge_from(&self, from: Pid) -> Option<Edge> {
        let Known { key: wait, wanted, mark, .. } =
            self.parking.of_task((from.slot(), from.generation()))?;
        let to = wanted.to;
        let waiter = match wanted.place {
            Place::Mailbox(ticket) => Waiter::Parked(ticket),
            Place::Away(number) => {
                let target = (to.slot(), to.generation());
                let stop = self.outboxes.stop_of(to.shard(), target, number)?;
                Waiter::Stopped(self.id(), stop)
            }
        };
        Some(Edge { from, to, wait, waiter, until: wanted.until, mark })
    }

    /// Whether an actor of this shard alone can give room to somebody who waits for it. Room that
    /// there is goes to those who wait for more of it to fall free: they are not stopped so that
    /// they wait for ever.
    fn holds_up(&self, at: Pid, waiter: Waiter) -> bool {
        let actor = self.tasks.actor(at.slot(), at.generation());
        let Some(door) = actor.as_ref().and_then(|actor| actor.door()) else { return false };
        let relief = door.relieve_early();
        self.guarded("a sender's waker", || self.tell(at, relief));
        door.holds_up(waiter)
    }

    /// Whether nothing but the room it waits for can wake a task of this shard.
    fn is_certain(&self, edge: &Edge) -> bool {
        let (slot, generation) = (edge.from.slot(), edge.from.generation());
        let Some(known) = self.parking.of_task((slot, generation)) else { return false };
        let task = Some((slot, generation & GENERATION_MASK));
        let wakes = |waker: &StoredWaker| waker.task_of(self.unique()) == task;
        known.alone
            && !self.tasks.is_lent(slot)
            && !self.timers.wakes(wakes)
            && !self.operations.wakes(wakes)
            && !self.replies.wakes(known.wanted.reply, wakes)
    }

    /// A circle was found: tells the member whose wait fails or is reported for it.
    fn conclude(&self, probe: &Probe) {
        let edges = &probe.edges;
        let chosen = (0..edges.len()).min_by_key(|&index| (edges[index].until, edges[index].from));
        let Some(chosen) = chosen else { return };
        let edge = edges[chosen];
        // Those who wait for it, nearest first; itself where it waits for itself.
        let others = (1..edges.len()).map(|step| (chosen + edges.len() - step) % edges.len());
        let mut path: Vec<Pid> = others.map(|index| edges[index].from).collect();
        if path.is_empty() {
            path.push(edge.from);
        }
        let found = Found { edge, path, certain: probe.certain };
        self.push_system(edge.from.shard(), Packet::system(edge.from.slot(), found));
    }

    /// Fails the wait of a member of a circle, or reports it.
    fn circle_found(&self, found: &Found) {
        let Edge { from: member, wait, .. } = found.edge;
        let (slot, generation) = (member.slot(), member.generation());
        if !self.is_still(&found.edge) {
            return;
        }
        let new = match found.certain {
            true => self.parking.doom(wait, &found.path),
            false => self.parking.suspect(wait),
        };
        if !new {
            return;
        }
        self.observe(|| Event::CycleFound { slot, generation, broken: found.certain });
        if found.certain {
            drop(catch(|| self.reporter.cycle_broken(member, &found.path)));
            self.schedule(slot);
        } else {
            drop(catch(|| self.reporter.cycle_suspected(member, &found.path)));
        }
    }
}

impl Deliver for Probe {
    fn deliver(self, shard: &Shard, _: PacketMeta) {
        shard.chase(self);
    }
}

/// The news of a circle, for one of its members.
struct Found {
    edge: Edge,
    /// Those who wait for the member, nearest first.
    path: Vec<Pid>,
    certain: bool,
}

impl Deliver for Found {
    fn deliver(self, shard: &Shard, _: PacketMeta) {
        shard.circle_found(&self);
    }
}
