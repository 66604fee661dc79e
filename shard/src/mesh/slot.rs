//! The memory of a ring, and the rule that says which end may touch which slot. The only `unsafe`
//! of the mesh.
//!
//! # Cursors
//!
//! `head` and `tail` count items and never go back; they wrap around with the integer. The item
//! numbered `c` lives in the slot `c & (capacity - 1)`, which is why the capacity is a power of
//! two. Either end has a cursor of its own that runs ahead of the one it has published, so that a
//! batch costs one store:
//!
//! ```text
//!      head           Reader::head          tail             Writer::tail     head + capacity
//!   (published)                          (published)
//!       |   moved out, not   |  full: the    |  written, not yet  |  empty: the   |
//!       |   yet given back   |  reader's     |  published         |  writer's     |
//!       |<--------- the reader's ----------->|<---------- the writer's ---------->|
//! ```
//!
//! # Safety
//!
//! Four facts carry every block below.
//!
//! 1. *One of each.* [`halves`] makes one [`Writer`] and one [`Reader`] of a memory, neither can be
//!    cloned, and what touches a slot takes `&mut self`.
//! 2. *Slots change hands by release and acquire.* The writer hands over `..tail` by a release
//!    store after it has written them; the reader acquires `tail` before it reads them. The reader
//!    gives back `..head` by a release store after it has moved them out; the writer acquires
//!    `head` before it overwrites them.
//! 3. *Neither end runs into the other's slots.* A writer writes only while `Writer::tail <
//!    head_seen + capacity`, and a reader reads only while `Reader::head < tail_seen`. What was
//!    seen is never newer than what was published, so an end works on fewer slots than it may,
//!    never on more.
//! 4. *Slots in `head..tail` of the last published cursors are full, and no others,* once both ends
//!    are gone: both publish their cursors before they go.

use std::{fmt, mem::MaybeUninit, ptr};

use super::batch::Batch;
use super::fault::{Fault, planted};
use crate::sync::{Arc, AtomicBool, AtomicUsize, Ordering, UnsafeCell};

/// Bytes that one slot of `T` occupies: whole cache lines, and at least one.
pub(super) const fn slot_bytes<T>() -> usize {
    let bytes = size_of::<Slot<T>>();
    if bytes == 0 { align_of::<Slot<T>>() } else { bytes }
}

/// Makes the memory of a ring and its two ends. `capacity` is a power of two.
pub(super) fn halves<T: Send>(capacity: usize) -> (Writer<T>, Reader<T>) {
    assert!(capacity.is_power_of_two(), "a ring's capacity is a power of two, not {capacity}");
    let memory = Arc::new(Memory {
        tail: Line(AtomicUsize::new(0)),
        head: Line(AtomicUsize::new(0)),
        slots: (0..capacity).map(|_| Slot(UnsafeCell::new(MaybeUninit::uninit()))).collect(),
        writer_gone: AtomicBool::new(false),
        reader_gone: AtomicBool::new(false),
    });
    let writer = Writer { memory: memory.clone(), tail: 0, published: 0, head_seen: 0 };
    (writer, Reader { memory, head: 0, tail_seen: 0 })
}

/// The end that writes. Its fields fill a line of their own, wherever it is kept: both ends are
/// written at every use, and side by side in one frame or array they would share a line after all.
#[repr(align(128))]
pub(super) struct Writer<T> {
    memory: Arc<Memory<T>>,
    /// Where the next item goes. Ahead of the published tail by what is staged.
    tail: usize,
    /// The tail that was published last.
    published: usize,
    /// The head as last read. Reading it again costs a cache miss whenever the reader has moved it,
    /// so that is put off until the ring looks full.
    head_seen: usize,
}

impl<T> Writer<T> {
    pub(super) fn capacity(&self) -> usize {
        self.memory.slots.len()
    }

    /// Writes one item without publishing it, or gives it back when no slot is empty.
    #[inline]
    pub(super) fn write(&mut self, item: T) -> Result<(), T> {
        if self.room(1) == 0 {
            return Err(item);
        }
        self.memory.slot(self.tail).0.with_mut(|slot| {
            // SAFETY: `room` is not zero, so the slot of `tail` is empty and the writer's (facts 2
            // and 3); nobody else has a pointer to it (fact 1).
            unsafe { (*slot).write(item) };
        });
        self.tail = self.tail.wrapping_add(1);
        Ok(())
    }

    /// Writes as many items from the front of `items` as there are empty slots, without publishing
    /// them.
    #[inline]
    pub(super) fn write_batch(&mut self, items: &mut impl Batch<T>) -> usize {
        let count = self.room(items.len()).min(items.len());
        let mut tail = self.tail;
        // NB: one item after the other. A drain, in step with a walk over the slots, is slower for
        // a few items and not faster for many (`examples/ring_floor.rs`).
        for _ in 0..count {
            let written = self.memory.slot(tail).0.with_mut(|slot| {
                // SAFETY: it is one of the `count` slots from `self.tail` on, and `count` is at
                // most `room`: empty and the writer's (facts 2 and 3); nobody else has a pointer
                // to it (fact 1).
                let place = unsafe { &mut *slot };
                // What is there counts only if it is there.
                items.move_front(place).is_some_and(|item| ptr::eq(item, slot.cast()))
            });
            if !written {
                break;
            }
            tail = tail.wrapping_add(1);
        }
        let written = tail.wrapping_sub(self.tail);
        self.tail = tail;
        written
    }

    /// Hands over all that is written, with one release store. Does nothing when nothing is staged.
    #[inline]
    pub(super) fn publish(&mut self) -> bool {
        if self.tail == self.published {
            return false;
        }
        let order = if planted(Fault::Publish) { Ordering::Relaxed } else { Ordering::Release };
        self.memory.tail.0.store(self.tail, order);
        self.published = self.tail;
        true
    }

    /// Whether the other end is gone.
    pub(super) fn is_abandoned(&self) -> bool {
        self.memory.reader_gone.load(Ordering::Acquire)
    }

    /// Empty slots: at least as many as are wanted, or all there are.
    #[inline]
    fn room(&mut self, wanted: usize) -> usize {
        let capacity = self.capacity();
        let seen = capacity - self.tail.wrapping_sub(self.head_seen);
        if seen >= wanted {
            return seen;
        }
        self.head_seen = self.memory.head.0.load(Ordering::Acquire);
        capacity - self.tail.wrapping_sub(self.head_seen)
    }
}

impl<T> Drop for Writer<T> {
    fn drop(&mut self) {
        self.publish();
        // After the last publication, so that a reader that sees the flag also sees every item.
        self.memory.writer_gone.store(true, Ordering::Release);
    }
}

/// The end that reads. On a line of its own for the same reason as [`Writer`].
#[repr(align(128))]
pub(super) struct Reader<T> {
    memory: Arc<Memory<T>>,
    /// The next item to move out. Ahead of the published head only inside
    /// [`read_batch`](Self::read_batch).
    head: usize,
    /// The tail as last read; see `Writer::head_seen`.
    tail_seen: usize,
}

impl<T> Reader<T> {
    pub(super) fn capacity(&self) -> usize {
        self.memory.slots.len()
    }

    /// Moves out at most `max` items, oldest first, and gives their slots back with one release
    /// store. When `take` unwinds, the item it was given is gone with it, and the slots of that one
    /// and of those before it are given back.
    #[inline]
    pub(super) fn read_batch(&mut self, max: usize, mut take: impl FnMut(T)) -> usize {
        let count = self.ready(max).min(max);
        if count == 0 {
            return 0;
        }
        let mut free = Free { memory: &self.memory, head: self.head, out: &mut self.head };
        let end = free.head.wrapping_add(count);
        while free.head != end {
            let item = free.memory.slot(free.head).0.with(|slot| {
                // SAFETY: it is one of the `count` slots from `head` on, and `count` is at most
                // `ready`: full and the reader's (facts 2 and 3). `head` moves past it before
                // anything can unwind, so it is moved out once.
                unsafe { (*slot).assume_init_read() }
            });
            free.head = free.head.wrapping_add(1);
            take(item);
        }
        count
    }

    /// Items that are published and not yet taken.
    pub(super) fn len(&self) -> usize {
        self.memory.tail.0.load(Ordering::Relaxed).wrapping_sub(self.head)
    }

    /// Whether the other end is gone. When it is, what it had written is published.
    pub(super) fn is_abandoned(&self) -> bool {
        self.memory.writer_gone.load(Ordering::Acquire)
    }

    /// Tells the writer that nobody will read any more.
    pub(super) fn abandon(&mut self) {
        self.memory.reader_gone.store(true, Ordering::Release);
    }

    /// Full slots: at least as many as are wanted, or all there are.
    #[inline]
    fn ready(&mut self, wanted: usize) -> usize {
        let seen = self.tail_seen.wrapping_sub(self.head);
        if seen >= wanted {
            return seen;
        }
        self.tail_seen = self.memory.tail.0.load(Ordering::Acquire);
        self.tail_seen.wrapping_sub(self.head)
    }
}

impl<T> Drop for Reader<T> {
    fn drop(&mut self) {
        self.abandon();
    }
}

/// What both ends share.
///
/// `repr(C)` keeps the order of the diagram in [`mod@super::ring`]: two lines that are written,
/// then one that is not.
#[repr(C)]
struct Memory<T> {
    /// Written by the writer, polled by the reader.
    tail: Line<AtomicUsize>,
    /// Written by the reader; read by the writer when the ring looks full.
    head: Line<AtomicUsize>,
    slots: Box<[Slot<T>]>,
    /// Each is written once, by the end that goes.
    writer_gone: AtomicBool,
    reader_gone: AtomicBool,
}

// SAFETY: the two ends share only the cursors and the flags, which are atomic, and the slots, of
// which each is one end's alone at any time and changes hands by release and acquire (facts 1 to
// 3). An item is written on one thread and read or dropped on another, hence `T: Send`.
unsafe impl<T: Send> Sync for Memory<T> {}

impl<T> Memory<T> {
    #[inline(always)]
    fn slot(&self, cursor: usize) -> &Slot<T> {
        &self.slots[cursor & (self.slots.len() - 1)]
    }

    /// Takes the oldest of the items that neither end will take.
    fn take_left(&mut self) -> Option<T> {
        // `&mut self` means that both ends are gone, and their last stores came before: relaxed is
        // enough.
        let head = self.head.0.load(Ordering::Relaxed);
        if head == self.tail.0.load(Ordering::Relaxed) {
            return None;
        }
        self.head.0.store(head.wrapping_add(1), Ordering::Relaxed);
        // SAFETY: `head..tail` are full and no end is left to read them (fact 4), and `head` has
        // moved past this one.
        Some(self.slot(head).0.with(|slot| unsafe { (*slot).assume_init_read() }))
    }
}

impl<T> Drop for Memory<T> {
    fn drop(&mut self) {
        /// Drops the rest also when one of them panics, as the standard collections do.
        struct Rest<'a, T>(&'a mut Memory<T>);
        impl<T> Drop for Rest<'_, T> {
            fn drop(&mut self) {
                while self.0.take_left().is_some() {}
            }
        }
        let rest = Rest(self);
        while rest.0.take_left().is_some() {}
    }
}

/// Gives slots back at the end of a batch, however it ends.
struct Free<'a, T> {
    memory: &'a Memory<T>,
    head: usize,
    out: &'a mut usize,
}

impl<T> Drop for Free<'_, T> {
    #[inline]
    fn drop(&mut self) {
        *self.out = self.head;
        let order = if planted(Fault::Free) { Ordering::Relaxed } else { Ordering::Release };
        self.memory.head.0.store(self.head, order);
    }
}

/// A value that shares its cache line with nothing. Two lines of 64 bytes, because the hardware
/// fetches them in pairs.
#[repr(align(128))]
struct Line<V>(V);

/// An item's place. It starts on a cache line, so that an item of 64 bytes is one line and not
/// parts of two.
#[repr(align(64))]
struct Slot<T>(UnsafeCell<MaybeUninit<T>>);

impl<T> fmt::Debug for Writer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("capacity", &self.capacity()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Reader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("capacity", &self.capacity()).finish_non_exhaustive()
    }
}

#[cfg(not(loom))]
const _: () = {
    use std::mem::offset_of;
    type Packet = [u64; 8];
    assert!(offset_of!(Memory<Packet>, tail) == 0);
    assert!(offset_of!(Memory<Packet>, head) == 128);
    assert!(offset_of!(Memory<Packet>, slots) == 256);
    assert!(offset_of!(Memory<Packet>, writer_gone) > 256);
    assert!(offset_of!(Memory<Packet>, reader_gone) > 256);
    assert!(align_of::<Memory<Packet>>() == 128);
    assert!(slot_bytes::<Packet>() == 64 && align_of::<Slot<Packet>>() == 64);
    // Neither end shares a line with anything, whatever it is kept beside.
    assert!(size_of::<Writer<Packet>>() == 128 && align_of::<Writer<Packet>>() == 128);
    assert!(size_of::<Reader<Packet>>() == 128 && align_of::<Reader<Packet>>() == 128);
};
