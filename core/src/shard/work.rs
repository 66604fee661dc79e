//! What a shard is doing now: the words that each message writes.

use std::cell::Cell;

use crate::context::Header;
use crate::limits::HANDOFF_DEPTH;

/// The task that runs, the message it handles, and how far it may hand over.
///
/// The words that are saved together when another task runs in between are not side by side: the
/// compiler would copy two of them with one load, and a load that covers two stores made just
/// before makes the processor wait.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Work {
    /// Place of the task that is being polled; generation 0 when none is.
    pub(super) running: Cell<u64>,
    /// How many callees run inside their callers now, in the high half; how often this poll may
    /// still hand over, in the low one.
    handoffs: Cell<u64>,
    /// The header of the message that is being handled.
    pub(super) scope: Cell<Header>,
    /// The messages that were accepted; here because every message counts it on.
    pub(super) accepted: Cell<u64>,
    /// The context that all casts of that message's handler share, once one was made.
    pub(super) scope_casts: Cell<Header>,
    /// The messages that were handled.
    pub(super) handled: Cell<u64>,
}

const DEPTH: u64 = 1 << 32;

impl Default for Work {
    fn default() -> Self {
        Self {
            running: Cell::new(0),
            handoffs: Cell::new(0),
            scope: Cell::new(Header::NONE),
            accepted: Cell::new(0),
            scope_casts: Cell::new(Header::UNMADE),
            handled: Cell::new(0),
        }
    }
}

impl Work {
    /// Lets the task that is polled next hand over so often.
    #[inline(always)]
    pub(super) fn allow_handoffs(&self, handoffs: u32) {
        self.handoffs.set(u64::from(handoffs));
    }

    /// Whether the running task may hand over.
    #[inline(always)]
    pub(super) const fn may_hand_off(&self) -> bool {
        let word = self.handoffs.get();
        word as u32 != 0 && word < HANDOFF_DEPTH as u64 * DEPTH
    }

    #[inline(always)]
    pub(super) fn hand_off(&self) {
        self.handoffs.set(self.handoffs.get() + DEPTH - 1);
    }

    #[inline(always)]
    pub(super) fn take_back(&self) {
        self.handoffs.set(self.handoffs.get() - DEPTH);
    }
}
