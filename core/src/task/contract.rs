//! What a shard asks of its tasks.

use std::task::{Context, Poll};
use std::time::Duration;

use crate::actor::Panic;
use crate::mailbox::AnyDoor;
use crate::shard::{Shard, Share};

/// What lives in a slot. A shard polls it, and drops it in two steps, so that user code inside it
/// goes while somebody watches: first [`Task::abandon`], then the task itself.
pub(crate) trait Task {
    /// Polls the task, which the shard runs now. An actor handles at most `messages` messages.
    fn run(&self, shard: &Shard, cx: &mut Context<'_>, messages: u32) -> Poll<()>;

    /// The last poll panicked with that message. Returns whether something is left to be polled.
    fn crashed(&self, shard: &Shard, panic: Panic) -> bool;

    /// Drops what the task is made of, wherever it stands. User code runs, and may panic.
    /// Returns false where somebody is running it: then it must not be dropped.
    fn abandon(&self) -> bool;

    /// How long the handler of an actor may go on after a stop; `None` for as long as it likes.
    fn stop_grace(&self) -> Option<Duration> {
        None
    }

    /// Whether the task is an actor in the middle of a message or of news.
    fn is_in_handler(&self) -> bool {
        false
    }

    /// The mailbox, if the task is an actor.
    fn door(&self) -> Option<&dyn AnyDoor> {
        None
    }

    /// What it adds to the ledger of its type, if the task is an actor.
    fn share(&self) -> Option<Share<'_>> {
        None
    }
}
