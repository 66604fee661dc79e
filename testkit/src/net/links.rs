//! What stands between nodes.

use std::collections::{BTreeMap, BTreeSet};

use super::operate::{Net, NetEvent};
use crate::events::What;
use crate::faults::Fault;
use crate::world::World;

/// A way from one node to another.
pub(crate) type Way = (u16, u16);

/// Until when nothing passes, and why.
#[derive(Clone, Copy, Debug)]
struct Cut {
    /// In nanoseconds; `u64::MAX` for until it is healed.
    until: u64,
    fault: Fault,
}

/// What is sent from then on arrives later than the end.
#[derive(Clone, Copy, Debug)]
struct Clog {
    from: u64,
    until: u64,
    fault: Fault,
}

/// What goes wrong between nodes. A way that is not named is free.
#[derive(Default, Debug)]
pub(crate) struct Links {
    cuts: BTreeMap<Way, Cut>,
    /// When nothing arrives that is sent.
    clogs: BTreeMap<Way, Vec<Clog>>,
    /// What a cut or a clog keeps back, by when it goes on (`u64::MAX`: once it is healed) and in
    /// order; what is to go on by itself is entered for that time.
    held: BTreeMap<(u64, u64), (Way, NetEvent)>,
    held_next: u64,
}

/// When something arrives that has set out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) at: u64,
    /// A clog keeps it back until then.
    pub(super) is_held: bool,
}

/// How long a kernel sends the same bytes again before it gives a connection up: what 15 tries
/// with growing pauses come to on Linux (`tcp(7)`, `tcp_retries2`), in nanoseconds.
pub(super) const GIVE_UP_AFTER: u64 = 924_600_000_000;

impl Links {
    /// Lets nothing pass from now on.
    pub(crate) fn cut(&mut self, way: (u16, u16), fault: Fault, until: u64) {
        if way.0 == way.1 {
            return;
        }
        let cut = self.cuts.entry(way).or_insert(Cut { until, fault });
        if cut.until <= until {
            *cut = Cut { until, fault };
        }
    }

    /// Lets nothing that is sent from `from` to `until` arrive before the end of that.
    pub(super) fn clog(&mut self, way: Way, (from, until): (u64, u64), fault: Fault, now: u64) {
        let clogs = self.clogs.entry(way).or_default();
        clogs.retain(|clog| clog.until > now);
        clogs.push(Clog { from, until, fault });
    }

    /// What keeps something back that is sent now, the longest first.
    fn clog_at(&self, way: Way, now: u64) -> Option<Clog> {
        let clogs = self.clogs.get(&way)?.iter().copied();
        clogs.filter(|clog| clog.from <= now).max_by_key(|clog| clog.until)
    }

    fn cut_at(&self, way: Way, now: u64) -> Option<Cut> {
        self.cuts.get(&way).copied().filter(|cut| cut.until > now)
    }

    /// Notes that something is kept back until then.
    fn hold(&mut self, way: Way, event: NetEvent, until: u64, now: u64) {
        while let Some(first) = self.held.first_entry().filter(|first| first.key().0 <= now) {
            first.remove();
        }
        self.held.insert((until, self.held_next), (way, event));
        self.held_next += 1;
    }
}

impl Net<'_> {
    /// Draws what goes wrong on a way as something sets out on it, which arrives at that time.
    /// Returns when it does now.
    pub(super) fn set_out(&mut self, way: Way, mut arrives: u64) -> Arrival {
        if way.0 == way.1 {
            return Arrival { at: arrives, is_held: false };
        }
        let (from, world) = (u32::from(way.0), self.world);
        let until = || world.now() + world.fault_time(from, |times| times.partition_max);
        if world.goes_wrong(Fault::Partition, from) {
            let until = until();
            self.cut_both(way, Fault::Partition, until);
        }
        if world.goes_wrong(Fault::OneWayPartition, from) {
            self.network.links.cut(way, Fault::OneWayPartition, until());
        }
        if world.goes_wrong(Fault::Isolation, from) {
            self.isolate(way.0, until());
        }
        if world.goes_wrong(Fault::Delay, from) {
            let delay = world.fault_delay(from);
            world.went_wrong(Fault::Delay, way.0, delay);
            arrives += delay;
        }
        if world.goes_wrong(Fault::Clog, from) {
            self.clog(way, world.fault_time(from, |times| times.clog_max));
        }
        self.draw_groups(from);
        let clog = self.network.links.clog_at(way, world.now());
        match clog.filter(|clog| clog.until > arrives) {
            Some(clog) => {
                world.went_wrong(clog.fault, way.0, clog.until - arrives);
                Arrival { at: clog.until, is_held: true }
            }
            None => Arrival { at: arrives, is_held: false },
        }
    }

    /// Enters what arrives at the end of a way.
    pub(super) fn enter(&mut self, way: Way, arrival: Arrival, event: NetEvent) {
        if arrival.is_held {
            self.network.links.hold(way, event, arrival.at, self.world.now());
        }
        self.world.enter_at(arrival.at, What::Net(event));
    }

    /// Lets nothing that is sent from now on arrive before that time has passed.
    pub(crate) fn clog(&mut self, way: Way, time: u64) {
        let now = self.world.now();
        self.network.links.clog(way, (now, now + time), Fault::Clog, now);
    }

    /// Cuts a node off all others.
    pub(crate) fn isolate(&mut self, node: u16, until: u64) {
        for other in 0..self.world.nodes.len() as u16 {
            self.cut_both((node, other), Fault::Isolation, until);
        }
    }

    pub(super) fn cut_both(&mut self, way: Way, fault: Fault, until: u64) {
        self.network.links.cut(way, fault, until);
        self.network.links.cut((way.1, way.0), fault, until);
    }

    /// Whether nothing passes a way now; counts that something was stopped.
    pub(super) fn stops(&self, way: Way) -> bool {
        let cut = self.network.links.cut_at(way, self.world.now());
        if let Some(cut) = cut {
            self.world.went_wrong(cut.fault, way.0, u64::from(way.1));
        }
        cut.is_some()
    }

    /// Keeps an event that would pass a way back until the way is free. Whether it was.
    pub(super) fn holds(&mut self, way: Way, event: NetEvent) -> bool {
        let Some(cut) = self.network.links.cut_at(way, self.world.now()) else { return false };
        self.world.went_wrong(cut.fault, way.0, u64::from(way.1));
        if cut.until == u64::MAX {
            self.network.links.hold(way, event, cut.until, self.world.now());
        } else {
            let at = cut.until + self.latency(way.0, way.1);
            self.enter(way, Arrival { at, is_held: true }, event);
        }
        true
    }

    /// Frees all ways that the test asks for. What was kept back goes on now.
    pub(crate) fn heal(&mut self, healed: impl Fn(Way) -> bool) {
        let (links, now) = (&mut self.network.links, self.world.now());
        links.cuts.retain(|&way, _| !healed(way));
        links.clogs.retain(|&way, _| !healed(way));
        let (freed, held): (BTreeMap<_, _>, BTreeMap<_, _>) =
            std::mem::take(&mut links.held).into_iter().partition(|(_, (way, _))| healed(*way));
        links.held = held;
        let freed = freed.into_iter().filter(|((until, _), _)| *until > now);
        let freed: Vec<_> = freed.map(|((until, _), (way, event))| (until, way, event)).collect();
        let mut datagrams = BTreeSet::new();
        for (_, _, event) in &freed {
            match *event {
                NetEvent::Datagram(number) => drop(datagrams.insert(number)),
                NetEvent::Arrive(to) => self.unline_segments(to),
                _ => {}
            }
        }
        self.unline(&datagrams);
        let mut sooner = Vec::new();
        for (until, way, event) in freed {
            let arrives = now + self.latency(way.0, way.1);
            let arrives = match event {
                NetEvent::Datagram(number) => self.datagram_goes_on(number, arrives.min(until)),
                NetEvent::Arrive(to) => self.segment_goes_on(to, arrives.min(until)),
                _ => arrives,
            };
            if until == u64::MAX {
                self.world.enter_at(arrives, What::Net(event));
            } else {
                sooner.push((until, What::Net(event), arrives));
            }
        }
        self.world.events.borrow_mut().hasten(|at, what| {
            let found = sooner.iter().position(|&(until, other, _)| (until, other) == (at, what));
            found.map(|index| sooner.remove(index).2)
        });
    }
}

/// Calls `f` with the network, between two events.
pub(crate) fn steer<R>(world: &World, f: impl FnOnce(&mut Net<'_>) -> R) -> R {
    f(&mut Net { world, network: &mut world.network.borrow_mut() })
}
