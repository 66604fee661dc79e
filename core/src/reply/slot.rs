//! Reply slots: a value whose type its two owners know, and nobody else has to.
//!
//! This file is the home of two unsafe facts. A slot's [`Value`] holds an `R` only if the `Key<R>` of
//! its port put it there, and is taken out as an `R` only by the `Key<R>` of its claim; both keys
//! are made here, in one place, with one `R`, and neither can be copied. The second fact is that of
//! the references into the table that [`ReplyTable::inner`] makes no two are alive at once: every
//! method makes one, moves data with it, and returns; what could call out (a waker, a value's
//! `Drop`, a waker's clone) is handed to the caller or done before.

#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;

use super::value::Value;
use crate::context::{Header, TraceContext};
use crate::pid::{Pid, ShardSerial};
use crate::task::waker::StoredWaker;
use crate::time::Instant;

/// One owner's hold on a slot: its number, and in the high half the shard whose it is. One word, so
/// that moving it is one load and one store. Cannot be copied; must not be lost, only given up.
pub(crate) struct Key<R> {
    word: u64,
    reply: PhantomData<fn(R) -> R>,
}

impl<R> Key<R> {
    /// A hold on nothing: what a bearer is left with that gave its own up.
    pub(super) const NONE: Self = Self { word: u64::MAX, reply: PhantomData };

    #[inline(always)]
    const fn new(home: ShardSerial, slot: u32) -> Self {
        Self { word: (home.number() as u64) << 32 | slot as u64, reply: PhantomData }
    }

    #[inline]
    pub(crate) const fn slot(&self) -> u32 {
        self.word as u32
    }

    /// The shard whose slot this is.
    #[inline]
    pub(crate) const fn home(&self) -> ShardSerial {
        ShardSerial::from_number((self.word >> 32) as u32)
    }

    /// Checks that what carried the hold home has found the right shard: that is up to a driver,
    /// and the slot of that number may hold another type elsewhere.
    ///
    /// # Panics
    ///
    /// When it has not.
    #[inline]
    pub(super) fn check_home(&self, shard: ShardSerial) {
        assert!(self.home() == shard, "a reply was delivered to a shard that it is not for");
    }

    /// Names the call among all of the process, for as long as one of its owners is there.
    #[inline]
    pub(crate) const fn word(&self) -> u64 {
        self.word
    }

    /// Whether this holds nothing.
    #[inline]
    pub(super) const fn is_none(&self) -> bool {
        self.word == u64::MAX
    }

    /// The hold, its first bearer giving it up.
    #[inline]
    pub(crate) const fn take(&mut self) -> Self {
        std::mem::replace(self, Self::NONE)
    }
}

impl<R> fmt::Debug for Key<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.slot())
    }
}

/// A freshly opened slot: its two keys, made here and nowhere else, and what names the call.
pub(super) struct OpenSlot<R> {
    pub(super) claim: Key<R>,
    pub(super) port: Key<R>,
    pub(super) header: Header,
    /// Whether a deadline check has to be entered, because none is due that early.
    pub(super) arm: bool,
}

/// Says of a slot that no deadline check is due.
pub(super) const NONE_DUE: u32 = u32::MAX;

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
    /// Place of the task of this shard that waits; generation 0 for one outside any chain.
    pub(crate) caller: u64,
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
        caller: Pid::NOBODY.place(),
        callee: Pid::NOBODY,
        parent: Header::NONE,
        trace: None,
    };
}

/// The bits of a slot's state. A call that goes well is `CLAIMED | PORTED`, then `CLAIMED | GIVEN`,
/// then 0: each step is one comparison and one store.
pub(super) mod state {
    /// The caller has not given up.
    pub(crate) const CLAIMED: u8 = 1;
    /// The port is somewhere.
    pub(crate) const PORTED: u8 = 1 << 1;
    /// The answer is here.
    pub(crate) const GIVEN: u8 = 1 << 2;
    /// There will be none: the port was dropped.
    pub(crate) const DROPPED: u8 = 1 << 3;
    /// There will be none: the deadline passed.
    pub(crate) const EXPIRED: u8 = 1 << 4;
    /// Nobody waits any more, for one of these reasons.
    pub(crate) const SETTLED: u8 = GIVEN | DROPPED | EXPIRED;
}

pub(super) struct Slot {
    value: Value,
    pub(super) waker: StoredWaker,
    pub(super) opening: Opening,
    pub(super) serial: u32,
    /// The coarse tick at which a deadline check is due.
    pub(super) armed: u32,
    /// The deadline that check was entered for.
    pub(super) due: Instant,
    /// The next free slot, while this one is free.
    next_free: u32,
    pub(super) state: u8,
}

/// Ends the list of free slots.
const NO_SLOT: u32 = u32::MAX;

/// Two cache lines' worth: see `docs/design/cache-lines.md`.
const _: () = assert!(size_of::<Slot>() <= 128);

impl Slot {
    /// Whether the caller waits.
    #[inline]
    pub(super) const fn is_waiting(&self) -> bool {
        self.state & (state::CLAIMED | state::SETTLED) == state::CLAIMED
    }
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

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) slots: Vec<Slot>,
    /// The free slot that was used last.
    free: u32,
}

impl Default for Inner {
    fn default() -> Self {
        Self { slots: Vec::new(), free: NO_SLOT }
    }
}

impl Inner {
    /// Takes a free slot.
    #[inline(always)]
    fn take_free(&mut self) -> (u32, &mut Slot) {
        let slot = if self.free == NO_SLOT { self.grow() } else { self.free };
        let entry = &mut self.slots[slot as usize];
        self.free = entry.next_free;
        (slot, entry)
    }

    /// Slots in use.
    pub(super) fn len(&self) -> usize {
        let free = |slot: u32| self.slots.get(slot as usize).map(|entry| entry.next_free);
        let count = std::iter::successors(free(self.free), |&next| free(next)).count();
        self.slots.len() - count
    }

    /// Gives a slot back that has no owner.
    #[inline(always)]
    fn put_free(&mut self, slot: u32) {
        self.slots[slot as usize].next_free = self.free;
        self.free = slot;
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> u32 {
        let slot = u32::try_from(self.slots.len()).ok().filter(|&slot| slot < u32::MAX);
        self.slots.push(Slot {
            value: Value::empty(),
            waker: StoredWaker::NONE,
            opening: Opening::PLAIN,
            serial: 0,
            armed: NONE_DUE,
            due: Instant::NEVER,
            next_free: NO_SLOT,
            state: 0,
        });
        slot.expect("four billion calls under way")
    }

    /// Takes an owner off a slot; without owners it is free. Returns an answer nobody took.
    fn give_up(&mut self, slot: u32, owner: u8) -> Value {
        let entry = &mut self.slots[slot as usize];
        entry.state &= !owner;
        if entry.state & (state::CLAIMED | state::PORTED) != 0 {
            return Value::empty();
        }
        entry.state = 0;
        let value = std::mem::replace(&mut entry.value, Value::empty());
        self.put_free(slot);
        value
    }
}

/// What a table operation leaves behind, dropped by the caller with nothing borrowed.
#[must_use]
pub(crate) struct Leftover(#[expect(dead_code, reason = "kept for its drop")] Value);

impl ReplyTable {
    #[expect(clippy::mut_from_ref, reason = "see the module: no two are ever alive")]
    #[inline(always)]
    pub(super) fn inner(&self) -> &mut Inner {
        // SAFETY: the table is on one thread, and no method keeps the reference while anything
        // runs that could call another: see the module.
        unsafe { &mut *self.inner.get() }
    }

    /// Opens a slot for a call. Always inlined: the opening is then written where it belongs, and
    /// never copied.
    #[inline(always)]
    pub(super) fn open<R>(&self, home: ShardSerial, opening: Opening) -> OpenSlot<R> {
        let (slot, entry) = self.inner().take_free();
        let arm = opening.deadline < entry.due;
        entry.serial = entry.serial.wrapping_add(1).max(1);
        entry.opening = opening;
        entry.state = state::CLAIMED | state::PORTED;
        let header = Header::reply(slot, entry.serial);
        OpenSlot { claim: Key::new(home, slot), port: Key::new(home, slot), header, arm }
    }

    /// Gives the answer. Returns whom to wake, or the value when nobody waits for it any more.
    #[inline]
    pub(crate) fn fill<R: 'static>(&self, port: Key<R>, value: R) -> Result<StoredWaker, R> {
        let inner = self.inner();
        let entry = &mut inner.slots[port.slot() as usize];
        if entry.state != state::CLAIMED | state::PORTED {
            // The slot holds no answer that could be released here.
            let _empty = inner.give_up(port.slot(), state::PORTED);
            return Err(value);
        }
        entry.value.put(value);
        entry.state = state::CLAIMED | state::GIVEN;
        Ok(entry.waker.take())
    }

    /// Gives up the port without an answer. Returns whom to wake.
    pub(crate) fn drop_port<R>(&self, port: Key<R>) -> StoredWaker {
        let inner = self.inner();
        let entry = &mut inner.slots[port.slot() as usize];
        if entry.state != state::CLAIMED | state::PORTED {
            let _empty = inner.give_up(port.slot(), state::PORTED);
            return StoredWaker::NONE;
        }
        entry.state = state::CLAIMED | state::DROPPED;
        entry.waker.take()
    }

    /// Takes the answer, giving up the claim with it. `None` where there is none yet: leave a
    /// waker then.
    #[inline]
    pub(crate) fn take<R: 'static>(&self, claim: &mut Key<R>) -> Option<Result<R, Failure>> {
        let inner = self.inner();
        let entry = inner.slots.get_mut(claim.slot() as usize)?;
        if entry.state == state::CLAIMED | state::GIVEN {
            entry.state = 0;
            // SAFETY: only `fill` with the port's `Key<R>` puts a value, and `open` made that key
            // and this one with the same `R`. The state says that one was put, and from the line
            // above on, that there is none.
            let value = unsafe { entry.value.take::<R>() };
            inner.put_free(claim.take().slot());
            return Some(Ok(value));
        }
        let failure = match entry.state & state::SETTLED {
            state::DROPPED => Failure::Dropped,
            state::EXPIRED => Failure::Expired,
            _ => return None,
        };
        let _empty = inner.give_up(claim.take().slot(), state::CLAIMED);
        Some(Err(failure))
    }

    /// Leaves a waker for the answer, which was not there yet. Returns the one left before, for
    /// the caller to drop.
    #[inline]
    pub(crate) fn wait<R>(&self, claim: &Key<R>, waker: StoredWaker) -> StoredWaker {
        let entry = &mut self.inner().slots[claim.slot() as usize];
        std::mem::replace(&mut entry.waker, waker)
    }

    /// Gives up the claim. The waker and an answer nobody read are for the caller to drop.
    pub(crate) fn drop_claim<R>(&self, claim: Key<R>) -> (Leftover, StoredWaker) {
        let inner = self.inner();
        let waker = inner.slots[claim.slot() as usize].waker.take();
        (Leftover(inner.give_up(claim.slot(), state::CLAIMED)), waker)
    }
}
