//! What a producer takes items from.

use std::collections::VecDeque;

use greenroom_core::mesh::{Outbox, Packet};

/// Items in the order in which they are to leave.
pub trait Batch<T> {
    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the oldest.
    fn take_front(&mut self) -> Option<T>;
}

impl<T> Batch<T> for VecDeque<T> {
    #[inline]
    fn len(&self) -> usize {
        self.len()
    }

    #[inline]
    fn take_front(&mut self) -> Option<T> {
        self.pop_front()
    }
}

impl Batch<Packet> for Outbox {
    #[inline]
    fn len(&self) -> usize {
        self.len()
    }

    #[inline]
    fn take_front(&mut self) -> Option<Packet> {
        self.pop_front()
    }
}
