//! One place of the slab: who is in it, how often it has been used, and how ready its task is.

use std::fmt;
use std::ptr::NonNull;

use super::entry::ActorEntry;
use crate::task::Task;
use crate::task::waker::GENERATION_MASK;

/// One cache line: what a send looks at, and what a poll does.
#[repr(align(64))]
pub(super) struct Slot {
    /// Of the actor in it, so that a send checks its belief without a virtual call.
    actor: ActorEntry,
    /// What [`Slot::fill`] was given, until [`Slot::vacate`] hands it out.
    task: Option<NonNull<dyn Task>>,
    /// Of the task that lives here; 0 when the slot has retired. Counted on when a task ends.
    generation: u32,
    /// Messages the task's actor may handle in one turn; and [`LENT`].
    turn_messages: u16,
    group: u8,
    /// Whether a task lives here, and how ready it is.
    state: SlotState,
}

const _: () = assert!(size_of::<Slot>() == 64 && align_of::<Slot>() == 64);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum SlotState {
    Vacant,
    /// On the run queue.
    Scheduled,
    /// Being polled, or waiting to be woken.
    Idle,
    /// A probe was here, and the task has been neither scheduled nor polled since.
    Marked,
}

/// A bit of `turn_messages`: somebody the shard does not know of may hold the task's waker.
const LENT: u16 = 1 << 15;

/// What is left of a slot's task.
pub(super) struct Vacated {
    pub(super) task: Option<NonNull<dyn Task>>,
    pub(super) was_actor: bool,
    /// Whether the slot has retired.
    pub(super) retired: bool,
}

impl Slot {
    pub(super) const fn vacant() -> Self {
        Self {
            actor: ActorEntry::NONE,
            task: None,
            generation: 1,
            turn_messages: 0,
            group: 0,
            state: SlotState::Vacant,
        }
    }

    /// Takes the slot for a task under construction, whose generation is returned.
    #[inline]
    pub(super) const fn reserve(&mut self) -> u32 {
        self.state = SlotState::Idle;
        self.generation
    }

    /// Puts a task into the slot that was reserved for it.
    #[inline]
    pub(super) fn fill(
        &mut self,
        group: u8,
        turn_messages: u32,
        actor: Option<ActorEntry>,
        task: Option<NonNull<dyn Task>>,
    ) {
        debug_assert!(self.task.is_none());
        self.group = group;
        self.turn_messages = turn_messages.min(u32::from(!LENT)) as u16;
        self.actor = actor.unwrap_or(ActorEntry::NONE);
        self.task = task;
    }

    /// Empties the slot, unless it is empty. From here on its generation is refused everywhere.
    #[inline]
    pub(super) fn vacate(&mut self) -> Option<Vacated> {
        if self.state == SlotState::Vacant {
            return None;
        }
        self.state = SlotState::Vacant;
        let was_actor = self.is_actor();
        self.actor = ActorEntry::NONE;
        // A generation that would wrap would make stale pids valid again: the slot retires.
        self.generation = self.generation.wrapping_add(1);
        Some(Vacated { task: self.task.take(), was_actor, retired: self.generation == 0 })
    }

    /// Whether there is a task, or one under construction.
    pub(super) fn is_occupied(&self) -> bool {
        self.state != SlotState::Vacant
    }

    /// Whether the task is a live actor.
    #[inline]
    pub(super) const fn is_actor(&self) -> bool {
        !self.actor.at.is_null()
    }

    #[inline(always)]
    pub(super) const fn actor(&self) -> &ActorEntry {
        &self.actor
    }

    pub(super) const fn task(&self) -> Option<NonNull<dyn Task>> {
        self.task
    }

    #[inline(always)]
    pub(super) const fn generation(&self) -> u32 {
        self.generation
    }

    /// Whether the task's generation ends like that; a waker carries no more of it.
    #[inline(always)]
    pub(super) const fn ends_like(&self, generation_low: u32) -> bool {
        self.generation & GENERATION_MASK == generation_low
    }

    /// Notes that the task is on the run queue of the returned group from now on; `None` when it
    /// is there, or there is no task.
    #[inline(always)]
    pub(super) fn schedule(&mut self) -> Option<u8> {
        if self.state < SlotState::Idle {
            return None;
        }
        self.state = SlotState::Scheduled;
        Some(self.group)
    }

    /// Whether the task is on the run queue.
    pub(super) fn is_scheduled(&self) -> bool {
        self.state == SlotState::Scheduled
    }

    /// The task, which is to be polled, with its generation and its budget; only if it is scheduled,
    /// where that is asked.
    #[inline(always)]
    pub(super) fn begin(&mut self, if_scheduled: bool) -> Option<(u32, u32, NonNull<dyn Task>)> {
        if if_scheduled && self.state != SlotState::Scheduled {
            return None;
        }
        let task = self.task?;
        self.state = SlotState::Idle;
        Some((self.generation, u32::from(self.turn_messages & !LENT), task))
    }

    /// Marks the task if it is of that generation, suspended and not scheduled. Returns whether the
    /// mark is new.
    pub(super) fn mark(&mut self, generation: u32) -> Option<bool> {
        let suspended = self.task.is_some() && self.state >= SlotState::Idle;
        if self.generation != generation || !suspended {
            return None;
        }
        let before = std::mem::replace(&mut self.state, SlotState::Marked);
        Some(before != SlotState::Marked)
    }

    /// Whether the task is of that generation and still has the mark.
    pub(super) fn is_marked(&self, generation: u32) -> bool {
        self.generation == generation && self.state == SlotState::Marked
    }

    /// Notes that the task's waker was cloned.
    pub(super) const fn lend(&mut self) {
        self.turn_messages |= LENT;
    }

    /// Whether the task's waker was ever cloned.
    pub(super) const fn is_lent(&self) -> bool {
        self.turn_messages & LENT != 0
    }

    /// Sets how often a free slot has been used.
    #[cfg(test)]
    pub(super) const fn age(&mut self, generation: u32) {
        self.generation = generation;
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("generation", &self.generation)
            .field("state", &self.state)
            .finish()
    }
}
