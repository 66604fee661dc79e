//! Running another task in the place of the one that runs.
//!
//! A call to an idle actor of the same shard is handled on the spot (`actor::body::direct`), and a
//! task that waits for a new actor of its shard to start runs it. Here is what both have in common:
//! whether it may be done, and what the shard was doing before.

use super::Shard;
use crate::context::Header;
use crate::pid::Pid;

/// What the shard was doing before another task ran in between.
#[must_use]
pub(crate) struct Interrupted {
    running: u64,
    scope: Header,
    scope_casts: Header,
}

impl Shard {
    /// Whether a call made now may hand over to its callee.
    #[inline(always)]
    pub(crate) const fn may_hand_off(&self) -> bool {
        self.work.may_hand_off()
    }

    /// From here on `target` runs, and handles the message of that header.
    #[inline(always)]
    pub(crate) fn interrupt(&self, target: (u32, u32), header: Header) -> Interrupted {
        self.work.hand_off();
        let pulse = self.vitals.pulse();
        let running = pulse.running();
        pulse.run(Pid::place_of(target));
        Interrupted {
            running,
            scope: self.work.scope.replace(header),
            scope_casts: self.work.scope_casts.replace(header.casts()),
        }
    }

    /// Back to what the shard was doing.
    #[inline(always)]
    pub(crate) fn resume(&self, before: Interrupted) {
        if !self.work.scope.get().is_none() {
            self.set_scope(Header::NONE);
        }
        self.work.take_back();
        self.vitals.pulse().run(before.running);
        self.work.scope.set(before.scope);
        self.work.scope_casts.set(before.scope_casts);
    }

    /// Runs an actor for the first time, in the place of a task that waits for it to start.
    pub(crate) fn hand_off_to_fresh(&self, actor: Pid) {
        let scheduled = self.is(actor.home()) && self.tasks.is_scheduled(actor.slot());
        if scheduled
            && self.may_hand_off()
            && self.tasks.generation(actor.slot()) == Some(actor.generation())
        {
            let before = self.interrupt(actor.target(), Header::NONE);
            self.poll_task(actor.slot(), 1, false);
            self.resume(before);
        }
    }
}
