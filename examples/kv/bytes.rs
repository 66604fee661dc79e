//! Bytes that need no block of their own when they are few.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

/// Longest content that needs no allocation.
const INLINE_LEN_MAX: usize = 22;

/// Owned bytes in three words: up to 22 of them in place, more in one allocation. They hash and
/// compare as the slice does.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SmallBytes(Repr);

#[derive(Clone, PartialEq, Eq)]
enum Repr {
    /// What lies beyond `len` is zero.
    Inline {
        len: u8,
        bytes: [u8; INLINE_LEN_MAX],
    },
    Heap(Box<[u8]>),
}

const _: () = assert!(size_of::<SmallBytes>() == 24);
const _: () = assert!(size_of::<Option<SmallBytes>>() == 24);

impl From<&[u8]> for SmallBytes {
    fn from(content: &[u8]) -> Self {
        if content.len() > INLINE_LEN_MAX {
            return Self(Repr::Heap(content.into()));
        }
        let mut bytes = [0; INLINE_LEN_MAX];
        bytes[..content.len()].copy_from_slice(content);
        Self(Repr::Inline { len: content.len() as u8, bytes })
    }
}

impl Deref for SmallBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline { len, bytes } => &bytes[..usize::from(*len)],
            Repr::Heap(bytes) => bytes,
        }
    }
}

impl SmallBytes {
    /// Bytes of the allocation, if there is one.
    pub(crate) fn heap_len(&self) -> usize {
        match &self.0 {
            Repr::Inline { .. } => 0,
            Repr::Heap(bytes) => bytes.len(),
        }
    }
}

impl Borrow<[u8]> for SmallBytes {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl Hash for SmallBytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl Ord for SmallBytes {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(other)
    }
}

impl PartialOrd for SmallBytes {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for SmallBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_comes_back() {
        for len in 0..64_u8 {
            let content: Vec<u8> = (0..len).collect();
            let bytes = SmallBytes::from(content.as_slice());
            assert_eq!(*bytes, *content);
            assert_eq!(matches!(bytes.0, Repr::Inline { .. }), len <= 22);
        }
    }
}
