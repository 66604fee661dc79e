//! Outboxes, lent to those peers that there is something for.

use std::cell::{RefCell, RefMut};
use std::fmt;

use super::Outbox;

/// The outboxes to one peer, both lanes: one cache line.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(crate) struct Lanes {
    pub(crate) system: Outbox,
    pub(crate) user: Outbox,
}

const _: () = assert!(size_of::<Lanes>() == 64);

impl Lanes {
    pub(crate) const fn is_empty(&self) -> bool {
        self.system.is_empty() && self.user.is_empty()
    }
}

/// No place in a pool.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// The outboxes of a shard, or of all shards of a thread.
///
/// Those of several shards are lent to whichever peer there is something for, and given back when it
/// has left; the one given back last is lent next. So they and their buffers stay in the cache,
/// however many peers and shards there are.
#[derive(Default)]
pub struct OutboxPool {
    lent: RefCell<Lent>,
}

impl fmt::Debug for OutboxPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboxPool").finish_non_exhaustive()
    }
}

impl OutboxPool {
    /// Nothing else may be done with a pool meanwhile.
    #[inline(always)]
    pub(crate) fn open(&self) -> RefMut<'_, Lent> {
        self.lent.borrow_mut()
    }
}

/// All outboxes of a pool.
#[derive(Default)]
pub(crate) struct Lent {
    lanes: Vec<Lanes>,
    /// The places of those that are not lent, the next one last.
    spare: Vec<u32>,
}

impl Lent {
    /// Lends outboxes, and says where they are.
    #[inline]
    pub(crate) fn lend(&mut self) -> u32 {
        self.spare.pop().unwrap_or_else(|| self.grow())
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> u32 {
        self.lanes.push(Lanes::default());
        (self.lanes.len() - 1) as u32
    }

    /// The outboxes at a place, if it is one.
    #[inline(always)]
    pub(crate) fn at(&mut self, place: u32) -> Option<&mut Lanes> {
        self.lanes.get_mut(place as usize)
    }

    /// Takes back those at a place, which are empty.
    #[inline]
    pub(crate) fn take_back(&mut self, place: u32) {
        debug_assert!(self.lanes[place as usize].is_empty(), "nothing is left in them");
        self.spare.push(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_came_back_last_are_lent_next() {
        let mut lent = Lent::default();
        let places = [lent.lend(), lent.lend(), lent.lend()];
        assert_eq!(places, [0, 1, 2]);
        lent.take_back(2);
        lent.take_back(0);
        assert_eq!([lent.lend(), lent.lend(), lent.lend()], [0, 2, 3]);
        assert!(lent.at(3).is_some() && lent.at(4).is_none() && lent.at(NOWHERE).is_none());
    }
}
