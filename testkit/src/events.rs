//! What is going to happen in virtual time.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};
use std::rc::Rc;

use crate::faults::Crash;
use crate::net::NetEvent;

/// Something that happens at a time of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    /// A timer of a shard is due.
    Deadline(u32),
    /// A doorbell reaches a shard.
    Doorbell(u32),
    /// A parked shard wakes for no reason.
    Spurious(u32),
    /// A spinning shard sees what it spins for.
    Notice(u32),
    /// A shard has spun long enough; the number says for which spin this was meant.
    SpinEnd(u32, u32),
    /// Something from outside reaches a shard.
    Inject(u32),
    /// A completion reaches its shard.
    Complete(u32),
    /// Something happens on the network.
    Net(NetEvent),
    /// A file operation has its effect.
    Disk(u32),
    /// A blocking job runs.
    Job(u32),
    /// Something is done on a thread that an actor has to itself.
    OnThread(u32),
    /// A node goes down.
    Crash(u16, Crash),
    /// A node that went down comes back.
    Restart(u16),
    /// A shard that stood still goes on.
    StallEnd(u32),
    /// The watchdog looks at a shard that stands still.
    Watch(u32),
}

impl What {
    /// Whether it is more than a timer: of a shard, or of a kernel that gives a peer up.
    const fn is_under_way(self) -> bool {
        !matches!(
            self,
            Self::Deadline(_)
                | Self::Watch(_)
                | Self::Net(NetEvent::GiveUp(_) | NetEvent::Unanswered(_))
        )
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Entry {
    at: u64,
    order: u64,
    what: What,
    /// The mark of the event in the trace that led to it.
    cause: u64,
}

impl Ord for Entry {
    /// The earliest is the greatest, as a max-heap wants it.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Events by time, then in the order in which they were entered.
#[derive(Debug, Default)]
pub(crate) struct Events {
    heap: BinaryHeap<Entry>,
    /// Those that were entered for the time at which they were: they are in order as they come.
    soon: VecDeque<Entry>,
    order_next: u64,
    /// Events other than timers.
    under_way: usize,
    /// The mark of what leads to what is entered now.
    leads: Rc<Cell<u64>>,
}

/// Something whose time has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Due {
    pub(crate) what: What,
    /// The mark of the event in the trace that led to it.
    pub(crate) cause: u64,
}

impl Events {
    /// None yet; `leads` holds the mark of what leads to whatever is entered.
    pub(crate) fn new(leads: Rc<Cell<u64>>) -> Self {
        Self { leads, ..Self::default() }
    }

    #[inline]
    pub(crate) fn enter(&mut self, at: u64, what: What) {
        let entry = self.entry(at, what);
        self.heap.push(entry);
    }

    /// Enters what happens at once, behind all else that does. `now` never goes back.
    #[inline]
    pub(crate) fn enter_now(&mut self, now: u64, what: What) {
        let entry = self.entry(now, what);
        debug_assert!(self.soon.back().is_none_or(|last| last.at <= now), "time went back");
        self.soon.push_back(entry);
    }

    #[inline]
    fn entry(&mut self, at: u64, what: What) -> Entry {
        self.under_way += usize::from(what.is_under_way());
        let order = self.order_next;
        self.order_next += 1;
        Entry { at, order, what, cause: self.leads.get() }
    }

    /// The next one, and whether it is one of those that were to be soon.
    #[inline]
    fn next(&self) -> Option<(&Entry, bool)> {
        match (self.soon.front(), self.heap.peek()) {
            (None, later) => later.map(|entry| (entry, false)),
            // The greater one is the earlier.
            (Some(soon), Some(later)) if later > soon => Some((later, false)),
            (Some(soon), _) => Some((soon, true)),
        }
    }

    /// When the next event is.
    #[inline]
    pub(crate) fn next_at(&self) -> Option<u64> {
        self.next().map(|(entry, _)| entry.at)
    }

    /// The next event and when it is.
    pub(crate) fn peek(&self) -> Option<(u64, What)> {
        self.next().map(|(entry, _)| (entry.at, entry.what))
    }

    /// The next event, if it is not after `now`.
    #[inline]
    pub(crate) fn pop_due(&mut self, now: u64) -> Option<Due> {
        self.pop_if(|at| at <= now)
    }

    pub(crate) fn pop(&mut self) -> Option<Due> {
        self.pop_if(|_| true)
    }

    #[inline]
    fn pop_if(&mut self, wanted: impl Fn(u64) -> bool) -> Option<Due> {
        let (next, soon) = self.next()?;
        if !wanted(next.at) {
            return None;
        }
        let next = if soon { self.soon.pop_front() } else { self.heap.pop() };
        let Entry { what, cause, .. } = next?;
        self.under_way -= usize::from(what.is_under_way());
        Some(Due { what, cause })
    }

    /// Moves events to the earlier times that `sooner` says, in the order in which they would have
    /// happened.
    pub(crate) fn hasten(&mut self, mut sooner: impl FnMut(u64, What) -> Option<u64>) {
        let mut entries = std::mem::take(&mut self.heap).into_vec();
        entries.extend(self.soon.drain(..));
        entries.sort_unstable_by_key(|entry| (entry.at, entry.order));
        for entry in &mut entries {
            if let Some(at) = sooner(entry.at, entry.what) {
                entry.at = entry.at.min(at);
            }
        }
        self.heap = entries.into();
    }

    /// Takes back the events that are not wanted any more.
    pub(crate) fn retain(&mut self, wanted: impl Fn(What) -> bool) {
        self.heap.retain(|entry| wanted(entry.what));
        self.soon.retain(|entry| wanted(entry.what));
        let left = self.heap.iter().chain(&self.soon);
        self.under_way = left.filter(|entry| entry.what.is_under_way()).count();
    }

    /// Whether anything is under way that is no timer of a shard.
    pub(crate) const fn any_under_way(&self) -> bool {
        self.under_way > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_at_once_comes_behind_what_is_due_and_before_what_is_not() {
        let mut events = Events::new(Rc::default());
        events.enter(5, What::Doorbell(0));
        events.enter_now(5, What::Doorbell(1));
        events.enter(5, What::Doorbell(2));
        events.enter_now(5, What::Doorbell(3));
        events.enter(4, What::Doorbell(4));
        events.enter_now(6, What::Doorbell(5));
        let popped = std::iter::from_fn(|| events.pop_due(6));
        let popped: Vec<What> = popped.map(|due| due.what).collect();
        assert_eq!(popped, [4, 0, 1, 2, 3, 5].map(What::Doorbell));
        assert!(!events.any_under_way());
    }

    #[test]
    fn events_come_by_time_and_then_as_entered() {
        let leads = Rc::new(Cell::new(7));
        let mut events = Events::new(leads.clone());
        events.enter(5, What::Doorbell(0));
        leads.set(8);
        events.enter(3, What::Deadline(1));
        events.enter(5, What::Doorbell(2));
        assert_eq!(events.pop_due(2), None);
        assert_eq!(events.pop_due(3), Some(Due { what: What::Deadline(1), cause: 8 }));
        assert_eq!(events.pop(), Some(Due { what: What::Doorbell(0), cause: 7 }));
        assert!(events.any_under_way());
        assert_eq!(events.pop(), Some(Due { what: What::Doorbell(2), cause: 8 }));
        assert!(!events.any_under_way());
    }
}
