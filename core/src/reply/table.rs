//! What is asked of reply slots beyond giving and taking answers: chains, deadlines, reports.
//!
//! Every method here makes one reference into the table and calls nothing that could make another:
//! see `slot`.

use super::slot::{Answer, Failure, Key, Opening, ReplyTable};
use crate::task::waker::StoredWaker;
use crate::time::Instant;

impl ReplyTable {
    /// Whether the claim is still there: a port's holder may stop work nobody waits for.
    pub(crate) fn is_claimed<R>(&self, port: &Key<R>) -> bool {
        self.inner().slots[port.slot() as usize].claimed
    }

    /// What the call was opened with, if the header still names it and its caller still waits.
    #[inline]
    pub(crate) fn waiting<T>(
        &self,
        (slot, serial): (u32, u32),
        f: impl FnOnce(&Opening) -> T,
    ) -> Option<T> {
        let inner = self.inner();
        let entry = inner.slots.get(slot as usize)?;
        let waits = entry.serial == serial && entry.claimed && entry.answer == Answer::Waiting;
        waits.then(|| f(&entry.opening))
    }

    /// What the call was opened with, waiting or not.
    #[inline]
    pub(crate) fn opening<T>(
        &self,
        (slot, serial): (u32, u32),
        f: impl FnOnce(&Opening) -> T,
    ) -> Option<T> {
        let inner = self.inner();
        let entry = inner.slots.get(slot as usize)?;
        (entry.serial == serial && (entry.claimed || entry.ported)).then(|| f(&entry.opening))
    }

    /// Notes that a deadline check of the slot is due at `tick`. Returns whether one has to be
    /// put on the wheel, because none is due as early as that.
    #[inline]
    pub(crate) fn arm(&self, slot: u32, tick: u32) -> bool {
        let inner = self.inner();
        let entry = &mut inner.slots[slot as usize];
        let earlier = entry.armed == 0 || tick < entry.armed;
        if earlier {
            entry.armed = tick;
        }
        earlier
    }

    /// A deadline check: fails the call when it is overdue at `now`.
    pub(crate) fn check(&self, slot: u32, tick: u32, now: Instant) -> Checked {
        let inner = self.inner();
        let entry = &mut inner.slots[slot as usize];
        if entry.armed != tick {
            // An earlier check took this one's place.
            return Checked::Nothing;
        }
        entry.armed = 0;
        if !entry.claimed || entry.answer != Answer::Waiting || entry.opening.deadline.is_never() {
            return Checked::Nothing;
        }
        if entry.opening.deadline > now {
            return Checked::Rearm(entry.opening.deadline);
        }
        entry.answer = Answer::Failed(Failure::Expired);
        Checked::Expired(entry.waker.take())
    }

    /// Calls `f` with what each call was opened with whose caller waits.
    pub(crate) fn for_each_waiting(&self, mut f: impl FnMut(&Opening)) {
        let inner = self.inner();
        for slot in &inner.slots {
            if slot.claimed && slot.answer == Answer::Waiting {
                f(&slot.opening);
            }
        }
    }

    /// Whether any slot but `except` wakes somebody of whom `f` says so.
    pub(crate) fn wakes(&self, except: Option<u32>, f: impl Fn(&StoredWaker) -> bool) -> bool {
        let inner = self.inner();
        (0..).zip(&inner.slots).any(|(index, slot)| Some(index) != except && f(&slot.waker))
    }

    /// Slots in use; for the check that nothing leaks.
    pub(crate) fn len(&self) -> usize {
        let inner = self.inner();
        inner.slots.len() - inner.free.len()
    }
}

/// What a deadline check found.
pub(crate) enum Checked {
    /// The call ended long ago.
    Nothing,
    /// The slot serves a call that has until then.
    Rearm(Instant),
    /// The call failed; whom to wake.
    Expired(StoredWaker),
}
