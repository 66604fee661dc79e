//! What is asked of reply slots beyond giving and taking answers: chains, deadlines, reports.
//!
//! Every method here makes one reference into the table and calls nothing that could make another:
//! see `slot`.

use super::slot::{Key, NONE_DUE, Opening, ReplyTable, state};
use crate::context::{Header, HeaderKind};
use crate::pid::Pid;
use crate::task::waker::StoredWaker;
use crate::time::Instant;

impl ReplyTable {
    /// Whether the claim is still there: a port's holder may stop work nobody waits for.
    pub(crate) fn is_claimed<R>(&self, port: &Key<R>) -> bool {
        self.inner().slots[port.slot() as usize].state & state::CLAIMED != 0
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
        (entry.serial == serial && entry.is_waiting()).then(|| f(&entry.opening))
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
        (entry.serial == serial && entry.state != 0).then(|| f(&entry.opening))
    }

    /// The deadline of the call that a header names, where nobody waits for its caller in turn, it
    /// carries no trace, and its caller is not in that place.
    #[inline(always)]
    pub(crate) fn plain_deadline(&self, header: Header, place: u64) -> Option<Instant> {
        let HeaderKind::Reply(slot, serial) = header.kind() else { return None };
        let entry = self.inner().slots.get(slot as usize)?;
        let opening = &entry.opening;
        let plain = opening.parent.is_none()
            && opening.trace.is_none()
            && (opening.caller != place || place == Pid::NOBODY.place());
        (entry.serial == serial && entry.state != 0 && plain).then_some(opening.deadline)
    }

    /// Who waits for the answer that a header names, where that is a task for which nobody waits in
    /// turn, and there is no trace.
    #[inline(always)]
    pub(crate) fn only_waiter(&self, header: Header) -> Option<(u32, u32)> {
        let HeaderKind::Reply(slot, serial) = header.kind() else { return None };
        let entry = self.inner().slots.get(slot as usize)?;
        let opening = &entry.opening;
        let (slot, generation) = ((opening.caller >> 32) as u32, opening.caller as u32);
        let plain = opening.parent.is_none() && opening.trace.is_none() && generation != 0;
        (entry.serial == serial && entry.is_waiting() && plain).then_some((slot, generation))
    }

    /// Notes that a deadline check of the slot is due at `tick`; one has to be put on the wheel.
    pub(crate) fn arm(&self, slot: u32, deadline: Instant, tick: u32) {
        let entry = &mut self.inner().slots[slot as usize];
        entry.armed = tick;
        entry.due = deadline;
    }

    /// A deadline check: fails the call when it is overdue at `now`.
    pub(crate) fn check(&self, slot: u32, tick: u32, now: Instant) -> Checked {
        let inner = self.inner();
        let entry = &mut inner.slots[slot as usize];
        if entry.armed != tick {
            // An earlier check took this one's place.
            return Checked::Nothing;
        }
        entry.armed = NONE_DUE;
        entry.due = Instant::NEVER;
        if !entry.is_waiting() || entry.opening.deadline.is_never() {
            return Checked::Nothing;
        }
        if entry.opening.deadline > now {
            return Checked::Rearm(entry.opening.deadline);
        }
        entry.state |= state::EXPIRED;
        Checked::Expired(entry.waker.take())
    }

    /// Calls `f` with what each call was opened with whose caller waits.
    pub(crate) fn for_each_waiting(&self, mut f: impl FnMut(&Opening)) {
        let inner = self.inner();
        for slot in &inner.slots {
            if slot.is_waiting() {
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
        self.inner().len()
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
