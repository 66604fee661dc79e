//! Hashes.

use foldhash::fast::FixedState;
use indexmap::IndexMap;
use indexmap::map::Entry;

use super::value::{Kind, variant};
use crate::bytes::SmallBytes;

/// Fields and their values, in no order that means anything.
#[derive(Debug)]
pub(crate) struct Hash {
    fields: IndexMap<SmallBytes, SmallBytes, FixedState>,
    /// Bytes of those fields and values that have blocks of their own.
    heap_bytes: usize,
}

impl Kind for Hash {
    fn empty(seed: u64) -> Self {
        Self { fields: IndexMap::with_hasher(FixedState::with_seed(seed)), heap_bytes: 0 }
    }

    fn len(&self) -> usize {
        self.fields.len()
    }

    fn used_bytes(&self) -> usize {
        // Each field has its pair, its hash, and its place in the index.
        let field_bytes = 2 * size_of::<SmallBytes>() + 3 * size_of::<usize>();
        self.fields.capacity() * field_bytes + self.heap_bytes
    }

    variant!(Hash);
}

impl Hash {
    /// The value of `field`.
    pub(crate) fn value(&self, field: &[u8]) -> Option<&[u8]> {
        self.fields.get(field).map(|value| &**value)
    }

    /// Sets `field`; whether it is new.
    pub(crate) fn set(&mut self, field: &[u8], value: &[u8]) -> bool {
        let value = SmallBytes::from(value);
        self.heap_bytes += value.heap_len();
        match self.fields.entry(field.into()) {
            Entry::Occupied(mut place) => {
                self.heap_bytes -= place.insert(value).heap_len();
                false
            }
            Entry::Vacant(place) => {
                self.heap_bytes += place.key().heap_len();
                place.insert(value);
                true
            }
        }
    }

    /// Removes `field`; whether it was there.
    pub(crate) fn remove(&mut self, field: &[u8]) -> bool {
        let Some((field, value)) = self.fields.swap_remove_entry(field) else { return false };
        self.heap_bytes -= field.heap_len() + value.heap_len();
        true
    }

    /// The fields, each with its value.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> + use<'_> {
        self.fields.iter().map(|(field, value)| (&**field, &**value))
    }
}
