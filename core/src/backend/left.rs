//! Messages that came back without having been handled.

use std::collections::VecDeque;

use crate::actor::Owner;
use crate::context::Header;
use crate::shard::{current, shielded};

/// Accepted messages of a batch that this incarnation will not handle. Each is counted once, at the latest when
/// this is dropped.
pub(super) struct Left<M> {
    owner: Owner,
    messages: VecDeque<(Header, M)>,
}

impl<M> Left<M> {
    pub(super) const fn new(owner: Owner, messages: VecDeque<(Header, M)>) -> Self {
        Self { owner, messages }
    }

    /// Has the actor's next incarnation handle them, if there may be one.
    pub(super) fn put_back(&mut self)
    where
        M: Send + 'static,
    {
        if !self.messages.is_empty() {
            current::with(|shard| self.owner.put_back(shard, &mut self.messages));
        }
    }

    /// More of them, behind the others.
    pub(super) fn extend(&mut self, more: impl IntoIterator<Item = (Header, M)>) {
        self.messages.extend(more);
    }

    /// Takes the oldest, which is counted.
    pub(super) fn pop(&mut self) -> Option<M> {
        let (header, message) = self.messages.pop_front()?;
        current::with(|shard| self.owner.undelivered(shard, header));
        Some(message)
    }
}

impl<M> Drop for Left<M> {
    fn drop(&mut self) {
        while let Some(message) = self.pop() {
            shielded("a message's drop", || drop(message));
        }
    }
}
