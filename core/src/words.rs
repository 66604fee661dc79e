//! Moving values in pieces no larger than those they were written in.
//!
//! What was written a moment ago is still in the store buffer. A load that lies within one store
//! takes its value from there; one that covers parts of several waits until all of them have left
//! the buffer, behind every store before them, which may in turn wait for lines of other cores. The
//! compiler moves a struct in the largest pieces it has, whatever it was written in. Messages are
//! written field by field and moved soon after, so they are moved word by word.
//!
//! This file is the home of one unsafe fact: a value is as many words as its size says, and a word
//! of it that may be padding is moved as one that may be uninitialised.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;

type Word = MaybeUninit<u64>;

/// Most words that are moved one by one; a larger value is moved as the compiler likes.
const WORDS_MAX: usize = 8;

const WORD_BYTES: usize = size_of::<Word>();

/// As [`std::ptr::read`].
///
/// # Safety
///
/// As there.
#[inline(always)]
pub(crate) unsafe fn read<T>(place: *const T) -> T {
    if align_of::<T>() != align_of::<Word>() || size_of::<T>() > WORDS_MAX * WORD_BYTES {
        // SAFETY: the caller's.
        return unsafe { place.read() };
    }
    let mut value = MaybeUninit::<T>::uninit();
    // SAFETY: the caller vouches for a `T` there, which is moved to a place of its own.
    unsafe {
        copy(place.cast(), value.as_mut_ptr().cast(), size_of::<T>() / WORD_BYTES);
        value.assume_init()
    }
}

/// Moves so many words, oldest address first.
///
/// # Safety
///
/// `source` is valid for reads and `target` for writes of so many words, and both are aligned.
#[inline(always)]
pub(crate) unsafe fn copy(source: *const u64, target: *mut u64, words: usize) {
    let (source, target) = (source.cast::<Word>(), target.cast::<Word>());
    for word in 0..words {
        // SAFETY: the caller's. Volatile, so that words are not put together again.
        unsafe { target.add(word).write(source.add(word).read_volatile()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_any_shape_come_as_they_went() {
        fn round<T: PartialEq + std::fmt::Debug>(make: impl Fn() -> T) {
            let place = std::mem::ManuallyDrop::new(make());
            // SAFETY: the place holds a `T` that is not used again.
            assert_eq!(unsafe { read(&raw const *place) }, make());
        }
        round(|| 7u8);
        round(|| (1u64, String::from("owned"), 3u16));
        round(|| Some(Box::new([5u32; 3])));
        round(|| [9u64; 20]);
        round(|| ());
        round(|| u128::MAX);
    }
}
