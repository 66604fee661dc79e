//! The tasks of a shard, by slot, and which of them are ready.
//!
//! A slot is used by many tasks one after the other; its generation tells them apart, and a slot
//! whose generation would wrap is retired instead of used again. A generation ends with its task,
//! so comparing it is the whole check that a task still lives. The slab never runs a task and
//! never drops one: it hands futures and doors out, so that user code runs with nothing borrowed.
//!
//! This file is the home of one unsafe fact: of the references into the slab that [`Slab::inner`]
//! makes, no two are alive at once. Every method makes one, moves data with it, and returns; none
//! calls out.

#![allow(unsafe_code)]

use std::any::TypeId;
use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use super::run_queue::RunQueue;
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
    ready: RunQueue,
    live: usize,
}

/// One cache line: what a send looks at, and what a poll does.
#[repr(align(64))]
struct Slot {
    /// Of the task that lives here; 0 when the slot has retired. Counted on when a task ends.
    generation: u32,
    /// Whether a task lives here, and how ready it is.
    state: SlotState,
    group: u8,
    /// Messages the task's actor may handle in one turn; and [`LENT`].
    turn_messages: u16,
    /// The type of the messages `door` takes, so that a send checks it without a virtual call.
    message_type: TypeId,
    /// Where `door` points, without its vtable, whose alignment a send would have to look up.
    door_at: *const (),
    door: Option<Rc<dyn AnyDoor>>,
    /// `None` while the task is being polled.
    future: Option<TaskFuture>,
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

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("generation", &self.generation)
            .field("state", &self.state)
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
        entry.state = SlotState::Idle;
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
        debug_assert!(entry.door.is_none() && entry.future.is_none());
        entry.group = group;
        entry.turn_messages = turn_messages.min(u32::from(!LENT)) as u16;
        if let Some(door) = door {
            entry.message_type = door.message_type();
            entry.door_at = Rc::as_ptr(&door).cast();
            entry.door = Some(door);
        }
        entry.future = Some(future);
    }

    /// Puts a task on the run queue unless it is there.
    #[inline]
    pub(crate) fn schedule(&self, slot: u32) {
        let inner = self.inner();
        if let Some(entry) = inner.slots.get_mut(slot as usize)
            && entry.state >= SlotState::Idle
        {
            entry.state = SlotState::Scheduled;
            inner.ready.push(entry.group, slot);
        }
    }

    /// The same for a waker, which carries part of a generation only.
    #[inline]
    pub(crate) fn schedule_woken(&self, slot: u32, generation_low: u32) {
        let inner = self.inner();
        if let Some(entry) = inner.slots.get_mut(slot as usize)
            && entry.state >= SlotState::Idle
            && entry.generation & GENERATION_MASK == generation_low
        {
            entry.state = SlotState::Scheduled;
            inner.ready.push(entry.group, slot);
        }
    }

    /// The oldest ready task of the group whose turn it is. It stays scheduled until it begins.
    #[inline]
    pub(crate) fn next(&self) -> Option<u32> {
        self.inner().ready.pop()
    }

    /// The same, chosen by `pick`, which runs with nothing borrowed.
    ///
    /// # Panics
    ///
    /// When `pick` returns no index of what it was given.
    pub(crate) fn next_by(&self, pick: impl FnOnce(&VecDeque<u32>) -> usize) -> Option<u32> {
        let (group, mut ready) = self.inner().ready.lend()?;
        let index = pick(&ready);
        let slot = ready.remove(index);
        self.inner().ready.give_back(group, ready);
        Some(slot.expect("a policy picks one of the ready tasks"))
    }

    /// Whether no task is ready.
    #[inline]
    pub(crate) fn is_quiet(&self) -> bool {
        self.inner().ready.is_empty()
    }

    /// Ready tasks.
    pub(crate) fn ready(&self) -> usize {
        self.inner().ready.len()
    }

    /// Whether a task that was taken from the run queue is still to be polled: one that was handed
    /// the shard before its turn is not.
    #[inline]
    pub(crate) fn is_due(&self, slot: u32) -> bool {
        self.inner().slots[slot as usize].state == SlotState::Scheduled
    }

    /// Takes a task's future out to be polled, with its generation and its budget.
    #[inline]
    pub(crate) fn begin(&self, slot: u32) -> Option<(u32, u32, TaskFuture)> {
        let inner = self.inner();
        let entry = &mut inner.slots[slot as usize];
        if entry.state != SlotState::Vacant {
            entry.state = SlotState::Idle;
        }
        let future = entry.future.take()?;
        Some((entry.generation, u32::from(entry.turn_messages & !LENT), future))
    }

    /// Puts back a future that is not finished.
    #[inline]
    pub(crate) fn end(&self, slot: u32, future: TaskFuture) {
        let inner = self.inner();
        let before = inner.slots[slot as usize].future.replace(future);
        debug_assert!(before.is_none(), "a task was polled that was being polled");
        // Nothing to drop, which the compiler cannot know.
        std::mem::forget(before);
    }

    /// Empties a slot. From here on its generation is refused everywhere.
    pub(crate) fn remove(&self, slot: u32) -> Removed {
        let inner = self.inner();
        let occupied = |entry: &&mut Slot| entry.state != SlotState::Vacant;
        let Some(entry) = inner.slots.get_mut(slot as usize).filter(occupied) else {
            return Removed::default();
        };
        entry.state = SlotState::Vacant;
        entry.message_type = TypeId::of::<NoDoor>();
        let removed = Removed { door: entry.door.take(), future: entry.future.take() };
        inner.live -= 1;
        // A generation that would wrap would make stale pids valid again: the slot retires.
        entry.generation = entry.generation.wrapping_add(1);
        if entry.generation != 0 {
            inner.free.push(slot);
        }
        removed
    }

    /// Where the mailbox of a live actor is, if it takes messages of that type. The mailbox stays
    /// there until the slot is emptied.
    #[inline(always)]
    pub(crate) fn door_at(
        &self,
        (slot, generation): (u32, u32),
        message_type: TypeId,
    ) -> Result<*const (), NotFound> {
        match self.inner().slots.get(slot as usize) {
            Some(entry) if entry.generation == generation => {
                if entry.message_type == message_type {
                    Ok(entry.door_at)
                } else {
                    Err(NotFound::WrongType)
                }
            }
            _ => Err(NotFound::Dead),
        }
    }

    /// The door of a live actor, whatever its type.
    pub(crate) fn any_door(&self, slot: u32, generation: u32) -> Option<Rc<dyn AnyDoor>> {
        let inner = self.inner();
        let entry = inner.slots.get(slot as usize)?;
        if entry.generation == generation { entry.door.clone() } else { None }
    }

    /// The generation of the task in a slot.
    pub(crate) fn generation(&self, slot: u32) -> Option<u32> {
        let inner = self.inner();
        let entry = inner.slots.get(slot as usize)?;
        (entry.state != SlotState::Vacant).then_some(entry.generation)
    }

    /// Whether the task in a slot is on the run queue.
    pub(crate) fn is_scheduled(&self, slot: u32) -> bool {
        let entry = self.inner().slots.get(slot as usize);
        entry.is_some_and(|entry| entry.state == SlotState::Scheduled)
    }

    /// Marks a task that is suspended and not scheduled. The mark goes with the next wake-up or
    /// poll, so that one still there says that neither has happened. Returns whether the mark is
    /// new; `None` where there is no such task.
    pub(crate) fn mark(&self, slot: u32, generation: u32) -> Option<bool> {
        let entry = self.inner().slots.get_mut(slot as usize);
        let suspended = entry.filter(|entry| {
            entry.generation == generation
                && entry.future.is_some()
                && entry.state >= SlotState::Idle
        });
        let before = std::mem::replace(&mut suspended?.state, SlotState::Marked);
        Some(before != SlotState::Marked)
    }

    /// Whether the task still has the mark.
    pub(crate) fn is_marked(&self, slot: u32, generation: u32) -> bool {
        let entry = self.inner().slots.get(slot as usize);
        entry.is_some_and(|e| e.generation == generation && e.state == SlotState::Marked)
    }

    /// Notes that the task's waker was cloned: from now on it may be woken by somebody the shard
    /// does not know of.
    pub(crate) fn lend(&self, slot: u32, generation_low: u32) {
        let entry = self.inner().slots.get_mut(slot as usize);
        if let Some(entry) = entry.filter(|e| e.generation & GENERATION_MASK == generation_low) {
            entry.turn_messages |= LENT;
        }
    }

    /// Whether the task's waker was ever cloned.
    pub(crate) fn is_lent(&self, slot: u32) -> bool {
        let entry = self.inner().slots.get(slot as usize);
        entry.is_some_and(|entry| entry.turn_messages & LENT != 0)
    }

    /// The doors of all live actors, in slot order.
    pub(crate) fn doors(&self) -> Vec<Rc<dyn AnyDoor>> {
        self.inner().slots.iter().filter_map(|slot| slot.door.clone()).collect()
    }

    /// The slots in use, in order.
    pub(crate) fn occupied(&self) -> Vec<u32> {
        let inner = self.inner();
        let occupied = (0..).zip(&inner.slots).filter(|(_, slot)| slot.state != SlotState::Vacant);
        occupied.map(|(index, _)| index).collect()
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
            generation: 1,
            state: SlotState::Vacant,
            group: 0,
            turn_messages: 0,
            message_type: TypeId::of::<NoDoor>(),
            door_at: std::ptr::null(),
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
        slab.age(first.slot, u32::MAX);
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
        slab.schedule_woken(old.slot, old.generation);
        assert_eq!(slab.next(), None);
        slab.schedule_woken(new.slot, new.generation);
        slab.schedule_woken(new.slot, new.generation);
        assert_eq!((slab.next(), slab.next()), (Some(new.slot), None), "scheduled twice");
    }
}
