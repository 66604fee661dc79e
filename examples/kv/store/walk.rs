//! Going through the keys of a store.

use super::Keyspace;
use super::keyspace::Entry;

/// Most calls that it takes to walk a whole store.
const CALLS_MAX: u64 = 64;

/// How many hashes there are; a key's place on a walk is its hash.
const HASHES: u64 = 1 << 32;

/// A stretch of a walk.
#[derive(Debug)]
pub(crate) struct Step<'s> {
    /// The keys found.
    pub(crate) keys: Vec<&'s [u8]>,
    /// Where to go on; `None` at the end.
    pub(crate) next: Option<u64>,
}

impl Keyspace<'_> {
    /// The living keys that `wanted` wants.
    pub(crate) fn keys(&self, mut wanted: impl FnMut(&[u8]) -> bool) -> Vec<&[u8]> {
        let keys = self.living().map(|entry| entry.body.key());
        keys.filter(|key| wanted(key)).collect()
    }

    /// Walks on from `position`, past about `count` keys, and keeps those that `wanted` wants (by
    /// name and type).
    ///
    /// The walk goes through the hashes of the keys in order, so a key that is there from its first
    /// step to its last is met exactly once, whatever comes, goes, or makes the table grow. What
    /// that costs: each step looks at every key of the store. So that a whole walk stays
    /// proportional to the store, a step covers a 64th of it at least, whatever `count` says.
    pub(crate) fn walk(
        &self,
        position: u64,
        count: usize,
        mut wanted: impl FnMut(&[u8], &'static str) -> bool,
    ) -> Step<'_> {
        let keys_max = (self.store.len() as u64).max(1);
        let share = HASHES.saturating_mul(count as u64) / keys_max;
        let end = position.saturating_add(share.max(HASHES / CALLS_MAX));
        let stretch = position..end;
        let found = self.living().filter(|entry| stretch.contains(&entry.hash.into()));
        let keys = found.map(|entry| (entry.body.key(), entry.body.type_name()));
        let keys = keys.filter(|(key, kind)| wanted(key, kind)).map(|(key, _)| key).collect();
        Step { keys, next: (end < HASHES).then_some(end) }
    }

    /// A living key, each with the same chance.
    pub(crate) fn random_key(&mut self) -> Option<&[u8]> {
        let buckets = self.store.table.num_buckets();
        if self.store.len() == 0 {
            return None;
        }
        // A table is mostly a quarter full or more; one that has lost nearly all its keys, or whose
        // keys are dead, is searched.
        for _ in 0..64 {
            let bucket = self.store.random.below(buckets);
            let is_alive = |entry: &Entry| !entry.deadline.is_past(self.now_ms);
            if self.store.table.get_bucket(bucket).is_some_and(is_alive) {
                return self.store.table.get_bucket(bucket).map(|entry| entry.body.key());
            }
        }
        let living = self.living().count();
        let chosen = if living == 0 { 0 } else { self.store.random.below(living) };
        self.living().nth(chosen).map(|entry| entry.body.key())
    }

    fn living(&self) -> impl Iterator<Item = &Entry> + use<'_> {
        let now_ms = self.now_ms;
        self.store.table.iter().filter(move |entry| !entry.deadline.is_past(now_ms))
    }
}
