//! Reaching collections.

use std::hash::BuildHasher;

use hashbrown::hash_table::Entry as Found;

use super::keyspace::{Entry, wide};
use super::value::Body;
use super::{Deadline, Kind, Refusal, Store};
use crate::random::Random;

/// A store at one instant.
#[derive(Debug)]
pub(crate) struct Keyspace<'s> {
    pub(super) store: &'s mut Store,
    pub(super) now_ms: u64,
}

impl<'s> Keyspace<'s> {
    /// `store` at `now_ms` of unix time.
    pub(crate) fn new(store: &'s mut Store, now_ms: u64) -> Self {
        Self { store, now_ms }
    }

    /// The store, and the present in milliseconds of unix time.
    pub(crate) fn parts(&mut self) -> (&mut Store, u64) {
        (self.store, self.now_ms)
    }

    /// Where random choices come from.
    pub(crate) fn random(&mut self) -> &mut Random {
        &mut self.store.random
    }

    /// The collection under `key`.
    ///
    /// # Errors
    ///
    /// [`Refusal::WrongType`]: the key holds something else.
    pub(crate) fn read<K: Kind>(&mut self, key: &[u8]) -> Result<Option<&K>, Refusal> {
        match self.store.live(self.now_ms, key).map(|live| &live.entry.body) {
            None => Ok(None),
            Some(Body::Collection(collection)) => {
                K::of(&collection.data).map(Some).ok_or(Refusal::WrongType)
            }
            Some(Body::Text(_)) => Err(Refusal::WrongType),
        }
    }

    /// The collection under `key`, if there is one of that type. Changes nothing, so several can be
    /// looked at together; one that is dead and that nobody has touched is still seen.
    pub(crate) fn peek<K: Kind>(&self, key: &[u8]) -> Option<&K> {
        let hash = self.store.hash(key);
        match &self.store.table.find(wide(hash), |entry| entry.is(hash, key))?.body {
            Body::Collection(collection) => K::of(&collection.data),
            Body::Text(_) => None,
        }
    }

    /// Hands the collection under `key` to `change`, if there is one. A collection that is empty
    /// afterwards is removed with its key.
    ///
    /// # Errors
    ///
    /// [`Refusal::WrongType`]: the key holds something else.
    pub(crate) fn edit<K: Kind, R>(
        &mut self,
        key: &[u8],
        change: impl FnOnce(&mut K) -> R,
    ) -> Result<Option<R>, Refusal> {
        let hash = self.store.hash(key);
        if self.store.live(self.now_ms, key).is_none() {
            return Ok(None);
        }
        let found = self.store.table.find_entry(wide(hash), |entry| entry.is(hash, key));
        let Ok(mut place) = found else { return Ok(None) };
        let entry = place.get_mut();
        let before = entry.body.used_bytes();
        let collection = collection(entry)?;
        let result = change(collection);
        let emptied = collection.len() == 0;
        let after = entry.body.used_bytes();
        self.store.ledger.value_bytes = self.store.ledger.value_bytes - before + after;
        if emptied {
            let (entry, _) = place.remove();
            self.store.ledger.strike(&entry);
        }
        Ok(Some(result))
    }

    /// Like [`Keyspace::edit`], but a collection that is missing is made.
    ///
    /// # Errors
    ///
    /// [`Refusal::WrongType`]: the key holds something else.
    pub(crate) fn edit_or_create<K: Kind, R>(
        &mut self,
        key: &[u8],
        change: impl FnOnce(&mut K) -> R,
    ) -> Result<R, Refusal> {
        let mut change = Some(change);
        let run = |collection: &mut K| change.take().map(|change| change(collection));
        if let Some(result) = self.edit(key, run)?.flatten() {
            return Ok(result);
        }
        let mut collection = K::empty(self.store.seed);
        let change = change.take().expect("nothing was found, so nothing was changed");
        let result = change(&mut collection);
        if collection.len() > 0 {
            self.store.insert(key, Body::collection(key, collection.wrap()), Deadline::NEVER);
        }
        Ok(result)
    }
}

/// The collection in `entry`, if it is of that type.
fn collection<K: Kind>(entry: &mut Entry) -> Result<&mut K, Refusal> {
    match &mut entry.body {
        Body::Collection(collection) => K::of_mut(&mut collection.data).ok_or(Refusal::WrongType),
        Body::Text(_) => Err(Refusal::WrongType),
    }
}

impl<S: BuildHasher> Store<S> {
    /// Puts `body` under its key, in place of whatever was there.
    pub(super) fn insert(&mut self, key: &[u8], body: Body, deadline: Deadline) {
        let hash = self.hash(key);
        self.ledger.value_bytes += body.used_bytes();
        let is_key = |entry: &Entry| entry.is(hash, key);
        let entry = Entry { body, deadline: Deadline::NEVER, hash, ticket: 0 };
        let entry = match self.table.entry(wide(hash), is_key, |entry| wide(entry.hash)) {
            Found::Occupied(place) => {
                let old = place.into_mut();
                self.ledger.strike(old);
                *old = entry;
                old
            }
            Found::Vacant(place) => place.insert(entry).into_mut(),
        };
        self.ledger.set_deadline(entry, deadline);
    }
}
