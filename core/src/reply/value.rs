//! A value whose type only those know who put it there and take it out.
//!
//! This file is the home of one unsafe fact: what reads or drops the content was made for the type
//! that was put there last.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use crate::limits::REPLY_INLINE_BYTES;
use crate::shard::shielded;

type Content = MaybeUninit<[u64; REPLY_INLINE_BYTES / 8]>;

/// A value of a type only its owners know; small ones in place, large ones boxed. Whether there is
/// one, the slot's state says.
pub(super) struct Value {
    content: Content,
    /// Drops the content; `None` while there is none, or none that needs it.
    drop: Option<unsafe fn(&mut Content)>,
}

const fn inline<R>() -> bool {
    size_of::<R>() <= REPLY_INLINE_BYTES && align_of::<R>() <= 8
}

/// Whether nothing happens when an `R` in place is dropped.
const fn plain<R>() -> bool {
    inline::<R>() && !std::mem::needs_drop::<R>()
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
    pub(super) const fn empty() -> Self {
        Self { content: MaybeUninit::uninit(), drop: None }
    }

    #[inline]
    pub(super) fn put<R: 'static>(&mut self, value: R) {
        debug_assert!(self.drop.is_none(), "a slot is filled once");
        let place = self.content.as_mut_ptr();
        if inline::<R>() {
            // SAFETY: `inline` checked that an `R` fits, and `Content` is aligned to 8.
            unsafe { place.cast::<R>().write(value) };
        } else {
            // SAFETY: a box is one word.
            unsafe { place.cast::<Box<R>>().write(Box::new(value)) };
        }
        if !plain::<R>() {
            // SAFETY: the function is called at most once, and only while the `R` just written is
            // there: `take` and `drop` both clear it first.
            self.drop = Some(|content| drop(unsafe { read::<R>(content) }));
        }
    }

    /// # Safety
    ///
    /// An `R` must have been put, and not been taken since.
    #[inline]
    pub(super) unsafe fn take<R: 'static>(&mut self) -> R {
        if !plain::<R>() {
            self.drop = None;
        }
        // SAFETY: the caller vouches for the value and its type.
        unsafe { read::<R>(&mut self.content) }
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        if let Some(drop) = self.drop.take() {
            shielded("a reply's drop", || {
                // SAFETY: `put` stored the function for the value that is still here.
                unsafe { drop(&mut self.content) };
            });
        }
    }
}
