//! Rings that a test holds.
//!
//! A held ring shows what the test lets it show and nothing else, and only what it shows is counted
//! as waiting for its consumer: a shard that has nothing else to do falls asleep beside it.

use greenroom_core::ShardId;
use greenroom_core::runtime::Lane;

use super::Rings;

impl Rings {
    /// Holds both lanes. Returns how many packets no longer wait for the consumer.
    pub(crate) fn hold(&self, from: ShardId, to: ShardId) -> u32 {
        let lanes = Lane::ALL.into_iter().map(|lane| {
            let mut ring = self.ring(from, to, lane).borrow_mut();
            let counted = ring.hold();
            self.waiting(to).remove(from, lane, counted);
            counted
        });
        lanes.sum()
    }

    /// Releases both lanes. Returns how many packets wait for the consumer now that did not.
    pub(crate) fn release(&self, from: ShardId, to: ShardId) -> u32 {
        let lanes = Lane::ALL.into_iter().map(|lane| {
            let counted = self.ring(from, to, lane).borrow_mut().release();
            self.waiting(to).add(from, lane, counted);
            counted
        });
        lanes.sum()
    }

    /// Shows one packet of held rings, of the system lane if there is one. Returns whether it did.
    pub(crate) fn show_next(&self, from: ShardId, to: ShardId) -> bool {
        Lane::ALL.into_iter().any(|lane| {
            let mut ring = self.ring(from, to, lane).borrow_mut();
            let any = ring.hidden() > 0;
            if any {
                ring.show(1);
                self.waiting(to).add(from, lane, 1);
            }
            any
        })
    }

    /// Whether a packet is in sight that was not taken.
    pub(crate) fn shows(&self, from: ShardId, to: ShardId) -> bool {
        Lane::ALL.into_iter().any(|lane| self.ring(from, to, lane).borrow().visible() > 0)
    }
}
