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

use std::task::{RawWaker, RawWakerVTable, Waker};

use crate::process;
use crate::shard::current;

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

/// A stored waker: ours as its word, anybody else's as it is.
#[derive(Debug, Default)]
pub(crate) enum StoredWaker {
    #[default]
    None,
    Task(TaskWord),
    Foreign(Waker),
}

impl StoredWaker {
    /// A copy of `waker` to keep. Cloning a foreign one is user code: call this with nothing
    /// borrowed, and drop what it replaces with nothing borrowed.
    #[inline]
    pub(crate) fn of(waker: &Waker) -> Self {
        match TaskWord::of(waker) {
            Some(word) => Self::Task(word),
            None => Self::Foreign(waker.clone()),
        }
    }

    /// Takes the waker out, so that it can be woken once no shard state is borrowed.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// Slot and low bits of the generation, where it is a task of that shard.
    #[inline]
    pub(crate) const fn task_of(&self, unique: u16) -> Option<(u32, u32)> {
        match self {
            Self::Task(word) if word.unique() == unique => {
                Some((word.slot(), word.generation_low()))
            }
            _ => None,
        }
    }

    /// The slot of the task that is woken, where it is one of ours.
    pub(crate) const fn slot(&self) -> Option<u32> {
        match self {
            Self::Task(word) => Some(word.slot()),
            Self::None | Self::Foreign(_) => None,
        }
    }

    /// Wakes whoever was stored. User code may run.
    #[inline]
    pub(crate) fn wake(self) {
        match self {
            Self::None => {}
            Self::Task(word) => word.wake(),
            Self::Foreign(waker) => waker.wake(),
        }
    }
}
