//! Moving a value to another key.

use super::{Keyspace, Store};

/// What a rename came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renamed {
    /// The value, with its deadline, is under the new key, and what was there is gone.
    Done,
    /// There is no such key.
    Missing,
    /// There is a value under the new key, which was to stay.
    Occupied,
}

impl Keyspace<'_> {
    /// Moves the value of `key`, with its deadline, to the key `to`; with `keep`, only where
    /// nothing is there.
    pub(crate) fn rename(&mut self, key: &[u8], to: &[u8], keep: bool) -> Renamed {
        let Self { store, now_ms } = self;
        if !store.contains(*now_ms, key) {
            return Renamed::Missing;
        }
        if keep && store.contains(*now_ms, to) {
            return Renamed::Occupied;
        }
        if key != to {
            store.move_key(key, to);
        }
        Renamed::Done
    }

    /// What `TYPE` calls the value of `key`.
    pub(crate) fn type_name(&mut self, key: &[u8]) -> Option<&'static str> {
        self.store.live(self.now_ms, key).map(|live| live.entry.body.type_name())
    }
}

impl Store {
    fn move_key(&mut self, key: &[u8], to: &[u8]) {
        let Some(entry) = self.take(key) else { return };
        self.insert(to, entry.body.renamed(to), entry.deadline);
    }
}
