//! Whom an actor is bound to, and what it has heard of them.
//!
//! A *link* is mutual: each side has the other in its set, and when one ends the other is told and
//! ends too, or traps it. A *monitor* goes one way: its owner keeps a number, the watched actor
//! keeps owner and number. Each side's record says whether the news still counts when it arrives,
//! so that there is exactly one [`Signal`] for a monitor, and none after it was taken back.
//!
//! An unlink crosses news that are under way. Until the other side has confirmed it, links that
//! this side hears of are older than the unlink and do not count (the protocol of Erlang's runtime
//! since OTP 23).

use std::any::Any;
use std::cell::RefMut;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::queue::Door;
use super::state;
use crate::actor::{Ending, Monitor, Signal};
use crate::handle::Started;
use crate::pid::Pid;
use crate::reply::Reply;

/// See the module. Most actors have none.
#[derive(Default)]
pub(crate) struct Bonds {
    pub(crate) links: BTreeSet<Pid>,
    /// Unlinks which the other side has not confirmed yet, counted.
    pub(crate) unlinking: BTreeMap<Pid, u32>,
    /// Whom this actor monitors, by number; `None` while the actor is still being built.
    pub(crate) monitors: BTreeMap<u64, Option<Pid>>,
    monitor_last: u64,
    /// Who monitors this actor.
    pub(crate) watchers: BTreeSet<(Pid, u64)>,
    /// The groups it hears of, each under a number: news of an earlier time do not count.
    pub(crate) groups: BTreeMap<Arc<str>, u64>,
    /// News that were not handled yet.
    signals: VecDeque<Signal>,
    /// What binds this actor to its spawner once it has started.
    pub(crate) awaited: Option<Bond>,
    pub(crate) charge: Option<Charge>,
}

/// What a new actor is bound by, from the moment it has started.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bond {
    /// A link with that incarnation of that actor.
    Link(Pid, u32),
    /// That actor's monitor of that number.
    Monitor(Pid, u64),
    /// A link with that incarnation of that supervisor, which decides over the actor's own.
    Supervisor(Pid, u32),
}

/// An actor's supervision.
pub(crate) struct Charge {
    pub(crate) supervisor: Pid,
    /// Makes incarnations: a `Box<dyn Fn() -> A>`, whose type the actor's body knows.
    pub(crate) factory: Box<dyn Any>,
    /// The number of the incarnation that was asked for, and who is told of its start.
    pub(crate) next: Option<(u32, Reply<Started>)>,
    /// Who asked for the end of this incarnation, and is told of it.
    pub(crate) over: Option<Reply<Ending>>,
}

/// What bound an incarnation that is over.
pub(crate) struct Past {
    pub(crate) links: BTreeSet<Pid>,
    pub(crate) monitors: BTreeMap<u64, Option<Pid>>,
    pub(crate) groups: BTreeMap<Arc<str>, u64>,
}

impl Bonds {
    pub(crate) fn next_monitor(&mut self) -> u64 {
        self.monitor_last += 1;
        self.monitor_last
    }

    /// `peer` tells of a link, which counts unless it is older than an unlink.
    pub(crate) fn linked(&mut self, peer: Pid) {
        if !self.unlinking.contains_key(&peer) {
            self.links.insert(peer);
        }
    }

    /// The other side has confirmed an unlink.
    pub(crate) fn unlinked(&mut self, peer: Pid) {
        if let Some(count) = self.unlinking.get_mut(&peer) {
            *count -= 1;
            if *count == 0 {
                self.unlinking.remove(&peer);
            }
        }
    }

    /// Forgets the news of a monitor that was taken back.
    pub(crate) fn forget_down(&mut self, number: u64) {
        self.signals.retain(
            |signal| !matches!(signal, Signal::Down { monitor: Monitor(n), .. } if *n == number),
        );
    }

    /// Forgets the news of a link that was taken back.
    pub(crate) fn forget_exit(&mut self, peer: Pid) {
        self.signals.retain(|signal| !matches!(signal, Signal::Exit { pid, .. } if *pid == peer));
    }

    /// Forgets a group and its news. Tells under which number it was heard of.
    pub(crate) fn forget_group(&mut self, of: &str) -> Option<u64> {
        self.signals.retain(|signal| {
            !matches!(signal, Signal::Joined { group, .. } | Signal::Left { group, .. }
                if **group == *of)
        });
        self.groups.remove(of)
    }

    /// What an incarnation leaves when another is to follow: its links, but for the supervisor's,
    /// and what it monitored. Who monitors the actor goes on doing so. Whoever was linked is to
    /// confirm that this is over.
    pub(crate) fn end_incarnation(&mut self) -> Past {
        self.signals.clear();
        let mut links = std::mem::take(&mut self.links);
        if let Some(Charge { supervisor, .. }) = &self.charge
            && links.remove(supervisor)
        {
            self.links.insert(*supervisor);
        }
        for &peer in &links {
            *self.unlinking.entry(peer).or_default() += 1;
        }
        let monitors = std::mem::take(&mut self.monitors);
        Past { links, monitors, groups: std::mem::take(&mut self.groups) }
    }
}

impl<M> Door<M> {
    /// The actor's bonds.
    pub(crate) fn bonds(&self) -> RefMut<'_, Bonds> {
        RefMut::map(self.cold.borrow_mut(), |cold| {
            &mut **cold.get_or_insert_default().bonds.get_or_insert_default()
        })
    }

    /// The actor's bonds, if it ever had any.
    pub(crate) fn bonds_if_any(&self) -> Option<RefMut<'_, Bonds>> {
        RefMut::filter_map(self.cold.borrow_mut(), |cold| cold.as_mut()?.bonds.as_deref_mut()).ok()
    }

    /// Takes the bonds of an actor that has ended.
    pub(crate) fn take_bonds(&self) -> Option<Box<Bonds>> {
        self.cold.borrow_mut().as_mut()?.bonds.take()
    }
}

impl<M: Send + 'static> Door<M> {
    /// Queues news. Returns whether the actor's task has to be scheduled.
    pub(super) fn push_signal(&self, signal: Signal) -> bool {
        self.bonds().signals.push_back(signal);
        // One that is suspended hears of nothing.
        let heard = super::AnyDoor::signal(self, state::SIGNALLED);
        heard && !self.has(state::SUSPENDED)
    }

    /// Takes the oldest news.
    pub(crate) fn next_signal(&self) -> Option<Signal> {
        let next = self.bonds_if_any().and_then(|mut bonds| bonds.signals.pop_front());
        if next.is_none() {
            self.clear(state::SIGNALLED);
        }
        next
    }
}
