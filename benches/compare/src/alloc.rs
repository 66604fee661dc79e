//! The system's allocator with a count of live bytes, for the workloads that weigh actors.
//!
//! Counting is off unless a measurement asks for it, so that the workloads that take times pay one
//! relaxed load of a word nobody writes per allocation, and no read-modify-write.
//!
//! # Safety
//!
//! Every call is handed to [`System`] unchanged, so its contract is this allocator's contract; the
//! counters are atomics that never influence an address or a size.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

static COUNTING: AtomicBool = AtomicBool::new(false);
static LIVE: AtomicI64 = AtomicI64::new(0);

/// [`System`], counting live bytes from [`start_counting`] on.
pub(crate) struct Counting;

/// Turns counting on for the rest of the process.
pub(crate) fn start_counting() {
    COUNTING.store(true, Relaxed);
}

/// Bytes allocated less bytes freed since [`start_counting`], as requested by their layouts.
pub(crate) fn live_bytes() -> i64 {
    LIVE.load(Relaxed)
}

fn count(bytes: i64) {
    if COUNTING.load(Relaxed) {
        LIVE.fetch_add(bytes, Relaxed);
    }
}

// SAFETY: every method forwards its arguments unchanged to `System`, which is a sound allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promise about `layout` is the one `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promise about `layout` is the one `System` asks for.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: `pointer` came out of `System` with this layout, as all of ours do.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        // SAFETY: `pointer` came out of `System` with this layout, and `size` is the caller's to
        // promise.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
