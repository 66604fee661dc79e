//! The rolling hash, its checkpoints, and the last records.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use super::record::NO_SHARD;
use super::{Kind, Record};

/// Events between two checkpoints of the hash.
pub(crate) const CHECKPOINT_EVENTS: u64 = 1024;

/// Records kept of any run, 128 KiB; a power of two. More would go through the whole of a core's
/// second cache, and take the place of what the run itself touches.
const RECORDS: usize = 1 << 12;

/// Records kept of a run that is to be looked at, 128 MiB; a power of two.
const RECORDS_WHOLE: usize = 1 << 22;

const _: () = assert!(CHECKPOINT_EVENTS.is_power_of_two());
const _: () = assert!(RECORDS.is_power_of_two() && RECORDS_WHOLE.is_power_of_two());

/// How much of a trace is kept beside the hash, its checkpoints, and the last records.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Reach {
    /// As many records as a picture can show.
    pub(crate) whole: bool,
    /// The test sees them: it asked for them. Else it sees the last ones of every run, so that it
    /// does the same in one that is kept whole for others.
    pub(crate) shown: bool,
    /// From that event on a number of events, each with the hash after it.
    pub(crate) closely: Option<u64>,
}

/// The hash after every 1024 events, and at the end.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Checkpoints {
    pub(crate) hashes: Vec<u64>,
    pub(crate) last: u64,
    pub(crate) events: u64,
}

/// An event with the hash after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Close {
    pub(crate) hash: u64,
    pub(crate) record: Record,
}

/// So many are kept of a run that is looked at closely.
const CLOSE_MAX: usize = 1 << 16;

/// The trace of one run.
#[derive(Debug)]
pub(crate) struct Trace {
    hash: Cell<u64>,
    count: Cell<u64>,
    /// The event of which everything that happens now is a consequence, as a mark.
    cause: Cell<u64>,
    /// The event of which what is entered now, to happen later, will be a consequence, as a mark.
    leads: Cell<u64>,
    /// The bits of an event's number that are zero where it is looked at; none where each is.
    looks_mask: u64,
    checkpoints: RefCell<Vec<u64>>,
    /// The last records: that of an event is at the low bits of its number.
    records: Records,
    /// The same of a run that is kept whole.
    whole: RefCell<Vec<Record>>,
    /// Names of actors in the order in which they were spawned, where all records are kept.
    names: RefCell<Vec<Named>>,
    reach: Reach,
    /// Where the trace is looked at closely.
    close: RefCell<Vec<Close>>,
}

/// That an actor was spawned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Named {
    /// How many events there were before.
    pub(crate) since: u64,
    pub(crate) place: Place,
    pub(crate) slot: u32,
    pub(crate) name: Rc<str>,
}

/// Where an event happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) node: u16,
    pub(crate) shard: u16,
}

impl Place {
    /// On a node, on none of its shards.
    pub(crate) const fn of_node(node: u16) -> Self {
        Self { node, shard: NO_SHARD }
    }
}

/// Record buffers of runs that are over: a campaign would otherwise have them cleared for every
/// seed.
static SPARE: Mutex<Vec<Records>> = Mutex::new(Vec::new());
const SPARE_MAX: usize = 8;

/// As many as [`RECORDS`]. Each is written by itself: to note an event is most of what many events
/// cost.
type Records = Box<[Cell<Record>]>;

impl Trace {
    /// An empty trace.
    pub(crate) fn new(seed: u64, reach: Reach) -> Self {
        let spare = || SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let records = spare().unwrap_or_else(|| vec![Cell::new(Record::NOTHING); RECORDS].into());
        Self {
            hash: Cell::new(fold(seed, 1)),
            count: Cell::new(0),
            cause: Cell::new(0),
            leads: Cell::new(0),
            looks_mask: match reach {
                Reach { whole: false, closely: None, .. } => CHECKPOINT_EVENTS - 1,
                _ => 0,
            },
            checkpoints: RefCell::default(),
            records,
            whole: RefCell::default(),
            names: RefCell::default(),
            reach,
            close: RefCell::default(),
        }
    }

    /// The mark of what leads to whatever is entered now.
    #[inline]
    pub(crate) const fn leads(&self) -> u64 {
        self.leads.get()
    }

    /// Notes an event with the cause that was set last. Returns its number.
    #[inline]
    pub(crate) fn note(&self, time: u64, place: Place, kind: Kind, actor: u32, detail: u64) -> u64 {
        self.note_caused(time, place, kind, actor, detail, self.cause.get())
    }

    /// Notes an event; `cause` is the number of the event that led to it, plus 1, or 0.
    #[inline]
    pub(crate) fn note_caused(
        &self,
        time: u64,
        place: Place,
        kind: Kind,
        actor: u32,
        detail: u64,
        cause: u64,
    ) -> u64 {
        let seq = self.count.get();
        let site = u64::from(place.node) << 48
            | u64::from(place.shard) << 32
            | u64::from(kind as u16) << 16;
        let hash = fold(self.hash.get() ^ site, time);
        let hash = fold(hash ^ u64::from(actor), detail);
        self.hash.set(hash);
        self.count.set(seq + 1);
        // A cause of four billion events ago is as good as none.
        let back = if cause == 0 { 0 } else { seq + 1 - cause };
        let record = Record {
            seq,
            time,
            node: place.node,
            shard: place.shard,
            kind,
            detail: detail as u16,
            actor,
            cause: back as u32,
        };
        self.records[seq as usize % RECORDS].set(record);
        if kind.leads_on() {
            self.leads.set(seq + 1);
            if kind == Kind::Fault {
                self.cause.set(seq + 1);
            }
        }
        if (seq + 1) & self.looks_mask == 0 { self.look(seq, hash) } else { seq }
    }

    /// Keeps the hash after an event, and the event of a run that is kept whole; returns its number.
    /// (The event is read back: handed over, it would have to be in memory twice, each time.)
    #[cold]
    #[inline(never)]
    fn look(&self, seq: u64, hash: u64) -> u64 {
        let record = || self.records[seq as usize % RECORDS].get();
        if self.reach.whole {
            let whole = &mut *self.whole.borrow_mut();
            match whole.get_mut(seq as usize % RECORDS_WHOLE) {
                Some(old) => *old = record(),
                None => whole.push(record()),
            }
        }
        if (seq + 1).is_multiple_of(CHECKPOINT_EVENTS) {
            self.checkpoints.borrow_mut().push(hash);
        }
        if let Some(from) = self.reach.closely
            && seq >= from
        {
            let mut close = self.close.borrow_mut();
            if close.len() < CLOSE_MAX {
                close.push(Close { hash, record: record() });
            }
        }
        seq
    }

    /// The events that were looked at closely.
    pub(crate) fn close(&self) -> Vec<Close> {
        self.close.borrow().clone()
    }

    /// Notes that the actor to be spawned in a slot has that name.
    pub(crate) fn named(&self, place: Place, slot: u32, name: &Rc<str>) {
        if self.reach.whole {
            let name = name.clone();
            self.names.borrow_mut().push(Named { since: self.events(), place, slot, name });
        }
    }

    /// The names that were noted.
    pub(crate) fn names(&self) -> Vec<Named> {
        self.names.borrow().clone()
    }

    /// Says that what happens from now on is a consequence of that event.
    #[inline]
    pub(crate) fn because_of(&self, seq: u64) {
        self.because(seq + 1);
    }

    /// The same, by the event's mark: its number plus 1, or 0 for no event that is known.
    #[inline]
    pub(crate) fn because(&self, mark: u64) {
        self.cause.set(mark);
        self.leads.set(mark);
    }

    /// Says that what happens from now on has no cause that is known.
    #[inline]
    pub(crate) fn because_of_nothing(&self) {
        self.because(0);
    }

    /// Says that what is entered now is a consequence of the same as what happens now.
    pub(crate) fn leads_again(&self) {
        self.leads.set(self.cause.get());
    }

    /// The mark of the event of which everything that happens now is a consequence.
    #[inline]
    pub(crate) const fn cause(&self) -> u64 {
        self.cause.get()
    }

    #[inline]
    pub(crate) const fn hash(&self) -> u64 {
        self.hash.get()
    }

    #[inline]
    pub(crate) const fn events(&self) -> u64 {
        self.count.get()
    }

    pub(crate) fn checkpoints(&self) -> Checkpoints {
        Checkpoints {
            hashes: self.checkpoints.borrow().clone(),
            last: self.hash(),
            events: self.events(),
        }
    }

    /// The last `count` records that are kept, oldest first.
    pub(crate) fn records(&self, count: usize) -> Vec<Record> {
        let whole = self.whole.borrow();
        let (end, is_whole) = (self.count.get() as usize, self.reach.whole);
        let kept = end.min(if is_whole { whole.len() } else { RECORDS }).min(count);
        let record = |seq: usize| match is_whole {
            true => whole[seq % RECORDS_WHOLE],
            false => self.records[seq % RECORDS].get(),
        };
        (end - kept..end).map(record).collect()
    }

    /// The last `count` of those that the test sees, oldest first.
    pub(crate) fn shown(&self, count: usize) -> Vec<Record> {
        self.records(if self.reach.shown { count } else { count.min(RECORDS) })
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < SPARE_MAX {
            spare.push(std::mem::take(&mut self.records));
        }
    }
}

/// Folds a word into a hash: the halves of a full product, as in Wang Yi's wyhash.
#[inline]
pub(crate) const fn fold(hash: u64, word: u64) -> u64 {
    const A: u64 = 0x2d35_8dcc_aa6c_78a5;
    const B: u64 = 0x8bb8_4b93_962e_acc9;
    let product = ((hash ^ A) as u128) * ((word ^ B) as u128);
    // A factor of zero would forget the past: it is added back.
    (product as u64) ^ ((product >> 64) as u64) ^ hash.rotate_left(29)
}

/// The hash of bytes, for what is carried by sockets and files.
pub(crate) fn fold_bytes(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(bytes.len() as u64, |h, word| fold(h, u64::from_le_bytes(*word)));
    rest.iter().fold(hash, |h, byte| fold(h, u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place = Place { node: 0, shard: 1 };

    #[test]
    fn every_part_of_an_event_changes_the_hash() {
        let hash = |time, place, kind, actor, detail| {
            let trace = Trace::new(1, Reach::default());
            trace.note(time, place, kind, actor, detail);
            trace.hash()
        };
        let base = hash(1, HERE, Kind::Turn, 1, 1);
        assert_eq!(base, hash(1, HERE, Kind::Turn, 1, 1));
        assert_ne!(base, hash(2, HERE, Kind::Turn, 1, 1));
        assert_ne!(base, hash(1, Place { node: 1, shard: 1 }, Kind::Turn, 1, 1));
        assert_ne!(base, hash(1, Place { node: 0, shard: 2 }, Kind::Turn, 1, 1));
        assert_ne!(base, hash(1, HERE, Kind::Polled, 1, 1));
        assert_ne!(base, hash(1, HERE, Kind::Turn, 2, 1));
        assert_ne!(base, hash(1, HERE, Kind::Turn, 1, 2));
    }

    #[test]
    fn the_last_records_are_kept_and_know_their_cause() {
        let trace = Trace::new(1, Reach::default());
        for n in 0..RECORDS as u32 + 10 {
            let seq = trace.note(u64::from(n), HERE, Kind::Turn, n, 0);
            trace.because_of(seq);
        }
        let records = trace.records(usize::MAX);
        assert_eq!(records.len(), RECORDS);
        assert_eq!((records[0].seq, records[0].actor), (10, 10));
        assert!(records.iter().skip(1).all(|record| record.cause == 1));
        assert_eq!(trace.checkpoints().hashes.len(), RECORDS / CHECKPOINT_EVENTS as usize);
    }

    #[test]
    fn a_whole_trace_keeps_all_and_has_the_same_hash() {
        let (ring, whole) = (
            Trace::new(1, Reach::default()),
            Trace::new(1, Reach { whole: true, ..Reach::default() }),
        );
        for n in 0..RECORDS as u32 * 2 {
            for trace in [&ring, &whole] {
                trace.note(u64::from(n), HERE, Kind::Turn, n, 0);
            }
        }
        assert_eq!(ring.hash(), whole.hash());
        let records = whole.records(usize::MAX);
        assert_eq!(records.len(), RECORDS * 2);
        assert_eq!(records[RECORDS..], ring.records(usize::MAX));
        assert_eq!(whole.shown(usize::MAX), ring.shown(usize::MAX), "the test did not ask");
        assert!((0..).zip(&records).all(|(seq, record)| record.seq == seq));
    }

    #[test]
    fn what_leads_on_is_the_cause_of_what_is_entered() {
        let trace = Trace::new(1, Reach::default());
        let turn = trace.note(0, HERE, Kind::Turn, 0, 0);
        trace.because_of(turn);
        assert_eq!(trace.leads(), turn + 1);
        trace.note(0, HERE, Kind::Queued, 0, 0);
        assert_eq!(trace.leads(), turn + 1);
        let submitted = trace.note(0, HERE, Kind::Submitted, 0, 0);
        assert_eq!((trace.leads(), trace.cause()), (submitted + 1, turn + 1));
        let fault = trace.note(0, HERE, Kind::Fault, 0, 0);
        assert_eq!((trace.leads(), trace.cause()), (fault + 1, fault + 1));
    }
}
