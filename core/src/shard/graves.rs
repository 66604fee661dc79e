//! How the last actors of a shard ended, for those who ask late.

use std::cell::RefCell;
use std::collections::VecDeque;

use crate::actor::Ending;
use crate::limits::GRAVES_MAX;

/// The exit reasons of the last [`GRAVES_MAX`] actors. Written at each exit, searched only when
/// somebody asks for an actor that is gone.
#[derive(Debug, Default)]
pub(crate) struct Graves {
    inner: RefCell<VecDeque<(u32, u32, Ending)>>,
}

impl Graves {
    pub(crate) fn bury(&self, slot: u32, generation: u32, reason: Ending) {
        let forgotten = {
            let mut graves = self.inner.borrow_mut();
            let full = graves.len() == GRAVES_MAX;
            let forgotten = if full { graves.pop_front() } else { None };
            graves.push_back((slot, generation, reason));
            forgotten
        };
        drop(forgotten);
    }

    pub(crate) fn find(&self, slot: u32, generation: u32) -> Option<Ending> {
        let graves = self.inner.borrow();
        let found = graves.iter().rev().find(|(s, g, _)| (*s, *g) == (slot, generation));
        found.map(|(_, _, reason)| reason.clone())
    }
}
