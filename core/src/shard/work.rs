//! What a shard is doing now: the words that each message writes.

use std::cell::Cell;

use crate::context::Header;
use crate::limits::{HANDOFF_DEPTH, HANDOFFS};

/// The message that the running task handles, and how far it may hand over. Which task that is, its
/// [`crate::vitals::Pulse`] says.
///
/// The words that are saved together when another task runs in between are not side by side: the
/// compiler would copy two of them with one load, and a load that covers two stores made just
/// before makes the processor wait.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Work {
    /// How deep callees may still run inside their callers, in the high half; how often this poll
    /// may still hand over, in the low one. The top bit of each half stays clear.
    handoffs: Cell<u32>,
    /// The header of the message that is being handled.
    pub(super) scope: Cell<Header>,
    /// The messages that were accepted; here because every message counts it on.
    pub(super) accepted: Cell<u64>,
    /// The context that all casts of that message's handler share, unmade before the first; none
    /// where the message has none.
    pub(super) scope_casts: Cell<Header>,
}

/// One level, and one time.
const HANDOFF: u32 = 1 << 16 | 1;
/// What is set when either has been taken away from none.
const TOO_MANY: u32 = 1 << 31 | 1 << 15;

const _: () = assert!(HANDOFF_DEPTH < 1 << 15 && HANDOFFS < 1 << 15);

impl Default for Work {
    fn default() -> Self {
        Self {
            handoffs: Cell::new(0),
            scope: Cell::new(Header::NONE),
            accepted: Cell::new(0),
            scope_casts: Cell::new(Header::NONE),
        }
    }
}

impl Work {
    /// Lets the task that is polled next hand over so often.
    #[inline(always)]
    pub(super) fn allow_handoffs(&self, handoffs: u32) {
        self.handoffs.set(HANDOFF_DEPTH << 16 | handoffs);
    }

    /// Whether the running task may hand over.
    #[inline(always)]
    pub(super) const fn may_hand_off(&self) -> bool {
        self.handoffs.get().wrapping_sub(HANDOFF) & TOO_MANY == 0
    }

    #[inline(always)]
    pub(super) fn hand_off(&self) {
        self.handoffs.set(self.handoffs.get().wrapping_sub(HANDOFF));
    }

    #[inline(always)]
    pub(super) fn take_back(&self) {
        self.handoffs.set(self.handoffs.get() + (1 << 16));
    }
}
