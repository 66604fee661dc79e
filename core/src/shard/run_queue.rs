//! Which task is next: one queue per scheduling group, the group with the least virtual time first.
//!
//! A group's virtual time is the number of tasks it ran divided by its shares, so that groups get
//! the shard in proportion (as Seastar's scheduling groups do; "Start-time fair queueing", Goyal,
//! Vin and Cheng, 1996, is the idea). There is one group so far, and picking costs nothing then.

use std::cell::RefCell;
use std::collections::VecDeque;

#[derive(Debug)]
struct Group {
    ready: VecDeque<u32>,
    /// Virtual time of one task: less, the more shares the group has.
    step: u64,
    /// Work done, scaled by shares.
    virtual_time: u64,
}

/// The ready tasks of a shard.
#[derive(Debug)]
pub(crate) struct RunQueue {
    groups: RefCell<Vec<Group>>,
}

/// Virtual time of one task at one share.
const SCALE: u64 = 1 << 20;

/// Shares of a group that was not given any.
const SHARES: u64 = 1000;

impl Default for RunQueue {
    fn default() -> Self {
        let group = Group { ready: VecDeque::new(), step: SCALE / SHARES, virtual_time: 0 };
        Self { groups: RefCell::new(vec![group]) }
    }
}

impl RunQueue {
    #[inline]
    pub(crate) fn push(&self, group: u8, slot: u32) {
        self.groups.borrow_mut()[usize::from(group)].ready.push_back(slot);
    }

    /// Takes the task that `pick` chooses out of so many ready ones of the group whose turn it is.
    #[inline]
    pub(crate) fn pop(&self, pick: impl FnOnce(&VecDeque<u32>) -> usize) -> Option<u32> {
        let groups = &mut *self.groups.borrow_mut();
        let group = match groups.as_mut_slice() {
            [only] => only,
            many => {
                let waiting = many.iter_mut().filter(|group| !group.ready.is_empty());
                waiting.min_by_key(|group| group.virtual_time)?
            }
        };
        if group.ready.is_empty() {
            return None;
        }
        group.virtual_time += group.step;
        match pick(&group.ready) {
            0 => group.ready.pop_front(),
            index => group.ready.remove(index),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.groups.borrow().iter().all(|group| group.ready.is_empty())
    }

    /// Ready tasks of all groups.
    pub(crate) fn len(&self) -> usize {
        self.groups.borrow().iter().map(|group| group.ready.len()).sum()
    }
}
