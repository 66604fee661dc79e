//! From a pid to a mailbox of the right type, and the queue behind it.
//!
//! An `ActorRef<A>` is a pid that believes its actor takes `A::Message`. The door is where that
//! belief is checked, in release builds too: the slot's generation says that the actor is the one
//! meant, and the type recorded when the slot was filled says that its mailbox holds `M`.
//!
//! Behind it is a ring that messages are moved into once and out of once, straight into the
//! handler's argument: moving messages, not checking them, is what a send costs.
//!
//! This file is the home of two unsafe facts. What the slab says to take messages `M` begins with a
//! `Door<M>`, because the slab is told so by `actor::body` alone, whose bodies begin with their
//! context, which begins with its door. And of a [`Queue`]'s places, exactly the `len` from `head`
//! on, round the end, hold a message; no method runs user code before it has made that true again.

#![allow(unsafe_code)]

use std::any::TypeId;
use std::cell::Cell;
use std::fmt;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr::NonNull;

use super::{Door, Envelope};
use crate::context::Header;
use crate::shard::{NotFound, Shard};
use crate::words;

impl Shard {
    /// Calls `f` with the mailbox of a live actor of this shard that takes messages `M`.
    ///
    /// `f` may move messages; it must not run user code, which could end the actor.
    #[inline]
    pub(crate) fn with_mailbox<M: 'static, R>(
        &self,
        target: (u32, u32),
        f: impl FnOnce(&Door<M>) -> R,
    ) -> Result<R, NotFound> {
        let door = self.tasks.door_at(target, TypeId::of::<M>())?.cast::<Door<M>>();
        // SAFETY: `door_at` found `M` to be what the slab recorded for this body, so a `Door<M>` is
        // where it begins. The slab keeps it alive until the slot is emptied, which `f` does not
        // do.
        Ok(f(unsafe { &*door }))
    }

    /// Moves a message into a mailbox of this shard, in one step with finding that there is room.
    /// `Ok` says what there is to see to: bits of the state word.
    #[inline(always)]
    pub(crate) fn push<M: Send + 'static>(
        &self,
        target: (u32, u32),
        header: Header,
        message: Parcel<M>,
    ) -> Result<u32, (Unpushed, Parcel<M>)> {
        let door = match self.tasks.door_at(target, TypeId::of::<M>()) {
            Ok(door) => door.cast::<Door<M>>(),
            Err(not_found) => return Err((Unpushed::NotFound(not_found), message)),
        };
        // SAFETY: as in `with_mailbox`: `put_in` moves the message and runs nothing, and then the
        // mailbox is not used again.
        unsafe { &*door }.put_in(header, message)
    }

    /// The same for a message of another shard, which goes behind those that wait for room.
    #[inline(always)]
    pub(crate) fn push_behind<M: Send + 'static>(
        &self,
        target: (u32, u32),
        header: Header,
        message: Parcel<M>,
    ) -> Result<u32, (Unpushed, Parcel<M>)> {
        let door = match self.tasks.door_at(target, TypeId::of::<M>()) {
            Ok(door) => door.cast::<Door<M>>(),
            Err(not_found) => return Err((Unpushed::NotFound(not_found), message)),
        };
        // SAFETY: as in `push`.
        unsafe { &*door }.put_behind(header, message)
    }
}

/// A message between its maker and a queue.
///
/// A message that only inlined code sees is never put together: its fields are stored where they
/// are to be, in the queue. Handing its address out, if only on a cold path or to be dropped when
/// something panics, would make it a thing in memory on all paths, to be copied from there; and
/// reading whole what was just written in pieces makes the processor wait for its stores, which
/// costs more than all the rest of a send. So a parcel drops nothing (one that is lost to a panic
/// leaks its message), and what leaves it for a call leaves from a copy of its own.
#[derive(Debug)]
pub(crate) struct Parcel<M>(ManuallyDrop<M>);

impl<M> Parcel<M> {
    #[inline(always)]
    pub(crate) const fn new(message: M) -> Self {
        Self(ManuallyDrop::new(message))
    }

    /// The message, for inlined code.
    #[inline(always)]
    pub(crate) fn open(self) -> M {
        ManuallyDrop::into_inner(self.0)
    }

    /// The message, for code that is not inlined.
    #[inline(always)]
    pub(crate) fn set_apart(self) -> M {
        std::hint::black_box(self.open())
    }
}

/// Why a message was not moved into a mailbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unpushed {
    NotFound(NotFound),
    Full,
    Closed,
}

/// A growing ring of messages. Empty, it owns no memory.
pub(crate) struct Queue<M> {
    /// As many places as `mask` says, in a box of its own; dangling while there are none.
    places: Cell<NonNull<MaybeUninit<Envelope<M>>>>,
    /// The number of places, a power of two, less one; [`NO_PLACES`] while there are none.
    mask: Cell<u32>,
    /// How many messages were taken out, modulo 2^32; the oldest one is in that place, round the
    /// end.
    head: Cell<u32>,
    len: Cell<u32>,
    /// With fewer messages than that, another is taken without a closer look: there is a place for
    /// it, and nothing that forbids it. Never more than there are places.
    limit: Cell<u32>,
}

/// One less than none.
const NO_PLACES: u32 = u32::MAX;

/// Places of a queue at its first message.
const PLACES_MIN: u32 = 4;

impl<M> Queue<M> {
    pub(crate) const fn new() -> Self {
        Self {
            places: Cell::new(NonNull::dangling()),
            mask: Cell::new(NO_PLACES),
            head: Cell::new(0),
            len: Cell::new(0),
            limit: Cell::new(0),
        }
    }

    /// Takes a message if no closer look is needed.
    #[inline(always)]
    pub(super) fn push_quickly(&self, header: Header, message: Parcel<M>) -> Result<(), Parcel<M>> {
        let len = self.len.get();
        if len >= self.limit.get() {
            return Err(message);
        }
        self.write(len, header, message);
        Ok(())
    }

    /// From here on messages are taken without a closer look while there are fewer than `room`; as
    /// far as there are places.
    pub(super) fn allow(&self, room: u32) {
        self.limit.set(room.min(self.places()));
    }

    /// From here on every message needs a closer look.
    pub(super) fn forbid(&self) {
        self.limit.set(0);
    }

    fn places(&self) -> u32 {
        self.mask.get().wrapping_add(1)
    }

    /// Writes a message into the place behind the others, which is there.
    #[inline(always)]
    fn write(&self, len: u32, header: Header, message: Parcel<M>) {
        let place = self.place(len);
        // SAFETY: a free place holds nothing and may be written. Both its fields are, one by one,
        // so that none of them is put together elsewhere first.
        unsafe {
            (&raw mut (*place).header).write(header);
            (&raw mut (*place).message).write(message.open());
        }
        self.len.set(len + 1);
    }

    #[inline]
    pub(crate) const fn len(&self) -> u32 {
        self.len.get()
    }

    /// How many messages came in, modulo 2^32.
    pub(crate) const fn entered(&self) -> u32 {
        self.head.get().wrapping_add(self.len.get())
    }

    /// Counts messages that went past the queue while it is empty.
    #[inline(always)]
    pub(crate) fn skip(&self, messages: u32) {
        debug_assert!(self.len.get() == 0, "messages are in their places");
        self.head.set(self.head.get().wrapping_add(messages));
    }

    /// See [`Queue::entered`]; from here on the empty queue counts anew.
    pub(super) fn take_entered(&self) -> u32 {
        debug_assert!(self.len.get() == 0, "messages are in their places");
        self.head.replace(0)
    }

    /// The place `offset` places behind the oldest message. There must be places.
    #[inline(always)]
    fn place(&self, offset: u32) -> *mut Envelope<M> {
        debug_assert!(self.mask.get() != NO_PLACES && offset <= self.mask.get());
        let index = self.head.get().wrapping_add(offset) & self.mask.get();
        // SAFETY: the box has `mask + 1` places, a power of two of them, so the mask keeps the
        // index inside it.
        unsafe { self.places.get().add(index as usize) }.as_ptr().cast()
    }

    #[inline]
    pub(crate) fn push_back(&self, header: Header, message: Parcel<M>) {
        let len = self.len.get();
        if len == self.places() {
            self.grow();
        }
        self.write(len, header, message);
    }

    /// Puts a message that was taken out back in front of all others.
    pub(crate) fn push_front(&self, envelope: Envelope<M>) {
        let len = self.len.get();
        if len == self.places() {
            self.grow();
        }
        self.head.set(self.head.get().wrapping_sub(1));
        // SAFETY: of the places there is one more than messages, and the one before the oldest,
        // round the end, is behind the newest; so it holds nothing and may be written.
        unsafe { self.place(0).write(envelope) };
        self.len.set(len + 1);
    }

    /// The oldest message with its header, for inlined code.
    #[inline(always)]
    pub(crate) fn next(&self) -> Option<(Header, Parcel<M>)> {
        let len = self.len.get();
        if len == 0 {
            return None;
        }
        let place = self.place(0);
        self.head.set(self.head.get().wrapping_add(1));
        self.len.set(len - 1);
        // SAFETY: the oldest place held a message, and does no longer by the two lines above; its
        // header is a plain word.
        unsafe {
            let header = (*place).header;
            Some((header, Parcel::new(words::read(&raw const (*place).message))))
        }
    }

    #[inline]
    pub(crate) fn pop_front(&self) -> Option<Envelope<M>> {
        let len = self.len.get();
        if len == 0 {
            return None;
        }
        let place = self.place(0);
        self.head.set(self.head.get().wrapping_add(1));
        self.len.set(len - 1);
        // SAFETY: the oldest place held a message, and does no longer by the two lines above.
        Some(unsafe { place.read() })
    }

    /// Moves all messages to a ring twice as large.
    #[cold]
    #[inline(never)]
    fn grow(&self) {
        let len = self.len.get();
        let larger = len.checked_mul(2).expect("four billion messages").max(PLACES_MIN);
        let fresh = Box::<[MaybeUninit<Envelope<M>>]>::new_uninit_slice(larger as usize);
        let fresh = NonNull::from(Box::leak(fresh)).cast::<MaybeUninit<Envelope<M>>>();
        for offset in 0..len {
            // SAFETY: the `len` places from `head` on hold messages, each moved once to a place of
            // its own, which the larger mask keeps inside the new box; the old ones are forgotten
            // with the old box, whose places drop nothing.
            unsafe {
                let index = self.head.get().wrapping_add(offset) & (larger - 1);
                let target = fresh.add(index as usize).as_ptr().cast::<Envelope<M>>();
                target.copy_from_nonoverlapping(self.place(offset), 1);
            }
        }
        self.free_places();
        self.places.set(fresh);
        self.mask.set(larger - 1);
    }

    /// Gives the memory back; what is in it is forgotten.
    fn free_places(&self) {
        let count = self.mask.replace(NO_PLACES).wrapping_add(1) as usize;
        if count > 0 {
            let places = NonNull::slice_from_raw_parts(self.places.get(), count);
            // SAFETY: `grow` leaked a box of that many places, and the mask says that it has not
            // been freed yet.
            drop(unsafe { Box::from_raw(places.as_ptr()) });
        }
    }
}

impl<M> Drop for Queue<M> {
    fn drop(&mut self) {
        while let Some(envelope) = self.pop_front() {
            drop(envelope);
        }
        self.free_places();
    }
}

impl<M> fmt::Debug for Queue<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("len", &self.len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::rc::Rc;

    use super::*;

    #[test]
    fn agrees_with_a_deque_and_drops_each_message_once() {
        let token = Rc::new(7);
        let (queue, mut model) = (Queue::new(), VecDeque::new());
        let mut draw = 1u64;
        for n in 0..10_000 {
            draw = crate::hash::mix(draw + n);
            let entered = queue.entered();
            // Phases of growth and of shrinking, so that the ring wraps at many sizes.
            if (draw >> 8) % 100 < (if n / 500 % 2 == 0 { 70 } else { 30 }) {
                queue.push_back(Header::NONE, Parcel::new((n, token.clone())));
                model.push_back(n);
            } else {
                let popped = if draw & 1 == 0 {
                    queue.pop_front().map(|envelope| envelope.message)
                } else {
                    queue.next().map(|(_, message)| message.open())
                };
                assert_eq!(popped.as_ref().map(|(n, _)| *n), model.pop_front());
                if draw & 6 == 6
                    && let Some(message) = popped
                {
                    model.push_front(message.0);
                    queue.push_front(Envelope { header: Header::NONE, message });
                }
                assert_eq!(queue.entered(), entered);
            }
            assert_eq!(queue.len() as usize, model.len());
        }
        assert_eq!(Rc::strong_count(&token), model.len() + 1);
        drop(queue);
        assert_eq!(Rc::strong_count(&token), 1);
    }

    #[test]
    fn keeps_order_across_growth_in_the_middle() {
        let queue = Queue::new();
        for n in 0..3 {
            queue.push_back(Header::NONE, Parcel::new(Rc::new(n)));
        }
        assert_eq!(*queue.pop_front().unwrap().message, 0);
        for n in 3..20 {
            queue.push_back(Header::NONE, Parcel::new(Rc::new(n)));
        }
        let rest: Vec<u64> = std::iter::from_fn(|| queue.pop_front()).map(|e| *e.message).collect();
        assert!(rest.into_iter().eq(1..20));
    }
}
