//! What the store knows about its entries as a whole: deadlines in order, and sizes.

use std::collections::BTreeMap;

use super::Deadline;
use super::keyspace::Entry;

/// The books of a store. They are apart from the table so that an entry and its books can be
/// changed together.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The entries that have a deadline, soonest first: (deadline, ticket) to the entry's hash.
    deadlines: BTreeMap<(Deadline, u32), u32>,
    /// The last ticket given out; tickets part entries whose deadlines are equal.
    ticket_last: u32,
    /// Bytes of all keys and values, as [`super::value::Body::used_bytes`] counts them.
    pub(super) value_bytes: usize,
    /// Keys removed because their deadline had passed.
    pub(super) expired_total: u64,
}

impl Ledger {
    /// How many entries have a deadline.
    pub(super) fn deadlines_len(&self) -> usize {
        self.deadlines.len()
    }

    /// An estimate of the memory that the deadlines take.
    pub(super) fn used_bytes(&self) -> usize {
        // A B-tree is about two thirds full.
        self.deadlines.len() * size_of::<((Deadline, u32), u32)>() * 3 / 2
    }

    /// Gives `entry` another deadline.
    pub(super) fn set_deadline(&mut self, entry: &mut Entry, deadline: Deadline) {
        if entry.deadline == deadline {
            return;
        }
        self.drop_deadline(entry);
        entry.deadline = deadline;
        if deadline == Deadline::NEVER {
            return;
        }
        // Four thousand million entries cannot share a millisecond, so a ticket is free.
        loop {
            self.ticket_last = self.ticket_last.wrapping_add(1);
            let name = (deadline, self.ticket_last);
            if let std::collections::btree_map::Entry::Vacant(place) = self.deadlines.entry(name) {
                place.insert(entry.hash);
                entry.ticket = self.ticket_last;
                return;
            }
        }
    }

    /// Takes an entry that left the table out of the books.
    pub(super) fn strike(&mut self, entry: &Entry) {
        self.value_bytes -= entry.body.used_bytes();
        self.drop_deadline(entry);
    }

    /// Takes the soonest deadline out of the books if it has passed: deadline, ticket, hash.
    pub(super) fn pop_past(&mut self, now_ms: u64) -> Option<(Deadline, u32, u32)> {
        let soonest = self.deadlines.first_entry()?;
        if !soonest.key().0.is_past(now_ms) {
            return None;
        }
        let ((deadline, ticket), hash) = soonest.remove_entry();
        Some((deadline, ticket, hash))
    }

    /// Forgets every entry; totals stay.
    pub(super) fn flush(&mut self) {
        self.deadlines.clear();
        self.value_bytes = 0;
    }

    fn drop_deadline(&mut self, entry: &Entry) {
        if entry.deadline != Deadline::NEVER {
            self.deadlines.remove(&(entry.deadline, entry.ticket));
        }
    }
}
