//! How much a mailbox holds, and what happens to the rest.

use crate::limits::MAILBOX_DEPTH;

/// A mailbox's bound and what it does when that is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MailboxBound {
    /// Holds that many messages (at least one); a cast is refused with `Full`, a send or call
    /// waits for room. The default, with 1000.
    Fixed(usize),
    /// Holds that many (at least one); a message that finds no room is dropped and counted as
    /// undelivered. For telemetry, where some loss is fine and waiting is not.
    Dropping(usize),
    /// Holds that many (at least one); the oldest message makes room and is counted as
    /// undelivered. For status updates, where only the latest matters.
    Sliding(usize),
    /// Holds that many (at least one); casts, sends and calls alike are refused when it is full.
    Reject(usize),
    /// Holds whatever comes. A consumer that is slower than its producers exhausts memory.
    Unbounded,
}

impl Default for MailboxBound {
    fn default() -> Self {
        Self::Fixed(MAILBOX_DEPTH)
    }
}

impl MailboxBound {
    /// Messages the mailbox holds.
    #[must_use]
    pub(crate) const fn depth(self) -> u32 {
        match self {
            Self::Unbounded => u32::MAX,
            Self::Fixed(depth)
            | Self::Dropping(depth)
            | Self::Sliding(depth)
            | Self::Reject(depth) => {
                if depth == 0 {
                    1
                } else if depth > u32::MAX as usize {
                    u32::MAX
                } else {
                    depth as u32
                }
            }
        }
    }
}

/// What a mailbox does with a message it has no room for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum WhenFull {
    /// Refuses a cast, parks a sender.
    Wait,
    /// Refuses everybody.
    Reject,
    /// Drops the message.
    DropNewest,
    /// Drops the oldest.
    DropOldest,
}

impl MailboxBound {
    pub(crate) const fn when_full(self) -> WhenFull {
        match self {
            Self::Fixed(_) | Self::Unbounded => WhenFull::Wait,
            Self::Reject(_) => WhenFull::Reject,
            Self::Dropping(_) => WhenFull::DropNewest,
            Self::Sliding(_) => WhenFull::DropOldest,
        }
    }
}
