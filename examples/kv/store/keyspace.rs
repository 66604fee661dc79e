//! The table of keys: lookup, removal, sizes.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::ledger::Ledger;
use super::value::Body;
use super::{Deadline, Record, Refusal};
use crate::random::Random;

/// One shard's keys and values.
///
/// The hash function is a parameter because its seed decides who can slow the table down: with a
/// seed that clients cannot know, they cannot build keys that collide. A simulated run passes a
/// fixed seed.
#[derive(Debug)]
pub(crate) struct Store<S = FixedState> {
    pub(super) table: HashTable<Entry>,
    pub(super) ledger: Ledger,
    /// Seeds the hash functions of collections.
    pub(super) seed: u64,
    /// Chooses members and keys for `SPOP` and its kin.
    pub(super) random: Random,
    place: Place,
    hasher: S,
}

/// Which of how many stores one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Below `shards`.
    pub(crate) shard: u16,
    /// At least 1.
    pub(crate) shards: u16,
}

impl Place {
    /// The only store.
    pub(crate) const ALONE: Self = Self { shard: 0, shards: 1 };
}

/// One key. 32 bytes, two to a cache line.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) body: Body,
    pub(super) deadline: Deadline,
    /// Kept so that growing the table does not touch every record.
    pub(super) hash: u32,
    /// Names this entry among those of its deadline; meaningless without one.
    pub(super) ticket: u32,
}

const _: () = assert!(size_of::<Entry>() == 32);

/// What a shard tells about itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Stats {
    /// Keys, dead ones included that nobody has touched yet (as Redis counts).
    pub(crate) keys: u64,
    /// Keys with a deadline.
    pub(crate) expires: u64,
    /// Estimated memory in bytes; see [`Store::used_bytes`].
    pub(crate) used_bytes: u64,
    /// Keys removed because their deadline had passed, since the start.
    pub(crate) expired_total: u64,
}

impl Stats {
    /// The statistics of two shards together.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self {
            keys: self.keys + other.keys,
            expires: self.expires + other.expires,
            used_bytes: self.used_bytes + other.used_bytes,
            expired_total: self.expired_total + other.expired_total,
        }
    }
}

/// A live entry and the books that must follow its changes.
pub(super) struct Live<'a> {
    pub(super) entry: &'a mut Entry,
    pub(super) ledger: &'a mut Ledger,
}

impl Store {
    /// An empty store whose hash functions and random choices are seeded with `seed`.
    pub(crate) fn new(seed: u64, place: Place) -> Self {
        Self::with_hasher(FixedState::with_seed(seed), seed, place)
    }
}

impl<S: BuildHasher> Store<S> {
    /// An empty store that hashes keys with `hasher`.
    pub(crate) fn with_hasher(hasher: S, seed: u64, place: Place) -> Self {
        let (table, ledger, random) = (HashTable::new(), Ledger::default(), Random::new(seed));
        Self { table, ledger, seed, random, place, hasher }
    }

    /// Which of how many stores this is.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// The string under `key`.
    ///
    /// # Errors
    ///
    /// [`Refusal::WrongType`]: the key holds a collection.
    pub(crate) fn value(&mut self, now_ms: u64, key: &[u8]) -> Result<Option<&[u8]>, Refusal> {
        match self.live(now_ms, key) {
            None => Ok(None),
            Some(live) => live.entry.body.text().map(Some).ok_or(Refusal::WrongType),
        }
    }

    /// Whether `key` exists.
    pub(crate) fn contains(&mut self, now_ms: u64, key: &[u8]) -> bool {
        self.live(now_ms, key).is_some()
    }

    /// Removes `key`; whether it existed.
    pub(crate) fn remove(&mut self, now_ms: u64, key: &[u8]) -> bool {
        let Some(entry) = self.take(key) else { return false };
        let dead = entry.deadline.is_past(now_ms);
        self.ledger.expired_total += u64::from(dead);
        !dead
    }

    /// Takes the entry of `key` out of the table, dead or not.
    pub(super) fn take(&mut self, key: &[u8]) -> Option<Entry> {
        let hash = self.hash(key);
        let place = self.table.find_entry(wide(hash), |entry| entry.is(hash, key)).ok()?;
        let (entry, _) = place.remove();
        self.ledger.strike(&entry);
        Some(entry)
    }

    /// Removes every key.
    pub(crate) fn flush(&mut self) {
        self.table = HashTable::new();
        self.ledger.flush();
    }

    /// How many keys there are, dead ones included that nobody has touched yet.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// An estimate of the memory in use in bytes: keys, values, table and deadlines, without what
    /// the allocator adds to each block.
    pub(crate) fn used_bytes(&self) -> usize {
        let heads = self.table.len() * Record::HEAD;
        heads + self.ledger.value_bytes + self.ledger.used_bytes() + self.table.allocation_size()
    }

    /// Sizes and counts for `INFO` and `DBSIZE`.
    pub(crate) fn stats(&self) -> Stats {
        Stats {
            keys: self.len() as u64,
            expires: self.ledger.deadlines_len() as u64,
            used_bytes: self.used_bytes() as u64,
            expired_total: self.ledger.expired_total,
        }
    }

    /// The entry of `key`. One that is dead is removed and not returned.
    pub(super) fn live(&mut self, now_ms: u64, key: &[u8]) -> Option<Live<'_>> {
        let hash = self.hash(key);
        let place = self.table.find_entry(wide(hash), |entry| entry.is(hash, key)).ok()?;
        if place.get().deadline.is_past(now_ms) {
            let (entry, _) = place.remove();
            self.ledger.strike(&entry);
            self.ledger.expired_total += 1;
            return None;
        }
        Some(Live { entry: place.into_mut(), ledger: &mut self.ledger })
    }

    /// The kept half of the key's hash.
    pub(super) fn hash(&self, key: &[u8]) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(key);
        let hash = hasher.finish();
        (hash ^ (hash >> 32)) as u32
    }
}

impl Entry {
    /// Whether this is the entry of `key`, which hashes to `hash`.
    pub(super) fn is(&self, hash: u32, key: &[u8]) -> bool {
        self.hash == hash && self.body.key() == key
    }
}

/// The table's hash from the kept half: it takes a slot from the low bits and a tag from the top.
pub(super) fn wide(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

#[cfg(test)]
#[path = "keyspace_tests.rs"]
mod tests;
