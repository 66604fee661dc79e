//! Lists.

use std::collections::VecDeque;

use super::value::{Kind, variant};
use crate::bytes::SmallBytes;

/// Elements in order. Both ends and every index are reached at once; to remove from the middle
/// moves what follows.
#[derive(Debug, Default)]
pub(crate) struct List {
    elements: VecDeque<SmallBytes>,
    /// Bytes of those elements that have blocks of their own.
    heap_bytes: usize,
}

/// An end of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Where index 0 is (`LPUSH`, `LPOP`).
    Front,
    /// The other one (`RPUSH`, `RPOP`).
    Back,
}

impl Kind for List {
    fn empty(_: u64) -> Self {
        Self::default()
    }

    fn len(&self) -> usize {
        self.elements.len()
    }

    fn used_bytes(&self) -> usize {
        self.elements.capacity() * size_of::<SmallBytes>() + self.heap_bytes
    }

    variant!(List);
}

impl List {
    /// Adds an element at that end.
    pub(crate) fn push(&mut self, end: End, element: &[u8]) {
        let element = SmallBytes::from(element);
        self.heap_bytes += element.heap_len();
        match end {
            End::Front => self.elements.push_front(element),
            End::Back => self.elements.push_back(element),
        }
    }

    /// Takes the element at that end.
    pub(crate) fn pop(&mut self, end: End) -> Option<SmallBytes> {
        let element = match end {
            End::Front => self.elements.pop_front(),
            End::Back => self.elements.pop_back(),
        }?;
        self.heap_bytes -= element.heap_len();
        self.shrink();
        Some(element)
    }

    /// Element `index`, which counts from the end if it is negative.
    pub(crate) fn element(&self, index: i64) -> Option<&[u8]> {
        self.elements.get(self.place(index)?).map(|element| &**element)
    }

    /// Replaces element `index`, which counts from the end if it is negative; whether there is
    /// one.
    pub(crate) fn replace(&mut self, index: i64, element: &[u8]) -> bool {
        let place = self.place(index).and_then(|place| self.elements.get_mut(place));
        let Some(place) = place else { return false };
        let element = SmallBytes::from(element);
        self.heap_bytes += element.heap_len();
        self.heap_bytes -= std::mem::replace(place, element).heap_len();
        true
    }

    /// The elements from `start` on, `len` of them.
    pub(crate) fn range(
        &self,
        start: usize,
        len: usize,
    ) -> impl ExactSizeIterator<Item = &[u8]> + use<'_> {
        self.elements.range(start..start + len).map(|element| &**element)
    }

    /// Removes the elements that equal `element`, at most `count_max` of them beginning at that
    /// end; returns how many.
    pub(crate) fn remove(&mut self, element: &[u8], from: End, count_max: usize) -> usize {
        let equal = self.elements.iter().filter(|other| ***other == *element).count();
        let count = equal.min(count_max);
        // Of those that are equal, the first ones go or the last ones.
        let mut kept_first = if from == End::Front { 0 } else { equal - count };
        let mut going = count;
        self.elements.retain(|other| {
            if **other != *element || going == 0 {
                return true;
            }
            if kept_first > 0 {
                kept_first -= 1;
                return true;
            }
            going -= 1;
            self.heap_bytes -= other.heap_len();
            false
        });
        self.shrink();
        count
    }

    /// Removes all but the elements from `start` on, `len` of them.
    pub(crate) fn trim(&mut self, start: usize, len: usize) {
        let removed = self.elements.drain(..start).map(|element| element.heap_len()).sum::<usize>();
        let beyond = self.elements.drain(len..).map(|element| element.heap_len()).sum::<usize>();
        self.heap_bytes -= removed + beyond;
        self.shrink();
    }

    /// Gives memory back that a list which was much longer has left.
    fn shrink(&mut self) {
        let capacity = self.elements.capacity();
        if capacity > 64 && self.elements.len() < capacity / 4 {
            self.elements.shrink_to(capacity / 2);
        }
    }

    fn place(&self, index: i64) -> Option<usize> {
        let len = self.elements.len() as i64;
        usize::try_from(if index < 0 { index.checked_add(len)? } else { index }).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(elements: &[&str]) -> List {
        let mut list = List::default();
        elements.iter().for_each(|element| list.push(End::Back, element.as_bytes()));
        list
    }

    fn shown(list: &List) -> Vec<&str> {
        list.range(0, list.len()).map(|element| std::str::from_utf8(element).unwrap()).collect()
    }

    #[test]
    fn removal_begins_at_either_end() {
        for (from, count_max, left) in [
            (End::Front, 2, ["b", "c", "a"].as_slice()),
            (End::Back, 2, &["a", "b", "c"]),
            (End::Front, usize::MAX, &["b", "c"]),
            (End::Back, 0, &["a", "b", "a", "c", "a"]),
        ] {
            let mut list = list(&["a", "b", "a", "c", "a"]);
            assert_eq!(list.remove(b"a", from, count_max), 5 - left.len());
            assert_eq!(shown(&list), left);
        }
    }

    #[test]
    fn memory_follows_the_elements() {
        let long = "x".repeat(100);
        let mut list = list(&[&long, "short", &long, &long]);
        assert_eq!(list.heap_bytes, 300);
        assert!(list.replace(-1, b"y"));
        list.trim(1, 2);
        assert_eq!((shown(&list), list.heap_bytes), (vec!["short", &*long], 100));
        assert_eq!(list.remove(long.as_bytes(), End::Front, 9), 1);
        assert_eq!(list.heap_bytes, 0);
        (0..10_000).for_each(|_| list.push(End::Front, b"z"));
        while list.pop(End::Back).is_some() {}
        assert!(list.used_bytes() < 100 * size_of::<SmallBytes>(), "{}", list.used_bytes());
    }

    #[test]
    fn negative_indices_count_from_the_end() {
        let list = list(&["a", "b"]);
        for (index, element) in [
            (0, Some("a")),
            (1, Some("b")),
            (2, None),
            (-1, Some("b")),
            (-2, Some("a")),
            (-3, None),
        ] {
            assert_eq!(list.element(index), element.map(str::as_bytes), "{index}");
        }
        assert_eq!(list.element(i64::MIN), None);
    }
}
