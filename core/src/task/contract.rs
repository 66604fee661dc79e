//! What a shard asks of its tasks.

use std::sync::Arc;
use std::task::{Context, Poll};

use crate::mailbox::AnyDoor;
use crate::shard::Shard;

/// What an actor is in the middle of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// Of no message.
    AtRest,
    /// Of a message.
    Handling,
    /// Of its end: messages that were left over may be with it.
    Ending,
}

/// What lives in a slot. A shard polls it, and drops it in two steps, so that user code inside it
/// goes while somebody watches: first [`Task::abandon`], then the task itself.
pub(crate) trait Task {
    /// Polls the task, which the shard runs now. An actor handles at most `messages` messages.
    fn run(&self, shard: &Shard, cx: &mut Context<'_>, messages: u32) -> Poll<()>;

    /// The last poll panicked with that message. Returns whether something is left to be polled.
    fn crashed(&self, shard: &Shard, message: Arc<str>) -> bool;

    /// Drops what the task is made of, wherever it stands. User code runs, and may panic.
    /// Returns false where somebody is running it: then it must not be dropped.
    fn abandon(&self) -> bool;

    /// What the task is in the middle of.
    fn standing(&self) -> Standing {
        Standing::AtRest
    }

    /// The mailbox, if the task is an actor.
    fn door(&self) -> Option<&dyn AnyDoor> {
        None
    }
}
