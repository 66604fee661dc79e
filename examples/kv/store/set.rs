//! Sets.

use foldhash::fast::FixedState;
use indexmap::IndexSet;

use super::value::{Kind, variant};
use crate::bytes::SmallBytes;

/// Members, in no order that means anything. Any one is reached by its place, so a random one is
/// found at once.
#[derive(Debug)]
pub(crate) struct Set {
    members: IndexSet<SmallBytes, FixedState>,
    /// Bytes of those members that have blocks of their own.
    heap_bytes: usize,
}

impl Kind for Set {
    fn empty(seed: u64) -> Self {
        Self { members: IndexSet::with_hasher(FixedState::with_seed(seed)), heap_bytes: 0 }
    }

    fn len(&self) -> usize {
        self.members.len()
    }

    fn used_bytes(&self) -> usize {
        // Each member has its hash and its place in the index.
        let member_bytes = size_of::<SmallBytes>() + 3 * size_of::<usize>();
        self.members.capacity() * member_bytes + self.heap_bytes
    }

    variant!(Set);
}

impl Set {
    /// Adds a member; whether it is new.
    pub(crate) fn insert(&mut self, member: &[u8]) -> bool {
        // Most are new, or few are long: the copy that a lookup first would save is a small one.
        let member = SmallBytes::from(member);
        let heap_len = member.heap_len();
        let new = self.members.insert(member);
        self.heap_bytes += if new { heap_len } else { 0 };
        new
    }

    /// Removes a member; whether it was there.
    pub(crate) fn remove(&mut self, member: &[u8]) -> bool {
        let Some(member) = self.members.swap_take(member) else { return false };
        self.heap_bytes -= member.heap_len();
        true
    }

    /// Takes the member at `place`.
    ///
    /// # Panics
    ///
    /// If there are not that many.
    pub(crate) fn take(&mut self, place: usize) -> SmallBytes {
        let member = self.members.swap_remove_index(place).expect("a place below the count");
        self.heap_bytes -= member.heap_len();
        member
    }

    /// Whether `member` is one.
    pub(crate) fn contains(&self, member: &[u8]) -> bool {
        self.members.contains(member)
    }

    /// The member at `place`.
    ///
    /// # Panics
    ///
    /// If there are not that many.
    pub(crate) fn member(&self, place: usize) -> &[u8] {
        &self.members[place]
    }

    /// All members.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> + use<'_> {
        self.members.iter().map(|member| &**member)
    }
}
