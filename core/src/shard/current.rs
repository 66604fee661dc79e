//! Which shard this thread is running, if any.
//!
//! Refs, ports and wakers are plain values that may be used anywhere; what they may do depends on
//! whether the thread is inside a shard's turn, and which. A driver *enters* a shard for as long as
//! it calls it; the simulator enters a different one for each step.
//!
//! This file is the home of one unsafe fact: the pointer in `CURRENT` is dereferenced only while
//! the guard that set it is alive, and the guard borrows the shard.

#![allow(unsafe_code)]

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr;

use super::Shard;

thread_local! {
    static CURRENT: Cell<*const Shard> = const { Cell::new(ptr::null()) };
}

/// Keeps a shard the current one of this thread; restores the one before when dropped.
#[derive(Debug)]
pub struct Entered<'a> {
    before: *const Shard,
    shard: PhantomData<&'a Shard>,
}

/// Makes `shard` the current one of this thread until the guard is dropped.
#[must_use]
pub(crate) fn enter(shard: &Shard) -> Entered<'_> {
    Entered { before: CURRENT.replace(shard), shard: PhantomData }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        CURRENT.set(self.before);
    }
}

/// Calls `f` with the current shard; `None` outside any.
#[inline(always)]
pub(crate) fn with<R>(f: impl FnOnce(&Shard) -> R) -> Option<R> {
    let shard = CURRENT.try_with(Cell::get).unwrap_or(ptr::null());
    // SAFETY: a non-null pointer was set by `enter` from a reference that its guard still borrows:
    // guards nest, each restores the pointer before it, and the thread-local keeps the pointer on
    // the guard's own thread. Leaking a guard with `forget` is ruled out by `enter` being private
    // to this crate, whose callers keep the guard in a local. `f` cannot keep the reference, whose
    // lifetime it does not know.
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
        // SAFETY: as in `with`: the guard that set the pointer is further up the stack of the
        // function whose local `self` is, so it outlives that local, which bounds the reference.
        unsafe { self.0.as_ref() }
    }
}
