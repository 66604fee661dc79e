//! Reply slots: a value whose type its two owners know, and nobody else has to.
//!
//! This file is the home of two unsafe facts. A slot's `value` holds an `R` only if the `Key<R>` of
//! its port put it there, and is taken out as an `R` only by the `Key<R>` of its claim; both keys
//! are made here, in one place, with one `R`, and neither can be copied. The second fact is that of
//! the references into the table that [`ReplyTable::inner`] makes no two are alive at once: every
//! method makes one, moves data with it, and returns; what could call out (a waker, a value's
//! `Drop`, a waker's clone) is handed to the caller or done before.

#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::rc::Rc;
use std::task::Poll;

use crate::context::{Header, TraceContext};
use crate::limits::REPLY_INLINE_BYTES;
use crate::pid::Pid;
use crate::task::waker::StoredWaker;
use crate::time::Instant;

type Content = MaybeUninit<[u64; REPLY_INLINE_BYTES / 8]>;

/// A value of a type only its owners know; small ones in place, large ones boxed.
struct Value {
    content: Content,
    /// Drops the content; `None` while there is none.
    drop: Option<unsafe fn(&mut Content)>,
}

const fn inline<R>() -> bool {
    size_of::<R>() <= REPLY_INLINE_BYTES && align_of::<R>() <= 8
}

/// # Safety
///
/// `content` must hold an `R` as `Value::put` writes it; it holds none afterwards.
#[inline]
unsafe fn read<R>(content: &mut Content) -> R {
    let place = content.as_mut_ptr();
    if inline::<R>() {
        // SAFETY: the caller vouches for an `R` here, which `inline` says was written in place.
        unsafe { place.cast::<R>().read() }
    } else {
        // SAFETY: the caller vouches for an `R` here, which was written as a box.
        *unsafe { place.cast::<Box<R>>().read() }
    }
}

impl Value {
    const fn empty() -> Self {
        Self { content: MaybeUninit::uninit(), drop: None }
    }

    #[inline]
    fn put<R: 'static>(&mut self, value: R) {
        debug_assert!(self.drop.is_none(), "a slot is filled once");
        let place = self.content.as_mut_ptr();
        if inline::<R>() {
            // SAFETY: `inline` checked that an `R` fits, and `Content` is aligned to 8.
            unsafe { place.cast::<R>().write(value) };
        } else {
            // SAFETY: a box is one word.
            unsafe { place.cast::<Box<R>>().write(Box::new(value)) };
        }
        // SAFETY: the function is called at most once, and only while the `R` just written is
        // there: `take` and `drop` both clear it first.
        self.drop = Some(|content| drop(unsafe { read::<R>(content) }));
    }

    /// # Safety
    ///
    /// What was put last, if anything, must have been an `R`.
    #[inline]
    unsafe fn take<R: 'static>(&mut self) -> Option<R> {
        self.drop.take()?;
        // SAFETY: `drop` was set, so a value is there, and the caller vouches for its type.
        Some(unsafe { read::<R>(&mut self.content) })
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        if let Some(drop) = self.drop.take() {
            // SAFETY: `put` stored the function for the value that is still here.
            unsafe { drop(&mut self.content) };
        }
    }
}

/// One owner's hold on a slot. Cannot be copied; must not be lost, only given up.
pub(crate) struct Key<R> {
    slot: u32,
    reply: PhantomData<fn(R) -> R>,
}

impl<R> Key<R> {
    pub(crate) const fn slot(&self) -> u32 {
        self.slot
    }

    /// The same hold, its first bearer giving it up.
    pub(crate) const fn take(&mut self) -> Self {
        Self { slot: self.slot, reply: PhantomData }
    }
}

impl<R> fmt::Debug for Key<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.slot)
    }
}

/// A freshly opened slot: the one maker of its two keys, each of which it makes once.
#[must_use = "both keys have to be made, or the slot stays open"]
pub(super) struct OpenSlot<R> {
    slot: u32,
    serial: u32,
    claim: Option<()>,
    port: Option<()>,
    reply: PhantomData<fn(R) -> R>,
}

impl<R> OpenSlot<R> {
    pub(super) const fn slot(&self) -> u32 {
        self.slot
    }

    pub(super) const fn header(&self) -> Header {
        Header::reply(self.slot, self.serial)
    }

    /// The claim's key.
    ///
    /// # Panics
    ///
    /// The second time.
    #[inline]
    pub(super) fn claim(&mut self) -> Key<R> {
        self.claim.take().expect("a slot has one claim");
        Key { slot: self.slot, reply: PhantomData }
    }

    /// The port's key.
    ///
    /// # Panics
    ///
    /// The second time.
    #[inline]
    pub(super) fn port(&mut self) -> Key<R> {
        self.port.take().expect("a slot has one port");
        Key { slot: self.slot, reply: PhantomData }
    }
}

/// Why a call got no reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Failure {
    /// The port was dropped without an answer.
    Dropped,
    /// The deadline passed first.
    Expired,
}

/// What a call is opened with.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) deadline: Instant,
    /// Slot and generation of the actor that waits; generation 0 for a task outside any chain.
    pub(crate) caller: (u32, u32),
    /// Who is asked; for reports of who waits for whom.
    pub(crate) callee: Pid,
    /// The message the caller is handling, whose sender waits in turn.
    pub(crate) parent: Header,
    pub(crate) trace: Option<Rc<TraceContext>>,
}

impl Opening {
    /// For an answer that no chain, trace or deadline belongs to.
    pub(crate) const PLAIN: Self = Self {
        deadline: Instant::NEVER,
        caller: (0, 0),
        callee: Pid::NOBODY,
        parent: Header::NONE,
        trace: None,
    };
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Waiting,
    Given,
    Failed(Failure),
}

pub(super) struct Slot {
    value: Value,
    pub(super) waker: StoredWaker,
    pub(super) opening: Opening,
    pub(super) serial: u32,
    /// The coarse tick at which a deadline check is due; 0 when none is.
    pub(super) armed: u32,
    pub(super) claimed: bool,
    pub(super) ported: bool,
    pub(super) answer: Answer,
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("serial", &self.serial).finish_non_exhaustive()
    }
}

/// The reply slots of a shard.
#[derive(Default)]
pub(crate) struct ReplyTable {
    inner: UnsafeCell<Inner>,
}

impl fmt::Debug for ReplyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplyTable").field("open", &self.len()).finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) slots: Vec<Slot>,
    pub(super) free: Vec<u32>,
}

impl Inner {
    #[inline]
    fn release(&mut self, slot: u32) -> Value {
        let entry = &mut self.slots[slot as usize];
        debug_assert!(!entry.claimed && !entry.ported);
        self.free.push(slot);
        std::mem::replace(&mut entry.value, Value::empty())
    }
}

/// What a table operation leaves behind, dropped by the caller with nothing borrowed.
#[must_use]
pub(crate) struct Leftover(#[expect(dead_code, reason = "kept for its drop")] Option<Value>);

impl ReplyTable {
    #[expect(clippy::mut_from_ref, reason = "see the module: no two are ever alive")]
    #[inline(always)]
    pub(super) fn inner(&self) -> &mut Inner {
        // SAFETY: the table is on one thread, and no method keeps the reference while anything
        // runs that could call another: see the module.
        unsafe { &mut *self.inner.get() }
    }

    /// Opens a slot, held by what is returned. Always inlined: the opening is then written where it
    /// belongs, and never copied.
    #[inline(always)]
    pub(super) fn open<R>(&self, opening: Opening, waker: StoredWaker) -> OpenSlot<R> {
        let inner = self.inner();
        let slot = match inner.free.pop() {
            Some(slot) => slot,
            None => inner.grow(),
        };
        let entry = &mut inner.slots[slot as usize];
        entry.serial = entry.serial.wrapping_add(1).max(1);
        entry.opening = opening;
        entry.waker = waker;
        entry.claimed = true;
        entry.ported = true;
        entry.answer = Answer::Waiting;
        OpenSlot { slot, serial: entry.serial, claim: Some(()), port: Some(()), reply: PhantomData }
    }

    /// Gives the answer. Returns whom to wake, or the value when nobody waits for it any more.
    #[inline]
    pub(crate) fn fill<R: 'static>(&self, port: Key<R>, value: R) -> Result<StoredWaker, R> {
        let inner = self.inner();
        let entry = &mut inner.slots[port.slot as usize];
        entry.ported = false;
        if !entry.claimed {
            // An abandoned slot was never filled, so what is released here is empty.
            let _empty = inner.release(port.slot);
            return Err(value);
        }
        if entry.answer != Answer::Waiting {
            return Err(value);
        }
        entry.value.put(value);
        entry.answer = Answer::Given;
        Ok(entry.waker.take())
    }

    /// Gives up the port without an answer. Returns whom to wake.
    pub(crate) fn drop_port<R>(&self, port: Key<R>) -> StoredWaker {
        let inner = self.inner();
        let entry = &mut inner.slots[port.slot as usize];
        entry.ported = false;
        if !entry.claimed {
            let _empty = inner.release(port.slot);
            return StoredWaker::None;
        }
        if entry.answer != Answer::Waiting {
            return StoredWaker::None;
        }
        entry.answer = Answer::Failed(Failure::Dropped);
        entry.waker.take()
    }

    /// Takes the answer, giving up the claim with it; or leaves `waker` where there is none yet.
    /// The second value is a waker for the caller to drop.
    #[inline]
    pub(crate) fn poll<R: 'static>(
        &self,
        claim: &mut Option<Key<R>>,
        waker: StoredWaker,
    ) -> (Poll<Result<R, Failure>>, StoredWaker) {
        let Some(slot) = claim.as_ref().map(Key::slot) else {
            return (Poll::Ready(Err(Failure::Dropped)), waker);
        };
        let inner = self.inner();
        let entry = &mut inner.slots[slot as usize];
        let answer = match entry.answer {
            Answer::Waiting => {
                return (Poll::Pending, std::mem::replace(&mut entry.waker, waker));
            }
            Answer::Failed(failure) => Err(failure),
            // SAFETY: only `fill` with the port's `Key<R>` puts a value, and `open` made that key
            // and this one with the same `R`.
            Answer::Given => unsafe { entry.value.take::<R>() }.ok_or(Failure::Dropped),
        };
        *claim = None;
        entry.claimed = false;
        if !entry.ported {
            // The value was taken: what is released here is empty.
            let _empty = inner.release(slot);
        }
        (Poll::Ready(answer), waker)
    }

    /// Gives up the claim. The waker and an answer nobody read are for the caller to drop.
    #[inline]
    pub(crate) fn drop_claim<R>(&self, claim: Key<R>) -> (Leftover, StoredWaker) {
        let inner = self.inner();
        let entry = &mut inner.slots[claim.slot as usize];
        entry.claimed = false;
        let waker = entry.waker.take();
        let value = (!entry.ported).then(|| inner.release(claim.slot));
        (Leftover(value), waker)
    }
}

impl Inner {
    #[cold]
    fn grow(&mut self) -> u32 {
        let slot = u32::try_from(self.slots.len()).expect("four billion calls under way");
        self.slots.push(Slot {
            value: Value::empty(),
            waker: StoredWaker::None,
            opening: Opening::PLAIN,
            serial: 0,
            armed: 0,
            claimed: false,
            ported: false,
            answer: Answer::Waiting,
        });
        slot
    }
}
