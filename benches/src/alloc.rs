//! Live heap bytes, as requested from the allocator.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

static LIVE: AtomicUsize = AtomicUsize::new(0);
static COUNTING: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// The system's allocator, counting while it is told to.
#[derive(Debug)]
pub(crate) struct Counting;

/// Begins to count. What was allocated before and is freed later would wrap the count below zero;
/// differences stay right.
pub(crate) fn count() {
    COUNTING.store(true, Ordering::Relaxed);
}

/// Bytes allocated since counting began, less those freed.
pub(crate) fn live() -> usize {
    LIVE.load(Ordering::Relaxed)
}

fn add(bytes: usize) {
    if COUNTING.load(Ordering::Relaxed) {
        LIVE.fetch_add(bytes, Ordering::Relaxed);
    }
}

// SAFETY: every method forwards to the system's allocator, which keeps the contract; counting
// touches two atomics and allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: forwarded with the caller's own promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        add(layout.size().wrapping_neg());
        // SAFETY: forwarded with the caller's own promise.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(size.wrapping_sub(layout.size()));
        // SAFETY: forwarded with the caller's own promise.
        unsafe { System.realloc(place, layout, size) }
    }
}
