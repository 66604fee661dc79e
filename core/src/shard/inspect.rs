//! What a shard holds, for reports, checkers and tests. Nothing here is on the message path.

use std::fmt;

use super::Shard;
use crate::pid::{Pid, ShardId};
use crate::time::Instant;

/// Something that waits, and for what.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Wait {
    /// A task waits for the answer to a call.
    Reply {
        /// The task that waits; an actor or a plain task.
        from: Pid,
        /// The actor that was called.
        to: Pid,
        /// When it gives up.
        deadline: Instant,
    },
    /// A task of this shard waits for room in a mailbox, of this shard or of one that said STOP.
    Room {
        /// The task that waits; `None` when a foreign waker stands for it.
        from: Option<Pid>,
        /// The actor whose mailbox is full.
        to: Pid,
    },
    /// A task of this shard waits for room on the way to another shard.
    Outbox {
        /// The task that waits; `None` when a foreign waker stands for it.
        from: Option<Pid>,
        /// The other shard.
        peer: ShardId,
    },
    /// An actor has messages, or is in the middle of one, and is not ready to run.
    Busy {
        /// The actor.
        actor: Pid,
        /// Messages queued behind.
        queued: usize,
        /// Messages of other shards kept for want of room.
        overflow: usize,
    },
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply { from, to, deadline } => {
                write!(f, "{from} waits for an answer of {to}, until {deadline:?}")
            }
            Self::Room { from: Some(from), to } => write!(f, "{from} waits for room at {to}"),
            Self::Room { from: None, to } => write!(f, "somebody waits for room at {to}"),
            Self::Outbox { from: Some(from), peer } => {
                write!(f, "{from} waits for room on the way to shard {peer}")
            }
            Self::Outbox { from: None, peer } => {
                write!(f, "somebody waits for room on the way to shard {peer}")
            }
            Self::Busy { actor, queued, overflow } => {
                write!(f, "{actor} is in a handler, {queued} queued, {overflow} in overflow")
            }
        }
    }
}

/// What is in use on a shard. All zero, apart from actors and tasks, when nothing is going on.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct InUse {
    /// Actors and plain tasks alive.
    pub tasks: usize,
    /// Tasks ready to run.
    pub ready: usize,
    /// Reply slots.
    pub replies: usize,
    /// Context records of queued or running messages.
    pub records: usize,
    /// Timers set.
    pub timers: usize,
    /// Operations submitted and not completed, or completed and not read.
    pub operations: usize,
    /// Messages queued in mailboxes, overflow included.
    pub queued: usize,
    /// Senders that wait for room.
    pub parked: usize,
}

impl Shard {
    /// Who waits for what: the list a deadlock report prints.
    #[must_use]
    pub fn waits(&self) -> Vec<Wait> {
        let mut waits = Vec::new();
        self.replies.for_each_waiting(|opening| {
            if opening.callee != Pid::NOBODY {
                waits.push(Wait::Reply {
                    from: Pid::in_place(self.home(), opening.caller),
                    to: opening.callee,
                    deadline: opening.deadline,
                });
            }
        });
        let actors = self.tasks.actors();
        for door in actors.iter().filter_map(|actor| actor.door()) {
            let (to, load) = (door.pid(), door.load());
            for slot in load.parked {
                waits.push(Wait::Room { from: slot.and_then(|slot| self.task_in(slot)), to });
            }
            if !load.idle && !self.tasks.is_scheduled(to.slot()) {
                let (queued, overflow) = (load.queued, load.overflow);
                waits.push(Wait::Busy { actor: to, queued, overflow });
            }
        }
        self.outboxes.for_each_waiting(|peer, target, slot| {
            let from = slot.and_then(|slot| self.task_in(slot));
            waits.push(match target {
                Some((slot, generation)) => {
                    Wait::Room { from, to: Pid::new(self.node(), peer, slot, generation) }
                }
                None => Wait::Outbox { from, peer },
            });
        });
        waits
    }

    fn task_in(&self, slot: u32) -> Option<Pid> {
        let generation = self.tasks.generation(slot)?;
        Some(Pid::new(self.node(), self.id(), slot, generation))
    }

    /// What is in use, for the check that nothing leaks.
    #[must_use]
    pub fn in_use(&self) -> InUse {
        let actors = self.tasks.actors();
        let queued = actors.iter().filter_map(|actor| actor.door()).map(|door| {
            let load = door.load();
            load.queued + load.overflow
        });
        InUse {
            tasks: self.tasks.len(),
            ready: self.tasks.ready(),
            replies: self.replies.len(),
            records: self.records.len(),
            timers: self.timers.len(),
            operations: self.operations.len(),
            queued: queued.sum(),
            parked: self.parking.len(),
        }
    }
}
