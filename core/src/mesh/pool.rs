//! Outboxes, lent to those peers that there is something for.

use std::cell::RefCell;
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

/// The outboxes that several shards of a thread share.
///
/// They are lent to whichever peer there is something for, and given back when it has left; the one
/// given back last is lent next. So they and their buffers stay in the cache, however many peers and
/// shards there are.
#[derive(Default)]
pub struct OutboxPool {
    #[expect(
        clippy::vec_box,
        reason = "they are lent one by one, and to move one is to move a word"
    )]
    spare: RefCell<Vec<Box<Lanes>>>,
}

impl fmt::Debug for OutboxPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboxPool").finish_non_exhaustive()
    }
}

impl OutboxPool {
    /// Lends outboxes, which are empty.
    #[inline]
    pub(crate) fn lend(&self) -> Box<Lanes> {
        self.spare.borrow_mut().pop().unwrap_or_default()
    }

    /// How many are not lent.
    #[cfg(test)]
    pub(crate) fn spare_len(&self) -> usize {
        self.spare.borrow().len()
    }

    /// Takes outboxes back, which are empty again.
    #[inline]
    pub(crate) fn take_back(&self, lanes: Box<Lanes>) {
        debug_assert!(lanes.is_empty(), "nothing is left in them");
        self.spare.borrow_mut().push(lanes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_came_back_last_are_lent_next() {
        let pool = OutboxPool::default();
        let lanes = [pool.lend(), pool.lend(), pool.lend()];
        let addresses = lanes.each_ref().map(|it| &raw const **it);
        lanes.into_iter().for_each(|it| pool.take_back(it));
        let again = [pool.lend(), pool.lend(), pool.lend()];
        let again = again.each_ref().map(|it| &raw const **it);
        assert!(addresses.iter().rev().eq(&again), "{addresses:?}, {again:?}");
    }
}
