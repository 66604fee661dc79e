//! The bits of a mailbox's state word. The actor's loop tests the word before each message and
//! before each poll of a handler.

use super::WhenFull;

/// The actor waits for a message: whoever pushes one owes its task a place on the run queue.
pub(crate) const IDLE: u32 = 1;
/// Nothing more is admitted.
pub(crate) const CLOSED: u32 = 1 << 1;
/// End after the message that is being handled.
pub(crate) const STOP: u32 = 1 << 2;
/// End when the queue is empty.
pub(crate) const DRAIN: u32 = 1 << 3;
/// End at the next await.
pub(crate) const KILL: u32 = 1 << 4;
/// Somebody parked, or is kept in the overflow: look at `Pressure` after each message.
pub(crate) const PRESSURE: u32 = 1 << 5;
/// `started` has not finished.
pub(crate) const STARTING: u32 = 1 << 6;
/// What comes before the next message.
pub(crate) const LOOKED_AT: u32 = STOP | KILL | PRESSURE | SIGNALLED;
/// What an incarnation does not leave to the next.
pub(crate) const OF_INCARNATION: u32 =
    IDLE | CLOSED | STOP | DRAIN | KILL | STARTING | CRASHED | SIGNALLED | TRAPS_EXITS | RESTART;
/// The actor's loop has panicked; a second panic ends it without hooks.
pub(crate) const CRASHED: u32 = 1 << 8;
/// The exit reason is settled; there is nobody left to signal.
pub(crate) const GONE: u32 = 1 << 7;
/// What a full mailbox does, where it is not to make senders wait. Never changes; here because
/// a field of its own would take eight bytes of every actor.
pub(crate) const REJECTS: u32 = 1 << 9;
pub(crate) const DROPS_NEWEST: u32 = 1 << 10;
pub(crate) const DROPS_OLDEST: u32 = 1 << 11;
/// Somebody is told of everything that happens on the shard. Never changes; here so that one
/// test of the word tells a send that there is more to do than to count the message.
pub(crate) const OBSERVED: u32 = 1 << 12;
/// There is news of other actors, which comes before messages.
pub(crate) const SIGNALLED: u32 = 1 << 13;
/// The ends of linked actors are news, and not the end of this one.
pub(crate) const TRAPS_EXITS: u32 = 1 << 14;
/// A supervisor decides what follows on the end of an incarnation.
pub(crate) const SUPERVISED: u32 = 1 << 15;
/// This incarnation is the last, supervisor or not.
pub(crate) const DISMISSED: u32 = 1 << 16;
/// An incarnation has ended, and what follows is not decided yet.
pub(crate) const SUSPENDED: u32 = 1 << 17;
/// Another incarnation is wanted.
pub(crate) const RESTART: u32 = 1 << 18;
/// What a send has to see to.
pub(crate) const SEEN_TO: u32 = IDLE | OBSERVED;

/// What an actor that only waits for a message has none of, but for `IDLE`.
pub(super) const UNREST: u32 =
    CLOSED | STOP | DRAIN | KILL | PRESSURE | STARTING | CRASHED | GONE | SIGNALLED | SUSPENDED;

pub(super) const fn when_full(when_full: WhenFull) -> u32 {
    match when_full {
        WhenFull::Wait => 0,
        WhenFull::Reject => REJECTS,
        WhenFull::DropNewest => DROPS_NEWEST,
        WhenFull::DropOldest => DROPS_OLDEST,
    }
}
