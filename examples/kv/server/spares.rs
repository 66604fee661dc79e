//! Batches that wait to be used again.

use std::cell::RefCell;

use crate::exec::Batch;

/// How many batches a shard keeps: each has up to some 50 KiB. With more connections under way at
/// once, the others are made and dropped.
const SPARES_MAX: usize = 128;

/// The empty batches of one shard. Connections borrow them for a turn, so those that are idle hold
/// none, and the one that is taken next is the one that the processor has seen last.
#[derive(Debug, Default)]
#[expect(clippy::vec_box, reason = "the box is what crosses, and it is kept")]
pub(super) struct Spares(RefCell<Vec<Box<Batch>>>);

impl Spares {
    /// An empty batch.
    pub(super) fn take(&self) -> Box<Batch> {
        self.0.borrow_mut().pop().unwrap_or_default()
    }

    /// Keeps a batch that is empty and settled.
    pub(super) fn give_back(&self, batch: Box<Batch>) {
        let mut spares = self.0.borrow_mut();
        if spares.len() < SPARES_MAX {
            spares.push(batch);
        }
    }
}
