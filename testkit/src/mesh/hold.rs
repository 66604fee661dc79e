//! Rings that a test holds.
//!
//! A held ring shows what the test lets it show and nothing else, and only what it shows is counted
//! as waiting for its consumer: a shard that has nothing else to do falls asleep beside it.

use greenroom_core::ShardId;
use greenroom_core::runtime::Lane;

use super::Rings;
use super::ring::Ring;
use super::rings::Which;

impl Rings {
    /// Changes one ring, and with it the set of those that wait for their consumer.
    fn change<R>(&self, (from, to, lane): Which, f: impl FnOnce(&mut Ring) -> R) -> R {
        let content = &mut *self.content.borrow_mut();
        content.with((from, to, lane), |ring, _| {
            let changed = f(ring);
            self.waiting.put(to, lane, from, ring.waiting() > 0);
            changed
        })
    }

    /// Holds both lanes. Returns how many packets no longer wait for the consumer.
    pub(crate) fn hold(&self, from: ShardId, to: ShardId) -> u32 {
        Lane::ALL.into_iter().map(|lane| self.change((from, to, lane), Ring::hold)).sum()
    }

    /// Releases both lanes. Returns how many packets wait for the consumer now that did not.
    pub(crate) fn release(&self, from: ShardId, to: ShardId) -> u32 {
        Lane::ALL.into_iter().map(|lane| self.change((from, to, lane), Ring::release)).sum()
    }

    /// Shows one packet of held rings, of the system lane if there is one. Returns whether it did.
    pub(crate) fn show_next(&self, from: ShardId, to: ShardId) -> bool {
        Lane::ALL.into_iter().any(|lane| {
            self.change((from, to, lane), |ring| {
                let any = ring.hidden() > 0;
                ring.show(u32::from(any));
                any
            })
        })
    }

    /// Whether a packet is in sight that was not taken.
    pub(crate) fn shows(&self, from: ShardId, to: ShardId) -> bool {
        let content = &mut *self.content.borrow_mut();
        let mut visible = |lane| content.with((from, to, lane), |ring, _| ring.visible());
        Lane::ALL.into_iter().any(|lane| visible(lane) > 0)
    }
}
