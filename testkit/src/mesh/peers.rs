//! Sets of a shard's peers.

use std::cell::Cell;

use greenroom_core::ShardId;
use greenroom_core::runtime::Lane;

/// For each shard of a node and each lane a set of its peers, a bit for each: of the thousands of
/// rings of a large node most are empty, and are not to be looked at.
#[derive(Debug)]
pub(super) struct PeerSets {
    /// Words of one set.
    width: usize,
    /// Members of all sets: to be taken out of sets that are all empty is most common.
    members: Cell<usize>,
    words: Box<[Cell<u64>]>,
}

impl PeerSets {
    /// Empty ones.
    pub(super) fn new(shards: u16) -> Self {
        let width = usize::from(shards).div_ceil(64);
        let words = (0..usize::from(shards) * 2 * width).map(|_| Cell::new(0)).collect();
        Self { width, members: Cell::new(0), words }
    }

    #[inline]
    fn set_of(&self, shard: ShardId, lane: Lane) -> &[Cell<u64>] {
        &self.words[(shard.index() * 2 + lane as usize) * self.width..][..self.width]
    }

    /// Puts a peer into a set, or takes it out. Tells whether it was in it.
    #[inline]
    pub(super) fn put(&self, shard: ShardId, lane: Lane, peer: ShardId, is_in: bool) -> bool {
        if !is_in && self.members.get() == 0 {
            return false;
        }
        let word = &self.set_of(shard, lane)[peer.index() / 64];
        let (before, bit) = (word.get(), 1 << (peer.index() % 64));
        let was_in = before & bit != 0;
        if was_in != is_in {
            word.set(before ^ bit);
            let members = self.members.get();
            self.members.set(if is_in { members + 1 } else { members - 1 });
        }
        was_in
    }

    /// Calls `f` for each peer in a set, in order.
    #[inline]
    pub(super) fn for_each(&self, shard: ShardId, lane: Lane, f: impl FnMut(ShardId)) {
        self.for_each_from(shard, lane, ShardId(0), f);
    }

    /// Calls `f` for each peer in a set, beginning with `first` and going round. `f` may take peers
    /// out.
    #[inline]
    pub(super) fn for_each_from(
        &self,
        shard: ShardId,
        lane: Lane,
        first: ShardId,
        mut f: impl FnMut(ShardId),
    ) {
        let set = self.set_of(shard, lane);
        let (word_first, below) = (first.index() / 64, (1u64 << (first.index() % 64)) - 1);
        let mut visit = |index: usize, mask: u64| {
            let mut left = set[index].get() & mask;
            while left != 0 {
                f(ShardId((index * 64) as u16 + left.trailing_zeros() as u16));
                left &= left - 1;
            }
        };
        visit(word_first, !below);
        (word_first + 1..set.len()).for_each(|index| visit(index, u64::MAX));
        (0..word_first).for_each(|index| visit(index, u64::MAX));
        visit(word_first, below);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_gone_through_once_from_any_place_on() {
        let (me, lane) = (ShardId(129), Lane::User);
        let sets = PeerSets::new(130);
        let members = [0, 1, 63, 64, 100, 127, 128, 129].map(ShardId);
        for peer in members {
            assert!(!sets.put(me, lane, peer, true));
        }
        for first in (0..130).map(ShardId) {
            let mut seen = Vec::new();
            sets.for_each_from(me, lane, first, |peer| seen.push(peer));
            let (later, sooner) = (members.iter().filter(|p| **p >= first), members.iter());
            let expected = later.chain(sooner.filter(|p| **p < first));
            assert!(seen.iter().eq(expected), "from {first}: {seen:?}");
        }
        assert!(sets.put(me, lane, ShardId(64), false) && !sets.put(me, lane, ShardId(64), false));
        sets.for_each(me, lane, |peer| assert_ne!(peer, ShardId(64)));
        sets.for_each(me, Lane::System, |_| unreachable!("nobody is in the other lane's set"));
        sets.for_each(ShardId(0), lane, |_| unreachable!("nobody is in another shard's set"));
    }
}
