//! What a producer takes items from.

use std::collections::VecDeque;
use std::mem::MaybeUninit;

use greenroom_core::mesh::{Outbox, Packet};

/// Items in the order in which they are to leave.
pub trait Batch<T> {
    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Moves the oldest to a place, and returns it there.
    fn move_front<'p>(&mut self, place: &'p mut MaybeUninit<T>) -> Option<&'p mut T>;
}

impl<T> Batch<T> for VecDeque<T> {
    #[inline]
    fn len(&self) -> usize {
        self.len()
    }

    #[inline]
    fn move_front<'p>(&mut self, place: &'p mut MaybeUninit<T>) -> Option<&'p mut T> {
        self.pop_front().map(|item| place.write(item))
    }
}

impl Batch<Packet> for Outbox {
    #[inline]
    fn len(&self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn move_front<'p>(&mut self, place: &'p mut MaybeUninit<Packet>) -> Option<&'p mut Packet> {
        self.move_front(place)
    }
}
