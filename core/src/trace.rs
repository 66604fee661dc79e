//! What happens on a shard, as events: for the simulator's trace hash and its checkers.
//!
//! In production nobody observes, and an event costs one predictable branch.

use std::any::Any;

use crate::pid::{NodeId, ShardId};
use crate::runtime::OpId;
use crate::shard::current;

/// Told in two registers.
const _: () = assert!(size_of::<Event>() <= 16);

/// One thing that happened. Slots and generations are of the shard that reports.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A task was polled.
    Polled {
        /// Its slot.
        slot: u32,
        /// Its generation.
        generation: u32,
    },
    /// A task came to be.
    Spawned {
        /// Its slot.
        slot: u32,
        /// Its generation.
        generation: u32,
    },
    /// A message was queued.
    Queued {
        /// The receiver's slot.
        slot: u32,
        /// The receiver's generation.
        generation: u32,
        /// The shard it came from; this one, mostly.
        from: ShardId,
    },
    /// A message was refused for want of room.
    Refused {
        /// The receiver's slot.
        slot: u32,
    },
    /// An accepted message will not be handled.
    Undelivered {
        /// The [`crate::Undelivered`] reason as a number.
        reason: u8,
    },
    /// A call was answered.
    Replied {
        /// The reply's slot.
        slot: u32,
    },
    /// A call's deadline passed.
    CallExpired {
        /// The reply's slot.
        slot: u32,
    },
    /// That many timers fired.
    TimersFired {
        /// How many.
        count: u32,
    },
    /// An operation was submitted.
    Submitted {
        /// Which.
        op: OpId,
    },
    /// An operation completed.
    Completed {
        /// Which.
        op: OpId,
        /// Whether it succeeded.
        ok: bool,
    },
    /// Actors that wait for room in one another's mailboxes in a circle were found.
    CycleFound {
        /// The slot of the one that is told.
        slot: u32,
        /// Its generation.
        generation: u32,
        /// Whether its wait failed for it; else the circle is only suspected.
        broken: bool,
    },
    /// A call was made: its reply slot is in use.
    Called {
        /// The reply's slot.
        slot: u32,
    },
    /// A port was given up without an answer that anybody took.
    Unanswered {
        /// The reply's slot.
        slot: u32,
    },
    /// A message left for a mailbox of another shard whose actor is on another node: it would
    /// reach a namesake, if anybody.
    Astray {
        /// Whose node.
        node: NodeId,
        /// The slot.
        slot: u32,
    },
    /// A message of another shard found no room and was kept.
    Kept {
        /// The receiver's slot.
        slot: u32,
        /// The receiver's generation.
        generation: u32,
    },
    /// Messages that had been kept moved into their mailbox.
    Relieved {
        /// The receiver's slot.
        slot: u32,
        /// The receiver's generation.
        generation: u32,
        /// How many.
        count: u32,
    },
    /// How many messages an actor that came to be handles in one turn at most.
    Bounded {
        /// The bound.
        messages: u32,
    },
    /// A task left its slot.
    Removed {
        /// Its slot.
        slot: u32,
    },
    /// An actor ended.
    Exited {
        /// Its slot.
        slot: u32,
        /// Its generation.
        generation: u32,
        /// Whether normally.
        normal: bool,
    },
}

/// Is told of each event, on the shard's thread, while the shard is being called. Must not call
/// back into the shard.
pub trait Observer {
    /// Something happened.
    fn event(&self, event: Event);

    /// An actor is about to be spawned under that name; told once per actor, for reports.
    fn named(&self, slot: u32, generation: u32, name: &str) {
        let _ = (slot, generation, name);
    }

    /// The program said something; see [`announce`].
    fn announced(&self, what: &dyn Any) {
        let _ = what;
    }
}

/// Tells whoever observes this shard what the program has done, in its own terms: the simulator
/// hands it to the test's monitors. In production, where nobody observes, and outside any shard it
/// is nothing; `what` is made all the same, so it should be cheap.
pub fn announce(what: &dyn Any) {
    current::with(|shard| {
        if let Some(observer) = shard.observer() {
            observer.announced(what);
        }
    });
}
