//! The tasks of a shard, by slot.
//!
//! A slot is used by many tasks one after the other; its generation tells them apart, and a slot
//! whose generation would wrap is retired instead of used again. The slab never runs a task and
//! never drops one: it hands futures and doors out, so that user code runs with nothing borrowed.
//!
//! This file is the home of one unsafe fact: of the references into the slab that [`Slab::inner`]
//! makes, no two are alive at once. Every method makes one, moves data with it, and returns; none
//! calls out, but for `with_door`, whose closure is handed a door (which is not in the slab but
//! behind its own `Rc`), and which only this crate calls, with closures that move messages.

#![allow(unsafe_code)]

use std::any::TypeId;
use std::cell::UnsafeCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use crate::limits::SLOTS_MAX;
use crate::mailbox::AnyDoor;
use crate::task::waker::GENERATION_MASK;

/// A task's future. It has no output: whatever comes of it goes through a reply slot.
pub(crate) type TaskFuture = Pin<Box<dyn Future<Output = ()>>>;

/// The message type of a task that is no actor.
#[derive(Debug)]
pub(crate) struct NoDoor;

#[derive(Default)]
pub(crate) struct Slab {
    inner: UnsafeCell<Inner>,
}

impl fmt::Debug for Slab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slab").field("live", &self.len()).finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Inner {
    slots: Vec<Slot>,
    free: Vec<u32>,
    live: usize,
}

struct Slot {
    generation: u32,
    live: bool,
    /// One of [`IDLE`], [`SCHEDULED`] and [`MARKED`].
    readiness: u8,
    /// Somebody the shard does not know of may hold the task's waker.
    lent: bool,
    group: u8,
    /// Messages the task's actor may handle in one turn.
    turn_messages: u32,
    /// The type of the messages `door` takes, so that a send checks it without a virtual call.
    message_type: TypeId,
    door: Option<Rc<dyn AnyDoor>>,
    /// `None` while the task is being polled.
    future: Option<TaskFuture>,
}

/// Neither on the run queue nor marked; what a poll begins with.
const IDLE: u8 = 0;
/// On the run queue, or about to be put there.
const SCHEDULED: u8 = 1;
/// A probe was here, and the task has been neither scheduled nor polled since.
const MARKED: u8 = 2;

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("generation", &self.generation)
            .field("live", &self.live)
            .finish()
    }
}

/// A slot that was reserved for a task under construction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reserved {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// What was in a slot; to be dropped with nothing borrowed.
#[derive(Default)]
pub(crate) struct Removed {
    pub(crate) door: Option<Rc<dyn AnyDoor>>,
    pub(crate) future: Option<TaskFuture>,
}

impl Slab {
    #[expect(clippy::mut_from_ref, reason = "see the module: no two are ever alive")]
    #[inline(always)]
    fn inner(&self) -> &mut Inner {
        // SAFETY: the slab is on one thread, and no method keeps the reference while anything runs
        // that could call another: see the module.
        unsafe { &mut *self.inner.get() }
    }

    /// Takes a slot for a new task; `None` when the shard has no slot left.
    pub(crate) fn reserve(&self) -> Option<Reserved> {
        let inner = self.inner();
        let slot = match inner.free.pop() {
            Some(slot) => slot,
            None if inner.slots.len() < SLOTS_MAX as usize => {
                inner.slots.push(Slot::vacant());
                (inner.slots.len() - 1) as u32
            }
            None => return None,
        };
        let entry = &mut inner.slots[slot as usize];
        entry.generation += 1;
        entry.live = true;
        entry.readiness = IDLE;
        entry.lent = false;
        inner.live += 1;
        Some(Reserved { slot, generation: entry.generation })
    }

    /// Puts a task into its reserved slot.
    pub(crate) fn fill(
        &self,
        slot: u32,
        group: u8,
        turn_messages: u32,
        door: Option<Rc<dyn AnyDoor>>,
        future: TaskFuture,
    ) {
        let inner = self.inner();
        let entry = &mut inner.slots[slot as usize];
        debug_assert!(entry.live && entry.door.is_none() && entry.future.is_none());
        entry.group = group;
        entry.turn_messages = turn_messages;
        if let Some(door) = door {
            entry.message_type = door.message_type();
            entry.door = Some(door);
        }
        entry.future = Some(future);
    }

    /// Marks the task as scheduled. Returns its group when it was not yet: the caller then owes
    /// it a place on the run queue.
    #[inline]
    pub(crate) fn schedule(&self, slot: u32) -> Option<u8> {
        let inner = self.inner();
        let entry = inner.slots.get_mut(slot as usize)?;
        if entry.readiness == SCHEDULED || !entry.live {
            return None;
        }
        entry.readiness = SCHEDULED;
        Some(entry.group)
    }

    /// The same for a waker, which carries part of a generation only.
    #[inline]
    pub(crate) fn schedule_woken(&self, slot: u32, generation_low: u32) -> Option<u8> {
        let inner = self.inner();
        let entry = inner.slots.get_mut(slot as usize)?;
        if entry.readiness == SCHEDULED
            || !entry.live
            || entry.generation & GENERATION_MASK != generation_low
        {
            return None;
        }
        entry.readiness = SCHEDULED;
        Some(entry.group)
    }

    /// Takes a scheduled task's future out to be polled, with its generation and its budget.
    #[inline]
    pub(crate) fn begin(&self, slot: u32) -> Option<(u32, u32, TaskFuture)> {
        let inner = self.inner();
        let entry = &mut inner.slots[slot as usize];
        entry.readiness = IDLE;
        entry.future.take().map(|future| (entry.generation, entry.turn_messages, future))
    }

    /// Puts back a future that is not finished.
    #[inline]
    pub(crate) fn end(&self, slot: u32, future: TaskFuture) {
        let inner = self.inner();
        inner.slots[slot as usize].future = Some(future);
    }

    /// Empties a slot. From here on its generation is refused everywhere.
    pub(crate) fn remove(&self, slot: u32) -> Removed {
        let inner = self.inner();
        let Some(entry) = inner.slots.get_mut(slot as usize).filter(|entry| entry.live) else {
            return Removed::default();
        };
        entry.live = false;
        entry.message_type = TypeId::of::<NoDoor>();
        let removed = Removed { door: entry.door.take(), future: entry.future.take() };
        inner.live -= 1;
        // A generation that would wrap would make stale pids valid again: the slot retires.
        if entry.generation < u32::MAX {
            inner.free.push(slot);
        }
        removed
    }

    /// The door of a live actor, if it takes messages of that type.
    #[inline]
    pub(crate) fn with_door<R>(
        &self,
        (slot, generation): (u32, u32),
        message_type: TypeId,
        f: impl FnOnce(&Rc<dyn AnyDoor>) -> R,
    ) -> Result<R, NotFound> {
        let inner = self.inner();
        match inner.slots.get(slot as usize) {
            Some(entry) if entry.live && entry.generation == generation => match &entry.door {
                Some(door) if entry.message_type == message_type => Ok(f(door)),
                _ => Err(NotFound::WrongType),
            },
            _ => Err(NotFound::Dead),
        }
    }

    /// The door of a live actor, whatever its type.
    pub(crate) fn any_door(&self, slot: u32, generation: u32) -> Option<Rc<dyn AnyDoor>> {
        let inner = self.inner();
        let entry = inner.slots.get(slot as usize)?;
        (entry.live && entry.generation == generation).then(|| entry.door.clone()).flatten()
    }

    /// The generation of the task in a slot.
    pub(crate) fn generation(&self, slot: u32) -> Option<u32> {
        let inner = self.inner();
        inner.slots.get(slot as usize).filter(|entry| entry.live).map(|entry| entry.generation)
    }

    /// Whether the task in a slot is on the run queue.
    pub(crate) fn is_scheduled(&self, slot: u32) -> bool {
        let entry = self.inner().slots.get(slot as usize);
        entry.is_some_and(|entry| entry.readiness == SCHEDULED)
    }

    /// Marks a task that is suspended and not scheduled. The mark goes with the next wake-up or
    /// poll, so that one still there says that neither has happened. Returns whether the mark is
    /// new; `None` where there is no such task.
    pub(crate) fn mark(&self, slot: u32, generation: u32) -> Option<bool> {
        let entry = self.inner().slots.get_mut(slot as usize);
        let suspended = entry.filter(|entry| {
            entry.live
                && entry.generation == generation
                && entry.future.is_some()
                && entry.readiness != SCHEDULED
        });
        suspended.map(|entry| std::mem::replace(&mut entry.readiness, MARKED) != MARKED)
    }

    /// Whether the task still has the mark.
    pub(crate) fn is_marked(&self, slot: u32, generation: u32) -> bool {
        let entry = self.inner().slots.get(slot as usize);
        entry.is_some_and(|entry| {
            entry.live && entry.generation == generation && entry.readiness == MARKED
        })
    }

    /// Notes that the task's waker was cloned: from now on it may be woken by somebody the shard
    /// does not know of.
    pub(crate) fn lend(&self, slot: u32, generation_low: u32) {
        let entry = self.inner().slots.get_mut(slot as usize);
        if let Some(entry) = entry.filter(|e| e.generation & GENERATION_MASK == generation_low) {
            entry.lent = true;
        }
    }

    /// Whether the task's waker was ever cloned.
    pub(crate) fn is_lent(&self, slot: u32) -> bool {
        self.inner().slots.get(slot as usize).is_some_and(|entry| entry.lent)
    }

    /// The doors of all live actors, in slot order.
    pub(crate) fn doors(&self) -> Vec<Rc<dyn AnyDoor>> {
        self.inner().slots.iter().filter_map(|slot| slot.door.clone()).collect()
    }

    /// The slots in use, in order.
    pub(crate) fn occupied(&self) -> Vec<u32> {
        let inner = self.inner();
        (0..).zip(&inner.slots).filter(|(_, slot)| slot.live).map(|(index, _)| index).collect()
    }

    /// Tasks alive.
    pub(crate) fn len(&self) -> usize {
        self.inner().live
    }

    /// Sets how often a free slot has been used, so that a test reaches the end of its life.
    #[cfg(test)]
    pub(crate) fn age(&self, slot: u32, generation: u32) {
        self.inner().slots[slot as usize].generation = generation;
    }
}

/// Why a pid leads to no mailbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotFound {
    /// Nobody of that generation lives there.
    Dead,
    /// Somebody does, with messages of another type.
    WrongType,
}

impl Slot {
    fn vacant() -> Self {
        Self {
            generation: 0,
            live: false,
            readiness: IDLE,
            lent: false,
            group: 0,
            turn_messages: 0,
            message_type: TypeId::of::<NoDoor>(),
            door: None,
            future: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_retires_rather_than_wraps() {
        let slab = Slab::default();
        let first = slab.reserve().unwrap();
        drop(slab.remove(first.slot));
        slab.age(first.slot, u32::MAX - 1);
        let last = slab.reserve().unwrap();
        assert_eq!((last.slot, last.generation), (first.slot, u32::MAX));
        drop(slab.remove(last.slot));
        let next = slab.reserve().unwrap();
        assert_ne!(next.slot, first.slot, "a retired slot was used again");
    }

    #[test]
    fn a_stale_waker_schedules_nobody() {
        let slab = Slab::default();
        let old = slab.reserve().unwrap();
        slab.fill(old.slot, 0, 1, None, Box::pin(async {}));
        drop(slab.remove(old.slot));
        let new = slab.reserve().unwrap();
        slab.fill(new.slot, 0, 1, None, Box::pin(async {}));
        assert_eq!(old.slot, new.slot);
        assert_eq!(slab.schedule_woken(old.slot, old.generation), None);
        assert_eq!(slab.schedule_woken(new.slot, new.generation), Some(0));
        assert_eq!(slab.schedule_woken(new.slot, new.generation), None, "scheduled twice");
    }
}
