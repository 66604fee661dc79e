//! What shards tell each other of subscribers and letters, all in the system lane.

use super::letter::{DeadLetter, LetterBound};
use super::post::Name;
use crate::mesh::{Deliver, PacketMeta};
use crate::shard::Shard;

/// The sender has a subscriber.
pub(super) struct Subscribe {
    pub(super) number: u64,
    pub(super) bound: LetterBound,
}

impl Deliver for Subscribe {
    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        shard.letters.enter_away(Name { home: meta.from, number: self.number }, self.bound);
    }
}

/// The sender's subscriber is gone.
pub(super) struct Unsubscribe {
    pub(super) number: u64,
}

impl Deliver for Unsubscribe {
    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        shard.letters.leave_away(Name { home: meta.from, number: self.number });
    }
}

/// Letters for a subscriber of the receiver, and how many more there were for which the sender had
/// no room.
pub(super) struct Batch {
    pub(super) number: u64,
    pub(super) letters: Vec<DeadLetter>,
    pub(super) lost: u64,
}

impl Deliver for Batch {
    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        shard.take_batch(meta.from, self);
    }
}

/// A batch for the sender's subscriber has arrived: the next may come.
pub(super) struct Taken {
    pub(super) number: u64,
}

impl Deliver for Taken {
    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        shard.batch_taken(Name { home: meta.from, number: self.number });
    }
}
