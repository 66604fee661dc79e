//! Wakers that are one word.
//!
//! A waker of a shard's task carries the task's name in its data pointer, so that cloning and
//! dropping one costs nothing and nothing has to be kept alive for it:
//!
//! ```text
//!  63              48 47                      24 23                       0
//! | process-unique   | slot                     | generation, low 24 bits  |
//! | shard number     |                          |                          |
//! ```
//!
//! On the shard's own thread a wake is a push on its run queue; from anywhere else it goes through
//! the shard's injector, found by the shard number. A waker may outlive its task, its shard and
//! its system: then the generation differs, or the number names nothing, and the wake does
//! nothing. When a number or 24 bits of generation have come round, it is a spurious wake, which
//! every task must stand.
//!
//! The shard's own waits keep the word ([`StoredWaker`]). Everybody else has to clone the waker to
//! keep it, and the clone is noted: a task whose waker was never cloned is woken by nobody but its
//! shard (`shard::probe` relies on it).

#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::task::{RawWaker, RawWakerVTable, Waker};

use crate::process;
use crate::shard::{current, shielded};

/// The content of a waker of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TaskWord(u64);

/// The bits of a generation that a waker carries.
pub(crate) const GENERATION_MASK: u32 = (1 << 24) - 1;

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, |_| {});

impl TaskWord {
    #[inline]
    pub(crate) const fn new(unique: u16, slot: u32, generation: u32) -> Self {
        debug_assert!(slot < 1 << 24);
        Self((unique as u64) << 48 | (slot as u64) << 24 | (generation & GENERATION_MASK) as u64)
    }

    const fn unique(self) -> u16 {
        (self.0 >> 48) as u16
    }

    const fn slot(self) -> u32 {
        (self.0 >> 24) as u32 & GENERATION_MASK
    }

    const fn generation_low(self) -> u32 {
        self.0 as u32 & GENERATION_MASK
    }

    /// The word as a waker.
    #[inline]
    pub(crate) fn waker(self) -> Waker {
        // SAFETY: the vtable's functions treat the data as a number and never dereference it, and
        // all of them may be called from any thread at any time, which is the whole contract.
        unsafe { Waker::from_raw(self.raw()) }
    }

    fn raw(self) -> RawWaker {
        RawWaker::new(std::ptr::without_provenance(self.0 as usize), &VTABLE)
    }

    /// The word of a waker of ours; `None` when somebody else made the waker.
    #[inline]
    pub(crate) fn of(waker: &Waker) -> Option<Self> {
        std::ptr::eq(waker.vtable(), &VTABLE).then(|| Self(waker.data().addr() as u64))
    }

    /// Wakes the task.
    #[inline]
    pub(crate) fn wake(self) {
        let done = current::with(|shard| {
            let here = shard.unique() == self.unique();
            if here {
                shard.wake_task(self.slot(), self.generation_low());
            }
            here
        });
        if done != Some(true) {
            process::wake(self.unique(), self.slot(), self.generation_low());
        }
    }

    /// Notes that somebody the shard does not know of may wake the task.
    pub(crate) fn lend(self) {
        let noted = current::with(|shard| {
            let here = shard.unique() == self.unique();
            if here {
                shard.tasks.lend(self.slot(), self.generation_low());
            }
            here
        });
        if noted != Some(true) {
            process::lend(self.unique(), self.slot(), self.generation_low());
        }
    }
}

// The data word has 64 bits.
const _: () = assert!(usize::BITS == 64);

fn clone(data: *const ()) -> RawWaker {
    let word = TaskWord(data.addr() as u64);
    word.lend();
    word.raw()
}

fn wake(data: *const ()) {
    TaskWord(data.addr() as u64).wake();
}

/// A waker that somebody keeps, or none. Dropping one of ours is free.
#[derive(Debug, Default)]
pub(crate) struct StoredWaker(ManuallyDrop<Option<Waker>>);

impl StoredWaker {
    pub(crate) const NONE: Self = Self(ManuallyDrop::new(None));

    /// A copy of `waker` to keep. Cloning a foreign one is user code: call this with nothing
    /// borrowed, and drop what it replaces with nothing borrowed.
    #[inline]
    pub(crate) fn of(waker: &Waker) -> Self {
        let kept = match TaskWord::of(waker) {
            Some(word) => word.waker(),
            None => waker.clone(),
        };
        Self(ManuallyDrop::new(Some(kept)))
    }

    /// Takes the waker out, so that it can be woken once no shard state is borrowed.
    #[inline]
    pub(crate) const fn take(&mut self) -> Self {
        std::mem::replace(self, Self::NONE)
    }

    /// The task that is woken, where it is one of ours.
    #[inline]
    pub(crate) fn task(&self) -> Option<TaskWord> {
        self.0.as_ref().and_then(TaskWord::of)
    }

    /// Slot and low bits of the generation, where it is a task of that shard.
    #[inline]
    pub(crate) fn task_of(&self, unique: u16) -> Option<(u32, u32)> {
        let word = self.task().filter(|word| word.unique() == unique)?;
        Some((word.slot(), word.generation_low()))
    }

    /// The slot of the task that is woken, where it is one of ours.
    pub(crate) fn slot(&self) -> Option<u32> {
        self.task().map(TaskWord::slot)
    }

    #[inline]
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Wakes whoever was stored. User code may run.
    #[inline]
    pub(crate) fn wake(mut self) {
        match self.task() {
            Some(word) => word.wake(),
            None => {
                if let Some(waker) = self.0.take() {
                    // Not the business of who wakes, nor of who is woken next.
                    shielded("a foreign waker", || waker.wake());
                }
            }
        }
    }
}

impl Drop for StoredWaker {
    #[inline]
    fn drop(&mut self) {
        if self.0.is_some() && self.task().is_none() {
            drop_foreign(self.0.take());
        }
    }
}

#[cold]
fn drop_foreign(waker: Option<Waker>) {
    shielded("a foreign waker's drop", || drop(waker));
}
