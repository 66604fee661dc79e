//! What the coarse wheel brings: deadlines of calls, and looks at who is parked.

use super::Shard;
use super::parking::LOOK;
use crate::reply::Checked;
use crate::time::Instant;
use crate::trace::Event;

impl Shard {
    /// Makes sure that a reply slot is looked at once that deadline has passed. Rare: the entry of
    /// an earlier call does.
    #[cold]
    #[inline(never)]
    pub(crate) fn arm_deadline(&self, slot: u32, deadline: Instant) {
        let tick = self.deadlines.tick_of(deadline, self.now());
        self.replies.arm(slot, deadline, tick);
        self.deadlines.enter(slot, tick);
    }

    pub(super) fn check_deadline(&self, slot: u32, tick: u32, now: Instant) {
        if slot == LOOK {
            return self.look_at_waits(tick, now);
        }
        match self.replies.check(slot, tick, now) {
            Checked::Nothing => {}
            Checked::Rearm(deadline) => self.arm_deadline(slot, deadline),
            Checked::Expired(waker) => {
                self.observe(|| Event::CallExpired { slot });
                self.guarded("a caller's waker", || waker.wake());
            }
        }
    }
}
