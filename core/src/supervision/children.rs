//! The children of one supervisor, in the order in which they start.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::child::Child;
use crate::pid::Pid;

/// A child's place in the order; never used twice.
pub(super) type Key = u64;

/// See the module.
#[derive(Default)]
pub(super) struct Children {
    by_key: BTreeMap<Key, Child>,
    by_id: BTreeMap<String, Key>,
    by_pid: BTreeMap<Pid, Key>,
    key_last: Key,
}

impl Children {
    /// Adds a child behind the others, unless there is one of that id.
    pub(super) fn add(&mut self, child: Child) -> Option<Key> {
        let Entry::Vacant(place) = self.by_id.entry(child.spec.id.to_string()) else {
            return None;
        };
        self.key_last += 1;
        place.insert(self.key_last);
        self.by_key.insert(self.key_last, child);
        Some(self.key_last)
    }

    pub(super) fn remove(&mut self, key: Key) -> Option<Child> {
        let child = self.by_key.remove(&key)?;
        self.by_id.remove(&*child.spec.id);
        if let Some(pid) = child.pid() {
            self.by_pid.remove(&pid);
        }
        Some(child)
    }

    /// Notes which actor a child is, or that it is none.
    pub(super) fn set_pid(&mut self, key: Key, pid: Option<Pid>) {
        let Some(child) = self.by_key.get_mut(&key) else { return };
        if let Some(before) = child.set_pid(pid) {
            self.by_pid.remove(&before);
        }
        if let Some(pid) = pid {
            self.by_pid.insert(pid, key);
        }
    }

    pub(super) fn get(&self, key: Key) -> Option<&Child> {
        self.by_key.get(&key)
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut Child> {
        self.by_key.get_mut(&key)
    }

    pub(super) fn by_pid(&self, pid: Pid) -> Option<Key> {
        self.by_pid.get(&pid).copied()
    }

    pub(super) fn by_id(&self, id: &str) -> Option<Key> {
        self.by_id.get(id).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (Key, &Child)> {
        self.by_key.iter().map(|(&key, child)| (key, child))
    }

    /// The keys from one on, in order.
    pub(super) fn keys_from(&self, key: Key) -> Vec<Key> {
        self.by_key.range(key..).map(|(&key, _)| key).collect()
    }
}
