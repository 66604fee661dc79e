//! The rolling hash, its checkpoints, and the last records.

use std::cell::{Cell, RefCell};
use std::sync::{Mutex, PoisonError};

use super::record::NO_SHARD;
use super::{Kind, Record};

/// Events between two checkpoints of the hash.
pub(crate) const CHECKPOINT_EVENTS: u64 = 1024;

/// Records kept.
const RECORDS: usize = 1 << 16;

const _: () = assert!(CHECKPOINT_EVENTS.is_power_of_two());

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
    /// The event of which everything that happens now is a consequence.
    cause: Cell<u64>,
    /// The bits of an event's number that are zero where the hash is looked at.
    mask: u64,
    checkpoints: RefCell<Vec<u64>>,
    records: RefCell<Vec<Record>>,
    /// The event from which on all are kept, each with its hash.
    closely_from: u64,
    close: RefCell<Vec<Close>>,
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

/// Record buffers of runs that are over: a campaign would otherwise have two megabytes cleared for
/// every seed.
static SPARE: Mutex<Vec<Vec<Record>>> = Mutex::new(Vec::new());
const SPARE_MAX: usize = 8;

impl Trace {
    /// An empty trace. From the event `closely_from` on, if there is one, a number of events are
    /// kept with the hash after each.
    pub(crate) fn new(seed: u64, closely_from: Option<u64>) -> Self {
        let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Self {
            hash: Cell::new(fold(seed, 1)),
            count: Cell::new(0),
            cause: Cell::new(0),
            mask: if closely_from.is_some() { 0 } else { CHECKPOINT_EVENTS - 1 },
            closely_from: closely_from.unwrap_or(u64::MAX),
            close: RefCell::default(),
            checkpoints: RefCell::default(),
            records: RefCell::new(spare.unwrap_or_else(|| vec![Record::NOTHING; RECORDS])),
        }
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
        self.keep(record);
        if (seq + 1) & self.mask == 0 {
            self.look(seq, hash);
        }
        seq
    }

    /// Keeps the hash after an event. (The event is read back: handed over, it would have to be in
    /// memory twice, each time.)
    #[cold]
    #[inline(never)]
    fn look(&self, seq: u64, hash: u64) {
        if (seq + 1).is_multiple_of(CHECKPOINT_EVENTS) {
            self.checkpoints.borrow_mut().push(hash);
        }
        if seq >= self.closely_from {
            let mut close = self.close.borrow_mut();
            if close.len() < CLOSE_MAX {
                let record = self.records.borrow()[seq as usize % RECORDS];
                close.push(Close { hash, record });
            }
        }
    }

    /// The events that were looked at closely.
    pub(crate) fn close(&self) -> Vec<Close> {
        self.close.borrow().clone()
    }

    #[inline]
    fn keep(&self, record: Record) {
        self.records.borrow_mut()[record.seq as usize % RECORDS] = record;
    }

    /// Says that what happens from now on is a consequence of that event.
    #[inline]
    pub(crate) fn because_of(&self, seq: u64) {
        self.cause.set(seq + 1);
    }

    /// Says that what happens from now on has no cause that is known.
    #[inline]
    pub(crate) fn because_of_nothing(&self) {
        self.cause.set(0);
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
        let records = self.records.borrow();
        let end = self.count.get() as usize;
        let kept = end.min(RECORDS).min(count);
        (end - kept..end).map(|seq| records[seq % RECORDS]).collect()
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < SPARE_MAX {
            spare.push(self.records.take());
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
            let trace = Trace::new(1, None);
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
        let trace = Trace::new(1, None);
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
}
