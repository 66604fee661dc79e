//! Which shard this thread is running, if any.
//!
//! Refs, ports and wakers are plain values that may be used anywhere; what they may do depends on
//! whether the thread is inside a shard's turn, and which. A driver *enters* a shard for as long as
//! it calls it; the simulator enters a different one for each step.
//!
//! This file is the home of one unsafe fact: the pointer in `CURRENT` is dereferenced only inside
//! the call of [`enter`] that set it, which borrows the shard for as long as it runs. There is no
//! guard that safe code could keep, leak, or drop out of turn.

#![allow(unsafe_code)]

use std::cell::Cell;
use std::ptr;

use super::Shard;

thread_local! {
    static CURRENT: Cell<*const Shard> = const { Cell::new(ptr::null()) };
}

/// Calls `f` with `shard` as the current one of this thread; then it is the one before again, also
/// where `f` panics.
#[inline]
pub(crate) fn enter<R>(shard: &Shard, f: impl FnOnce() -> R) -> R {
    let _before = Before(CURRENT.replace(shard));
    f()
}

/// The shard that was current before. Lives in the frame of [`enter`] and nowhere else.
struct Before(*const Shard);

impl Drop for Before {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

/// Calls `f` with the current shard; `None` outside any.
#[inline(always)]
pub(crate) fn with<R>(f: impl FnOnce(&Shard) -> R) -> Option<R> {
    let shard = CURRENT.try_with(Cell::get).unwrap_or(ptr::null());
    // SAFETY: a non-null pointer was set by an `enter` that is still running and borrows the shard:
    // such calls nest on the stack of one thread, the thread-local keeps the pointer on that
    // thread, and each restores the pointer before it however it ends. `f` cannot keep the
    // reference, whose lifetime it does not know.
    let shard = unsafe { shard.as_ref() };
    shard.map(f)
}

/// The shard this thread is running, for a caller that must not hand a closure what it sends: a
/// closure is a function of its own, and what it is given becomes a thing in memory. To be kept in
/// a local.
#[derive(Debug)]
pub(crate) struct Here(*const Shard);

impl Here {
    #[inline(always)]
    pub(crate) fn look() -> Self {
        Self(CURRENT.try_with(Cell::get).unwrap_or(ptr::null()))
    }

    /// The shard; `None` outside any.
    #[inline(always)]
    pub(crate) const fn shard(&self) -> Option<&Shard> {
        // SAFETY: as in `with`: the `enter` that set the pointer is further up the stack than the
        // function whose local `self` is, so it outlives that local, which bounds the reference.
        unsafe { self.0.as_ref() }
    }
}
