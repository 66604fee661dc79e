//! Buffers that the kernel takes when bytes arrive.
//!
//! # Who owns a buffer
//!
//! A buffer is a `Vec` of no bytes and some capacity. Providing it writes its address into the ring
//! that kernel and driver share, under a number; from then on its memory is the kernel's, and the
//! `Vec` stays in the table at that number, untouched. A completion that names the number gives it
//! back with so many bytes written: the `Vec` leaves the table with that length, and the number is
//! free for another. Each number is in the ring or in use by the kernel at most once, because it is
//! provided only when its place in the table is empty.
//!
//! # How many
//!
//! As many as a visit to the kernel takes, and some: each time they did not suffice their number is
//! doubled, and it is halved again when many visits in a row took a quarter or less. A buffer that is
//! one too many then is not replaced when it comes back.
//!
//! The kernel reads the entries from memory that is ours; it is freed after the ring was
//! unregistered. Where an operation may still be under way then, all of it is leaked: see
//! [`super::ops`].

#![expect(unsafe_code, reason = "what the kernel is told of in addresses; see above")]

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::fmt;
use std::io;
use std::mem::size_of;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::IoUring;
use io_uring::types::BufRingEntry;

/// The group's number: a ring of ours has one.
pub(super) const GROUP: u16 = 0;

/// Most buffers the kernel has at a time. More connections than this that receive at the very same
/// moment make some of them wait for the next.
const BUFFERS_MAX: u16 = 1024;

/// Visits to the kernel after which it is asked whether so many buffers are needed.
const VISITS: u32 = 4096;

/// The kernel wants the ring at the start of a page.
const PAGE_BYTES: usize = 4096;

/// The buffers of a ring.
pub(super) struct Buffers {
    entries: NonNull<BufRingEntry>,
    /// What the kernel has, by number.
    held: Vec<Option<Vec<u8>>>,
    /// Buffers provided since the beginning; the kernel reads it.
    tail: u16,
    /// How many the kernel is to have.
    wanted: u16,
    /// How many it has.
    provided: u16,
    /// How many it is to have at least.
    wanted_min: u16,
    /// How many have come back since the last visit.
    taken: u16,
    /// The most that came back from one of the last visits, and how many those were.
    taken_most: u16,
    visits: u32,
}

const fn layout() -> Layout {
    let bytes = BUFFERS_MAX as usize * size_of::<BufRingEntry>();
    match Layout::from_size_align(bytes, PAGE_BYTES) {
        Ok(layout) => layout,
        Err(_) => panic!("a few pages have a layout"),
    }
}

impl Buffers {
    /// Registers a ring of buffers, empty; it is to have `wanted`.
    ///
    /// # Errors
    ///
    /// What the kernel says, which may know no such thing.
    pub(super) fn new(ring: &IoUring, wanted: u16) -> io::Result<Self> {
        // SAFETY: the layout is not empty.
        let memory = unsafe { alloc_zeroed(layout()) };
        let entries = NonNull::new(memory.cast::<BufRingEntry>());
        let entries = entries.unwrap_or_else(|| handle_alloc_error(layout()));
        let mut held = Vec::new();
        held.resize_with(usize::from(BUFFERS_MAX), || None);
        let buffers = Self {
            entries,
            held,
            tail: 0,
            wanted,
            provided: 0,
            wanted_min: wanted,
            taken: 0,
            taken_most: 0,
            visits: 0,
        };
        let address = entries.as_ptr() as u64;
        // SAFETY: the memory holds that many entries, begins a page, and is freed after it was
        // unregistered, in `unregister`, or never.
        let registered = unsafe {
            ring.submitter().register_buf_ring_with_flags(address, BUFFERS_MAX, GROUP, 0)
        };
        if let Err(error) = registered {
            buffers.free();
            return Err(error);
        }
        Ok(buffers)
    }

    /// Takes the ring back from the kernel and frees it. No operation that takes buffers may be
    /// under way. Where the kernel refuses, it is leaked.
    pub(super) fn unregister(self, ring: &IoUring) {
        match ring.submitter().unregister_buf_ring(GROUP) {
            Ok(()) => self.free(),
            Err(_) => std::mem::forget(self),
        }
    }

    fn free(self) {
        // SAFETY: allocated with this layout, not freed yet, and nothing is registered there.
        unsafe { dealloc(self.entries.as_ptr().cast(), layout()) };
    }

    /// The buffers did not suffice: more, where there may be more.
    pub(super) fn grow(&mut self) {
        self.wanted = self.wanted.saturating_mul(2).min(BUFFERS_MAX);
        (self.taken_most, self.visits) = (0, 0);
    }

    /// Whether as many were needed lately: else half of them, or as many as at first, will do.
    fn shrink(&mut self) {
        if self.taken_most <= self.wanted / 4 {
            self.wanted = (self.wanted / 2).max(self.wanted_min);
        }
        (self.taken_most, self.visits) = (0, 0);
    }

    /// Gives the kernel, which is visited next, as many buffers as it is to have, each made by
    /// `make`.
    #[inline]
    pub(super) fn refill(&mut self, mut make: impl FnMut() -> Vec<u8>) {
        self.taken_most = self.taken_most.max(std::mem::take(&mut self.taken));
        self.visits += 1;
        if self.visits == VISITS {
            self.shrink();
        }
        if self.provided >= self.wanted {
            return;
        }
        for number in 0..self.wanted {
            if self.held[usize::from(number)].is_none() {
                self.put(number, make());
            }
        }
        self.publish();
    }

    /// Takes the buffer of that number, into which the kernel has written `len` bytes, and gives
    /// the kernel what `next` makes in its place, unless it has as many as it is to have.
    ///
    /// # Safety
    ///
    /// A completion must have named the number and the length, and must not have been told of here
    /// before.
    #[inline]
    pub(super) unsafe fn exchange(
        &mut self,
        number: u16,
        len: usize,
        next: impl FnOnce() -> Vec<u8>,
    ) -> Vec<u8> {
        let taken = self.held[usize::from(number)].take();
        let mut bytes = taken.expect("a completion names a buffer that the kernel has");
        assert!(len <= bytes.capacity(), "the kernel writes what fits");
        // SAFETY: the kernel has written so many bytes at the beginning, and they fit.
        unsafe { bytes.set_len(len) };
        self.provided -= 1;
        self.taken = self.taken.saturating_add(1);
        // Of higher numbers there are more than are wanted, or there is a lower one for `refill`.
        if number < self.wanted {
            self.put(number, next());
            self.publish();
        }
        bytes
    }

    /// Writes an entry; the kernel sees it with the next [`Buffers::publish`].
    fn put(&mut self, number: u16, mut buffer: Vec<u8>) {
        debug_assert!(buffer.is_empty() && buffer.capacity() > 0);
        let room = buffer.spare_capacity_mut();
        let (address, len) = (room.as_mut_ptr() as u64, room.len());
        let place = usize::from(self.tail & (BUFFERS_MAX - 1));
        // SAFETY: the place is inside the ring, whose entries are zeroes or what was put there. No
        // more buffers are provided than there are places, so the kernel has read what this
        // overwrites. The tail, in the unused part of the first entry, is not written here.
        let entry = unsafe { self.entries.add(place).as_mut() };
        entry.set_addr(address);
        entry.set_len(u32::try_from(len).unwrap_or(u32::MAX));
        entry.set_bid(number);
        self.held[usize::from(number)] = Some(buffer);
        self.tail = self.tail.wrapping_add(1);
        self.provided += 1;
    }

    fn publish(&self) {
        // SAFETY: the address is that of the first entry, which was zeroes and is a number of 16
        // bits there.
        let tail = unsafe { BufRingEntry::tail(self.entries.as_ptr()) };
        // SAFETY: it is aligned, lives as long as this, and is written by this thread alone; the
        // kernel reads it.
        let tail = unsafe { AtomicU16::from_ptr(tail.cast_mut()) };
        tail.store(self.tail, Ordering::Release);
    }
}

impl fmt::Debug for Buffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffers").field("provided", &self.provided).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::RingLimits;
    use crate::driver::uring::ring::Ring;

    fn buffer() -> Vec<u8> {
        Vec::with_capacity(1)
    }

    /// The kernel is visited so often, and so many buffers come back each time.
    fn visit(buffers: &mut Buffers, visits: u32, count: usize) {
        for _ in 0..visits {
            let held = |number: &u16| buffers.held[usize::from(*number)].is_some();
            let taken: Vec<_> = (0..BUFFERS_MAX).rev().filter(held).take(count).collect();
            for number in taken {
                // SAFETY: no operation takes buffers, so none of them was written to or comes back
                // but here.
                drop(unsafe { buffers.exchange(number, 0, buffer) });
            }
            buffers.refill(buffer);
        }
    }

    #[test]
    fn there_are_as_many_as_are_needed() {
        let ring = Ring::new(RingLimits::default()).unwrap();
        let mut buffers = Buffers::new(ring.io_uring(), 4).unwrap();
        visit(&mut buffers, 1, 0);
        assert_eq!(buffers.provided, 4);
        buffers.grow();
        buffers.grow();
        visit(&mut buffers, 1, 0);
        assert_eq!(buffers.provided, 16);
        visit(&mut buffers, 2 * VISITS, 5);
        assert_eq!(buffers.provided, 16, "a third of them is needed");
        visit(&mut buffers, 4 * VISITS, 1);
        assert_eq!(buffers.provided, 4, "no fewer than at first");
        buffers.grow();
        visit(&mut buffers, 1, 0);
        assert_eq!(buffers.provided, 8);
        buffers.unregister(ring.io_uring());
    }
}
