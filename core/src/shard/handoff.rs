//! Handing the shard from a caller straight to its callee.
//!
//! Most calls go to an actor of the same shard that has nothing to do. Putting it on the run queue,
//! suspending the caller, and waking it with the answer costs more than the answer. So such a callee
//! is polled on the spot, in the caller's place, for the one message; its answer is there when
//! the caller looks for the first time. (Handing the processor over with the message is Liedtke's,
//! "Improving IPC by kernel design", 1993; here it saves two trips through the run queue.)
//!
//! Nothing that can be observed changes but who runs first, which is nobody's to rely on: the callee
//! was idle with an empty mailbox, so no message is overtaken. A caller may do so a bounded number
//! of times in one poll and then waits its turn, so that a loop of calls does not hold the shard;
//! and to a bounded depth, since callees hand on. The simulator draws whether it happens.

use super::Shard;
use crate::context::Header;
use crate::limits::HANDOFF_DEPTH;
use crate::pid::Pid;

/// What the shard was doing before a callee ran in between.
struct Interrupted {
    running: Pid,
    scope: Header,
    scope_casts: Header,
    budget: u32,
}

impl Shard {
    /// Whether a call made now may hand over to its callee.
    #[inline]
    pub(super) const fn may_hand_off(&self) -> bool {
        self.handoffs.get() > 0 && self.handoff_depth.get() < HANDOFF_DEPTH
    }

    /// Runs an actor for the first time, in the place of a task that waits for it to start.
    pub(crate) fn hand_off_to_fresh(&self, actor: Pid) {
        let scheduled = self.is(actor.home()) && self.tasks.is_scheduled(actor.slot());
        if scheduled
            && self.may_hand_off()
            && self.tasks.generation(actor.slot()) == Some(actor.generation())
        {
            self.hand_off(actor.slot());
        }
    }

    /// Runs the callee of a call just posted, which was idle.
    #[inline(never)]
    pub(super) fn hand_off(&self, slot: u32) {
        let before = Interrupted {
            running: self.running.get(),
            scope: self.scope.get(),
            scope_casts: self.scope_casts.replace(Header::UNMADE),
            budget: self.budget.get(),
        };
        self.scope.set(Header::NONE);
        self.handoffs.set(self.handoffs.get() - 1);
        self.handoff_depth.set(self.handoff_depth.get() + 1);
        self.poll_task(slot, 1);
        self.handoff_depth.set(self.handoff_depth.get() - 1);
        self.running.set(before.running);
        self.scope.set(before.scope);
        self.scope_casts.set(before.scope_casts);
        self.budget.set(before.budget);
    }
}
