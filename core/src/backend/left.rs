//! Messages that came back without having been handled.

use std::collections::VecDeque;

use crate::actor::Undelivered;
use crate::context::Header;
use crate::shard::{current, shielded};

/// Accepted messages of a batch that will not be handled. Each is counted once, at the latest when
/// this is dropped.
pub(super) struct Left<M>(pub(super) VecDeque<(Header, M)>);

impl<M> Left<M> {
    pub(super) const fn none() -> Self {
        Self(VecDeque::new())
    }

    /// Takes the oldest, which is counted.
    pub(super) fn pop(&mut self) -> Option<M> {
        let (header, message) = self.0.pop_front()?;
        current::with(|shard| shard.message_undelivered(header, Undelivered::Stopped));
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
