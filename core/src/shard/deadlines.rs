//! What the coarse wheel brings: deadlines of calls, and looks at who is parked.

use super::Shard;
use super::parking::LOOK;
use crate::reply::{Checked, NONE_DUE};
use crate::time::Instant;
use crate::trace::Event;

impl Shard {
    /// The tick at which a reply slot has to be looked at, once its deadline has passed.
    #[inline(always)]
    pub(crate) fn deadline_tick(&self, deadline: Instant) -> u32 {
        if deadline.is_never() { NONE_DUE } else { self.deadlines.tick_of(deadline, self.now()) }
    }

    /// Makes sure that a reply slot is looked at then. Rare: the entry of an earlier call does.
    #[cold]
    pub(crate) fn arm_deadline(&self, slot: u32, tick: u32) {
        self.replies.arm(slot, tick);
        self.deadlines.enter(slot, tick);
    }

    pub(super) fn check_deadline(&self, slot: u32, tick: u32, now: Instant) {
        if slot == LOOK {
            return self.look_at_waits(tick, now);
        }
        match self.replies.check(slot, tick, now) {
            Checked::Nothing => {}
            Checked::Rearm(deadline) => self.arm_deadline(slot, self.deadline_tick(deadline)),
            Checked::Expired(waker) => {
                self.observe(|| Event::CallExpired { slot });
                self.guarded("a caller's waker", || waker.wake());
            }
        }
    }
}
