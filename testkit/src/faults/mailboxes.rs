//! Mailboxes that hold less than they should.

use super::Fault;
use crate::draws::Site;
use crate::world::World;

/// What a small one holds at most: little enough to be full in a short test.
const SMALL_MAX: u64 = 4;

impl World {
    /// How much the mailbox of an actor that is being spawned holds. One without a bound is there
    /// because whoever sends to it does not wait: it keeps its word.
    pub(crate) fn mailbox_depth(&self, shard: u32, slot: u32, depth: u32) -> u32 {
        let mut small = self.shards[shard as usize].small_mailboxes.borrow_mut();
        if depth == u32::MAX || !self.goes_wrong(Fault::SmallMailbox, shard) {
            small.remove(&slot);
            return depth;
        }
        small.insert(slot);
        let holds = self.draws.between(Site::Fault, shard, (1, SMALL_MAX));
        depth.min(holds as u32)
    }

    /// A message found no room in a mailbox.
    pub(crate) fn mailbox_was_full(&self, shard: u32, slot: u32) {
        let state = &self.shards[shard as usize];
        if state.small_mailboxes.borrow().contains(&slot) {
            self.went_wrong(Fault::SmallMailbox, state.place.node, slot.into());
        }
    }
}
