//! The tasks of a shard, by slot, and which of them are ready.
//!
//! A slot is used by many tasks one after the other; its generation tells them apart, and a slot
//! whose generation would wrap is retired instead of used again. A generation ends with its task,
//! so comparing it is the whole check that a task still lives. The slab never runs a task and
//! never drops one: it hands tasks out, so that user code runs with nothing borrowed.
//!
//! This file is the home of two unsafe facts. Of the references into the slab that [`Slab::inner`]
//! makes, no two are alive at once: every method makes one, moves data with it, and returns; none
//! calls out. And a task lives while it is polled: the slab owns a count of its `Rc`, which leaves
//! with [`Slab::remove`]; who removes a task abandons it before it lets go of it, and a task that is
//! being polled refuses that, and then the count is never given back.

#![allow(unsafe_code)]

use std::any::TypeId;
use std::cell::UnsafeCell;
use std::fmt;
use std::ptr::NonNull;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::Shard;
use super::entry::{ActorEntry, NotFound, Reserved};
use super::run_queue::{Ready, RunQueue};
use super::slot::Slot;
use crate::limits::SLOTS_MAX;
use crate::task::Task;

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
    actors: usize,
}

impl Drop for Slab {
    fn drop(&mut self) {
        for slot in self.occupied() {
            drop(self.remove(slot));
        }
    }
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
        inner.live += 1;
        Some(Reserved { slot, generation: inner.slots[slot as usize].reserve() })
    }

    /// Puts a task into its reserved slot.
    pub(crate) fn fill(
        &self,
        slot: u32,
        group: u8,
        turn_messages: u32,
        actor: Option<ActorEntry>,
        task: Rc<dyn Task>,
    ) {
        let inner = self.inner();
        inner.actors += usize::from(actor.is_some());
        let task = NonNull::new(Rc::into_raw(task).cast_mut());
        inner.slots[slot as usize].fill(group, turn_messages, actor, task);
    }

    /// Puts a task on the run queue unless it is there.
    #[inline(always)]
    pub(crate) fn schedule(&self, slot: u32) {
        let inner = self.inner();
        if let Some(group) = inner.slots.get_mut(slot as usize).and_then(Slot::schedule) {
            inner.ready.push(group, slot);
        }
    }

    /// The same for a waker, which carries part of a generation only.
    #[inline]
    pub(crate) fn schedule_woken(&self, slot: u32, generation_low: u32) {
        let inner = self.inner();
        if let Some(entry) = inner.slots.get_mut(slot as usize)
            && entry.ends_like(generation_low)
            && let Some(group) = entry.schedule()
        {
            inner.ready.push(group, slot);
        }
    }

    /// The oldest ready task of the group whose turn it is. It stays scheduled until it begins.
    #[inline(always)]
    pub(crate) fn next(&self) -> Option<u32> {
        self.inner().ready.pop()
    }

    /// The one ready task, if there is no choice to be made.
    #[inline(always)]
    pub(crate) fn next_only(&self) -> Option<u32> {
        let ready = &mut self.inner().ready;
        if ready.is_only_one() { ready.pop() } else { None }
    }

    /// The next one as `next`, chosen by `pick`, which runs with nothing borrowed.
    ///
    /// # Panics
    ///
    /// When `pick` returns no index of what it was given.
    pub(crate) fn next_by(&self, pick: impl FnOnce(&Ready) -> usize) -> Option<u32> {
        let (group, ready) = self.inner().ready.lend()?;
        let chosen = pick(&ready);
        Some(self.inner().ready.give_back(group, ready, chosen))
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

    /// A task that is to be polled, with its generation and its budget; only if it is scheduled,
    /// where that is asked: one that was handed the shard before its turn is not any more.
    #[inline(always)]
    pub(crate) fn begin(&self, slot: u32, if_scheduled: bool) -> Option<(u32, u32, Polled)> {
        let begun = self.inner().slots[slot as usize].begin(if_scheduled);
        begun.map(|(generation, messages, task)| (generation, messages, Polled(task)))
    }

    /// Empties a slot. From here on its generation is refused everywhere.
    pub(crate) fn remove(&self, slot: u32) -> Option<Rc<dyn Task>> {
        let inner = self.inner();
        let vacated = inner.slots.get_mut(slot as usize)?.vacate()?;
        inner.actors -= usize::from(vacated.was_actor);
        inner.live -= 1;
        if !vacated.retired {
            inner.free.push(slot);
        }
        let task = vacated.task?;
        // SAFETY: `fill` has it from an `Rc`, whose count is given back once: the slot is empty now.
        Some(unsafe { Rc::from_raw(task.as_ptr()) })
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
            Some(entry) if entry.generation() == generation => {
                let actor = entry.actor();
                if actor.message_type == message_type {
                    Ok(actor.at)
                } else {
                    Err(NotFound::WrongType)
                }
            }
            _ => Err(NotFound::Dead),
        }
    }

    /// Where the body of a live actor is, if it is of that type; like [`Slab::door_at`].
    #[inline(always)]
    pub(crate) fn body_at(
        &self,
        (slot, generation): (u32, u32),
        actor_type: TypeId,
    ) -> Option<*const ()> {
        let entry = self.inner().slots.get(slot as usize)?;
        let actor = entry.actor();
        let found = entry.generation() == generation && actor.actor_type == actor_type;
        found.then_some(actor.at)
    }

    /// The task of a live actor, whatever its type.
    pub(crate) fn actor(&self, slot: u32, generation: u32) -> Option<Rc<dyn Task>> {
        let inner = self.inner();
        let entry = inner.slots.get(slot as usize)?;
        let found = entry.generation() == generation && entry.is_actor();
        if found { share(entry) } else { None }
    }

    /// The generation of the task in a slot.
    pub(crate) fn generation(&self, slot: u32) -> Option<u32> {
        let inner = self.inner();
        let entry = inner.slots.get(slot as usize)?;
        entry.is_occupied().then_some(entry.generation())
    }

    /// Whether the task in a slot is on the run queue.
    pub(crate) fn is_scheduled(&self, slot: u32) -> bool {
        let entry = self.inner().slots.get(slot as usize);
        entry.is_some_and(Slot::is_scheduled)
    }

    /// Marks a task that is suspended and not scheduled. The mark goes with the next wake-up or
    /// poll, so that one still there says that neither has happened. Returns whether the mark is
    /// new; `None` where there is no such task.
    pub(crate) fn mark(&self, slot: u32, generation: u32) -> Option<bool> {
        self.inner().slots.get_mut(slot as usize)?.mark(generation)
    }

    /// Whether the task still has the mark.
    pub(crate) fn is_marked(&self, slot: u32, generation: u32) -> bool {
        let entry = self.inner().slots.get(slot as usize);
        entry.is_some_and(|entry| entry.is_marked(generation))
    }

    /// Notes that the task's waker was cloned: from now on it may be woken by somebody the shard
    /// does not know of.
    pub(crate) fn lend(&self, slot: u32, generation_low: u32) {
        let entry = self.inner().slots.get_mut(slot as usize);
        if let Some(entry) = entry.filter(|entry| entry.ends_like(generation_low)) {
            entry.lend();
        }
    }

    /// Whether the task's waker was ever cloned.
    pub(crate) fn is_lent(&self, slot: u32) -> bool {
        let entry = self.inner().slots.get(slot as usize);
        entry.is_some_and(Slot::is_lent)
    }

    /// The tasks of all live actors, in slot order.
    pub(crate) fn actors(&self) -> Vec<Rc<dyn Task>> {
        self.inner().slots.iter().filter(|slot| slot.is_actor()).filter_map(share).collect()
    }

    /// The live actors among `count` slots from `first` on, and the slot behind those, if there are
    /// more.
    pub(crate) fn actors_from(&self, first: u32, count: usize) -> (Vec<Rc<dyn Task>>, Option<u32>) {
        let slots = &self.inner().slots;
        let last = (first as usize).saturating_add(count).min(slots.len());
        let batch = slots.get(first as usize..last).unwrap_or_default();
        let actors = batch.iter().filter(|slot| slot.is_actor()).filter_map(share);
        (actors.collect(), (last < slots.len()).then_some(last as u32))
    }

    /// The slots in use, in order.
    pub(crate) fn occupied(&self) -> Vec<u32> {
        let inner = self.inner();
        let occupied = (0..).zip(&inner.slots).filter(|(_, slot)| slot.is_occupied());
        occupied.map(|(index, _)| index).collect()
    }

    /// Tasks alive.
    pub(crate) fn len(&self) -> usize {
        self.inner().live
    }

    /// Actors alive.
    pub(crate) fn actors_len(&self) -> usize {
        self.inner().actors
    }

    /// Sets how often a free slot has been used, so that a test reaches the end of its life.
    #[cfg(test)]
    pub(crate) fn age(&self, slot: u32, generation: u32) {
        self.inner().slots[slot as usize].age(generation);
    }
}

/// A task that is about to be polled.
#[derive(Clone, Copy)]
pub(crate) struct Polled(NonNull<dyn Task>);

impl Polled {
    /// See [`Task::run`]. To be called before anything else runs: see the module.
    #[inline(always)]
    pub(crate) fn run(self, shard: &Shard, cx: &mut Context<'_>, messages: u32) -> Poll<()> {
        // SAFETY: the second fact of the module. Nothing ran since the slab had the task, and a
        // task refuses to be abandoned from the first thing it does on.
        unsafe { self.0.as_ref() }.run(shard, cx, messages)
    }
}

/// The task of a slot, with a count of its own.
fn share(slot: &Slot) -> Option<Rc<dyn Task>> {
    let task = slot.task()?.as_ptr();
    // SAFETY: `fill` has it from an `Rc`, of which the slot owns a count as long as it holds it.
    unsafe {
        Rc::increment_strong_count(task);
        Some(Rc::from_raw(task))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Plain;

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
        slab.fill(old.slot, 0, 1, None, Plain::task(Box::pin(async {})));
        drop(slab.remove(old.slot));
        let new = slab.reserve().unwrap();
        slab.fill(new.slot, 0, 1, None, Plain::task(Box::pin(async {})));
        assert_eq!(old.slot, new.slot);
        slab.schedule_woken(old.slot, old.generation);
        assert_eq!(slab.next(), None);
        slab.schedule_woken(new.slot, new.generation);
        slab.schedule_woken(new.slot, new.generation);
        assert_eq!((slab.next(), slab.next()), (Some(new.slot), None), "scheduled twice");
    }
}
