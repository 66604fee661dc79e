//! What one shard holds.

use std::cell::RefCell;
use std::rc::Rc;

use crate::pubsub::Topics;
use crate::store::Store;

/// A shard's keys, and who listens there.
#[derive(Debug)]
pub(crate) struct State {
    /// Its part of the keyspace.
    pub(crate) store: Store,
    /// The subscriptions of its connections.
    pub(crate) topics: Rc<RefCell<Topics>>,
}

impl State {
    /// Nobody listens yet.
    pub(crate) fn new(store: Store) -> Self {
        Self { store, topics: Rc::default() }
    }
}
