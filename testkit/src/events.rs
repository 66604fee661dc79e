//! What is going to happen in virtual time.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

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
    /// What is on its way to a socket has been sent again often enough.
    GiveUp(u64),
    /// A socket has sent to a node that is down often enough.
    Unanswered(u64),
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
    #[inline]
    pub(crate) const fn is_under_way(self) -> bool {
        !matches!(self, Self::Deadline(_) | Self::Watch(_) | Self::GiveUp(_) | Self::Unanswered(_))
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

/// Most events that are kept in order; the others wait in a heap.
const NEAR_MAX: usize = 16;

/// How many come from there at a time: that leaves room for new ones.
const NEAR_REFILL: usize = NEAR_MAX / 2;

/// What would be later happens then.
const END_OF_TIME: u64 = u64::MAX - 1;

/// Events by time, then in the order in which they were entered.
///
/// Most runs have a handful under way at a time. Those are in order in a short list, where the next
/// one is taken off the end and a new one finds its place in a few comparisons.
#[derive(Debug)]
pub(crate) struct Events {
    /// The first ones, the earliest last; so many of them.
    near: [Entry; NEAR_MAX],
    near_len: usize,
    /// Others, none of which is earlier than any of those.
    far: BinaryHeap<Entry>,
    /// When the first of all is; `u64::MAX` when there is none.
    first_at: u64,
    order_next: u64,
    /// Events other than timers.
    under_way: usize,
}

/// Something whose time has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Due {
    pub(crate) what: What,
    /// The mark of the event in the trace that led to it.
    pub(crate) cause: u64,
}

impl Events {
    /// None yet.
    pub(crate) const fn new() -> Self {
        let nothing = Entry { at: 0, order: 0, what: What::Deadline(0), cause: 0 };
        Self {
            near: [nothing; NEAR_MAX],
            near_len: 0,
            far: BinaryHeap::new(),
            first_at: u64::MAX,
            order_next: 0,
            under_way: 0,
        }
    }

    /// Enters what happens then, because of the event of that mark.
    #[inline]
    pub(crate) fn enter(&mut self, at: u64, what: What, cause: u64) {
        self.under_way += usize::from(what.is_under_way());
        self.place(at.min(END_OF_TIME), what, cause);
    }

    #[inline(never)]
    fn place(&mut self, at: u64, what: What, cause: u64) {
        let order = self.order_next;
        self.order_next += 1;
        self.first_at = self.first_at.min(at);
        let entry = Entry { at, order, what, cause };
        if self.near_len < NEAR_MAX && self.far.is_empty() {
            self.keep(entry);
        } else {
            self.keep_among_many(entry);
        }
    }

    /// Puts an event behind those that happen no later. It was entered last: of two at the same
    /// time it is the later one.
    #[inline(always)]
    fn keep(&mut self, entry: Entry) {
        let mut place = self.near_len;
        self.near_len += 1;
        while place > 0 && self.near[place - 1].at <= entry.at {
            self.near[place] = self.near[place - 1];
            place -= 1;
        }
        self.near[place] = entry;
    }

    #[inline(never)]
    fn keep_among_many(&mut self, entry: Entry) {
        if self.far.peek().is_some_and(|first| first.at <= entry.at) {
            return self.far.push(entry);
        }
        if self.near_len == NEAR_MAX {
            if self.near[0].at <= entry.at {
                return self.far.push(entry);
            }
            self.far.push(self.near[0]);
            self.near.copy_within(1.., 0);
            self.near_len -= 1;
        }
        self.keep(entry);
    }

    /// The next one.
    #[inline]
    fn next(&self) -> Option<&Entry> {
        match self.near_len {
            0 => self.far.peek(),
            len => self.near.get(len - 1),
        }
    }

    /// Those that are kept in order.
    fn near(&self) -> &[Entry] {
        &self.near[..self.near_len]
    }

    /// When the next event is.
    #[inline]
    pub(crate) const fn next_at(&self) -> Option<u64> {
        if self.first_at == u64::MAX { None } else { Some(self.first_at) }
    }

    #[inline]
    fn note_first(&mut self) {
        self.first_at = self.next().map_or(u64::MAX, |entry| entry.at);
    }

    /// The next event and when it is.
    #[inline]
    pub(crate) fn peek(&self) -> Option<(u64, What)> {
        self.next().map(|entry| (entry.at, entry.what))
    }

    /// The next event, if it is not after `now`.
    #[inline]
    pub(crate) fn pop_due(&mut self, now: u64) -> Option<Due> {
        if self.first_at > now { None } else { self.pop() }
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Due> {
        let Entry { what, cause, .. } = match self.near_len.checked_sub(1) {
            Some(last) => {
                self.near_len = last;
                *self.near.get(last)?
            }
            None => self.pop_far()?,
        };
        self.note_first();
        self.under_way -= usize::from(what.is_under_way());
        Some(Due { what, cause })
    }

    /// Takes the first of those in the heap, and puts the next ones in order.
    #[inline(never)]
    fn pop_far(&mut self) -> Option<Entry> {
        let first = self.far.pop()?;
        let more = self.far.len().min(NEAR_REFILL);
        for place in (0..more).rev() {
            self.near[place] = self.far.pop()?;
        }
        self.near_len = more;
        Some(first)
    }

    /// Moves events to the earlier times that `sooner` says, in the order in which they would have
    /// happened.
    pub(crate) fn hasten(&mut self, mut sooner: impl FnMut(u64, What) -> Option<u64>) {
        let mut entries = std::mem::take(&mut self.far).into_vec();
        entries.extend(self.near());
        self.near_len = 0;
        entries.sort_unstable_by_key(|entry| (entry.at, entry.order));
        for entry in &mut entries {
            if let Some(at) = sooner(entry.at, entry.what) {
                entry.at = entry.at.min(at);
            }
        }
        self.far = entries.into();
        self.note_first();
    }

    /// Takes back the events that are not wanted any more.
    pub(crate) fn retain(&mut self, wanted: impl Fn(What) -> bool) {
        let mut near = self.near().to_vec();
        near.retain(|entry| wanted(entry.what));
        self.near_len = near.len();
        self.near[..near.len()].copy_from_slice(&near);
        self.far.retain(|entry| wanted(entry.what));
        let left = self.near().iter().chain(&self.far);
        self.under_way = left.filter(|entry| entry.what.is_under_way()).count();
        self.note_first();
    }

    /// Whether anything is under way that is no timer of a shard.
    pub(crate) const fn any_under_way(&self) -> bool {
        self.under_way > 0
    }
}

#[cfg(test)]
mod tests {
    use greenroom_core::hash::mix;

    use super::*;

    #[test]
    fn what_happens_at_once_comes_behind_what_is_due() {
        let mut events = Events::new();
        events.enter(5, What::Doorbell(0), 7);
        events.enter(5, What::Doorbell(1), 7);
        events.enter(5, What::Doorbell(2), 7);
        events.enter(5, What::Doorbell(3), 7);
        events.enter(4, What::Doorbell(4), 7);
        events.enter(6, What::Doorbell(5), 7);
        let popped = std::iter::from_fn(|| events.pop_due(6));
        let popped: Vec<What> = popped.map(|due| due.what).collect();
        assert_eq!(popped, [4, 0, 1, 2, 3, 5].map(What::Doorbell));
        assert!(!events.any_under_way());
    }

    #[test]
    fn many_events_come_in_the_order_of_a_sorted_list() {
        let mut draw = 1;
        let mut next = |n: u64| {
            draw = mix(draw + 1);
            draw % n
        };
        for _ in 0..50 {
            let (mut events, mut sorted, mut now) = (Events::new(), Vec::new(), 0);
            let (most, far) = (1 + next(60) as usize, 1 + next(1000));
            for order in 0..2_000u32 {
                let at = now + if next(8) == 0 { 0 } else { next(far) };
                events.enter(at, What::Doorbell(order), 7);
                sorted.push((at, order));
                while sorted.len() > most || next(3) == 0 {
                    sorted.sort_unstable();
                    let Some(&(at, order)) = sorted.first() else { break };
                    assert_eq!(events.next_at(), Some(at));
                    assert_eq!(events.pop().unwrap().what, What::Doorbell(order));
                    sorted.remove(0);
                    now = at.max(now);
                }
            }
            assert_eq!(events.any_under_way(), !sorted.is_empty());
        }
    }

    #[test]
    fn events_come_by_time_and_then_as_entered() {
        let mut events = Events::new();
        events.enter(5, What::Doorbell(0), 7);
        events.enter(3, What::Deadline(1), 8);
        events.enter(5, What::Doorbell(2), 8);
        assert_eq!(events.pop_due(2), None);
        assert_eq!(events.pop_due(3), Some(Due { what: What::Deadline(1), cause: 8 }));
        assert_eq!(events.pop(), Some(Due { what: What::Doorbell(0), cause: 7 }));
        assert!(events.any_under_way());
        assert_eq!(events.pop(), Some(Due { what: What::Doorbell(2), cause: 8 }));
        assert!(!events.any_under_way());
    }
}
