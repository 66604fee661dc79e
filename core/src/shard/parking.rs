//! Who waits for room, in whose mailbox, and since when.
//!
//! A wait is entered here when its sender parks and leaves when it ends, whatever way: nothing on
//! the path of a message that finds room. What it is for is the question that a mailbox cannot
//! answer, *what does this task wait for*; a probe asks it (see `probe`). The coarse wheel looks at
//! the waits now and then, while there are any, and says which have lasted so long that they are
//! worth a probe.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Bound;

use super::Shard;
use crate::limits::{PROBE_AFTER, PROBE_BATCH, PROBES_MAX};
use crate::mailbox::Ticket;
use crate::pid::Pid;
use crate::time::Instant;

/// Names a wait of one shard: the slot of the task, and a number that is never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct WaitKey {
    pub(super) slot: u32,
    pub(super) number: u64,
}

/// Where a sender waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// In the queue before a mailbox of this shard.
    Mailbox(Ticket),
    /// For a target's GO, or for room in the outbox, under that number.
    Away(u64),
}

/// The task that polled a wait last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Waiting {
    /// Slot and generation; generation 0 when no task was running.
    pub(crate) task: (u32, u32),
    /// Whether a wake-up goes to that task itself, not to something between.
    pub(crate) direct: bool,
}

/// What a wait is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) to: Pid,
    pub(crate) place: Place,
    /// When the wait ends by itself: a call's deadline.
    pub(crate) until: Instant,
    /// The reply slot of the call that waits, which wakes the same task.
    pub(crate) reply: Option<u32>,
}

/// What probes have found about a wait.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Verdict {
    Open,
    /// It is on a circle that may yet dissolve: no more probes for it.
    Suspected,
    /// It can never end: who waits for it, nearest first.
    Doomed(Vec<Pid>),
}

#[derive(Debug)]
struct Parked {
    waiting: Waiting,
    wanted: Wanted,
    verdict: Verdict,
    /// Probes so far, and when the next is due.
    probes: u32,
    probe_at: Instant,
    /// Tells the mark that the task has from those it had before.
    mark: u64,
    /// The reporter was told that the wait is on a circle that may dissolve.
    told: bool,
}

impl Parked {
    fn is_exhausted(&self) -> bool {
        self.probes == PROBES_MAX
    }

    /// Begins the count of probes anew.
    fn restart(&mut self, now: Instant) {
        self.probes = 0;
        self.probe_at = now + PROBE_AFTER;
    }
}

/// The waits of a shard.
#[derive(Debug, Default)]
pub(crate) struct Parking {
    inner: RefCell<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    waits: BTreeMap<WaitKey, Parked>,
    number_next: u64,
    mark_next: u64,
    /// The tick of the coarse wheel at which the next look is due.
    armed: Option<u32>,
    /// The last wait that an unfinished look covered.
    look: Option<WaitKey>,
    /// The nearest probe of those that it covered, and of those that came since.
    nearest: Option<Instant>,
    /// Waits that had all their probes.
    exhausted: usize,
}

/// What is known of a wait.
pub(super) struct Known {
    pub(super) key: WaitKey,
    pub(super) wanted: Wanted,
    /// See [`Parking::marked`].
    pub(super) mark: u64,
    /// Whether it is its task's one wait for room, and wakes the task directly.
    pub(super) alone: bool,
}

/// What a look at the waits came to.
pub(super) struct Looked {
    /// The tasks whose waits are worth a probe.
    pub(super) due: Vec<(u32, u32)>,
    /// When to look again.
    pub(super) again_at: Option<Instant>,
}

impl Parking {
    fn enter(&self, waiting: Waiting, wanted: Wanted, now: Instant) -> WaitKey {
        let inner = &mut *self.inner.borrow_mut();
        let key = WaitKey { slot: waiting.task.0, number: inner.number_next };
        inner.number_next += 1;
        let probe_at = now + PROBE_AFTER;
        let verdict = Verdict::Open;
        let parked = Parked { waiting, wanted, verdict, probes: 0, probe_at, mark: 0, told: false };
        inner.insert(key, parked);
        key
    }

    /// Ends a wait. Returns where it was, and who waits for it if it can never end.
    pub(crate) fn leave(&self, key: WaitKey) -> Option<(Place, Option<Vec<Pid>>)> {
        let inner = &mut *self.inner.borrow_mut();
        let parked = inner.waits.remove(&key)?;
        inner.exhausted -= usize::from(parked.is_exhausted());
        let path = match parked.verdict {
            Verdict::Doomed(path) => Some(path),
            Verdict::Open | Verdict::Suspected => None,
        };
        Some((parked.wanted.place, path))
    }

    /// Where somebody waits.
    pub(crate) fn place(&self, key: WaitKey) -> Option<Place> {
        self.inner.borrow().waits.get(&key).map(|parked| parked.wanted.place)
    }

    /// Whether a wait was found to be without end.
    pub(crate) fn is_doomed(&self, key: WaitKey) -> bool {
        let inner = self.inner.borrow();
        inner.waits.get(&key).is_some_and(|parked| matches!(parked.verdict, Verdict::Doomed(_)))
    }

    /// A wait goes on after its task was polled: what probes knew of it is out of date.
    fn renew(&self, key: WaitKey, waiting: Waiting, place: Place, now: Instant) -> WaitKey {
        let inner = &mut *self.inner.borrow_mut();
        let Some(mut parked) = inner.waits.remove(&key) else { return key };
        inner.exhausted -= usize::from(parked.is_exhausted());
        parked.restart(now);
        parked.verdict = Verdict::Open;
        parked.waiting = waiting;
        parked.wanted.place = place;
        // Another task may have come to poll it.
        let key = WaitKey { slot: waiting.task.0, number: key.number };
        inner.insert(key, parked);
        key
    }

    /// The oldest wait of a task.
    pub(super) fn of_task(&self, (slot, generation): (u32, u32)) -> Option<Known> {
        let inner = self.inner.borrow();
        let keys = WaitKey { slot, number: 0 }..=WaitKey { slot, number: u64::MAX };
        let mut waits = inner.waits.range(keys);
        let (&key, parked) = waits.next()?;
        let current = parked.waiting.task == (slot, generation);
        let alone = waits.next().is_none() && parked.waiting.direct;
        current.then_some(Known { key, wanted: parked.wanted, mark: parked.mark, alone })
    }

    /// Notes that the task of a wait was marked, and whether that is new. Returns what tells the
    /// mark from others.
    pub(super) fn marked(&self, key: WaitKey, new: bool) -> Option<u64> {
        let inner = &mut *self.inner.borrow_mut();
        let parked = inner.waits.get_mut(&key)?;
        if new {
            inner.mark_next += 1;
            parked.mark = inner.mark_next;
        }
        Some(parked.mark)
    }

    /// Dooms a wait. False where it has ended, or is doomed already.
    pub(super) fn doom(&self, key: WaitKey, path: &[Pid]) -> bool {
        let mut inner = self.inner.borrow_mut();
        let Some(parked) = inner.waits.get_mut(&key) else { return false };
        let open = !matches!(parked.verdict, Verdict::Doomed(_));
        if open {
            parked.verdict = Verdict::Doomed(path.to_vec());
        }
        open
    }

    /// Notes that a wait is on a circle that may dissolve. Returns whether nobody was told yet.
    pub(super) fn suspect(&self, key: WaitKey) -> bool {
        let mut inner = self.inner.borrow_mut();
        let parked = inner.waits.get_mut(&key).filter(|parked| parked.verdict == Verdict::Open);
        let Some(parked) = parked else { return false };
        parked.verdict = Verdict::Suspected;
        !std::mem::replace(&mut parked.told, true)
    }

    /// Looks at the waits for those whose probe is due, some of them at a time.
    pub(super) fn look(&self, now: Instant) -> Looked {
        let inner = &mut *self.inner.borrow_mut();
        let mut looked = Looked { due: Vec::new(), again_at: None };
        let (after, mut nearest) = match inner.look.take() {
            Some(key) => (Bound::Excluded(key), inner.nearest),
            None => (Bound::Unbounded, None),
        };
        let mut waits = inner.waits.range_mut((after, Bound::Unbounded));
        for (key, parked) in waits.by_ref().take(PROBE_BATCH) {
            inner.look = Some(*key);
            if parked.is_exhausted() || parked.verdict != Verdict::Open {
                continue;
            }
            if parked.probe_at <= now {
                looked.due.push(parked.waiting.task);
                parked.probes += 1;
                parked.probe_at = now + PROBE_AFTER * (1 << parked.probes);
                inner.exhausted += usize::from(parked.is_exhausted());
            }
            if !parked.is_exhausted() {
                nearest = Some(nearest.map_or(parked.probe_at, |at| at.min(parked.probe_at)));
            }
        }
        if waits.next().is_some() {
            // The rest with the next tick.
            inner.nearest = nearest;
            looked.again_at = Some(now);
        } else {
            inner.look = None;
            looked.again_at = nearest;
        }
        looked
    }

    /// Gives the waits that had all their probes new ones. Returns whether there were any.
    fn stir(&self, now: Instant) -> bool {
        let inner = &mut *self.inner.borrow_mut();
        if inner.exhausted == 0 {
            return false;
        }
        inner.exhausted = 0;
        inner.waits.values_mut().filter(|w| w.is_exhausted()).for_each(|w| w.restart(now));
        true
    }

    /// Notes that a look is due at `tick`. Returns whether it has to be put on the wheel, because
    /// none is due as early as that.
    fn arm(&self, tick: u32) -> bool {
        let mut inner = self.inner.borrow_mut();
        let earlier = inner.armed.is_none_or(|armed| tick < armed);
        if earlier {
            inner.armed = Some(tick);
        }
        earlier
    }

    /// Whether the look that is due at `tick` is still meant; no other took its place.
    fn disarm(&self, tick: u32) -> bool {
        let mut inner = self.inner.borrow_mut();
        let meant = inner.armed == Some(tick);
        if meant {
            inner.armed = None;
        }
        meant
    }

    /// Senders that wait.
    pub(crate) fn len(&self) -> usize {
        self.inner.borrow().waits.len()
    }
}

impl Inner {
    fn insert(&mut self, key: WaitKey, parked: Parked) {
        self.nearest = Some(self.nearest.map_or(parked.probe_at, |at| at.min(parked.probe_at)));
        self.waits.insert(key, parked);
    }
}

/// What the coarse wheel knows the look at the waits by, among reply slots.
pub(super) const LOOK: u32 = u32::MAX;

impl Shard {
    /// Enters a wait.
    pub(crate) fn enter_wait(&self, waiting: Waiting, wanted: Wanted) -> WaitKey {
        let key = self.parking.enter(waiting, wanted, self.now());
        self.look_at_waits_at(self.now() + PROBE_AFTER);
        key
    }

    /// A wait goes on, in that place.
    pub(crate) fn renew_wait(&self, key: WaitKey, waiting: Waiting, place: Place) -> WaitKey {
        let key = self.parking.renew(key, waiting, place, self.now());
        self.look_at_waits_at(self.now() + PROBE_AFTER);
        key
    }

    /// Room that was reserved for a sender was taken or given up, so that a circle may be complete
    /// that was not when its members were probed.
    pub(crate) fn stir_waits(&self) {
        if self.parking.stir(self.now()) {
            self.look_at_waits_at(self.now() + PROBE_AFTER);
        }
    }

    /// Sees to it that the waits are looked at, unless they are soon anyhow.
    fn look_at_waits_at(&self, at: Instant) {
        let tick = self.deadlines.tick_of(at, self.now());
        if self.parking.arm(tick) {
            self.deadlines.enter(LOOK, tick);
        }
    }

    /// The look that is due at `tick`: sends a probe along each wait that has lasted long enough.
    pub(super) fn look_at_waits(&self, tick: u32, now: Instant) {
        if !self.parking.disarm(tick) {
            return;
        }
        let looked = self.parking.look(now);
        if let Some(at) = looked.again_at {
            self.look_at_waits_at(at);
        }
        for (slot, generation) in looked.due {
            self.probe(slot, generation);
        }
    }
}
