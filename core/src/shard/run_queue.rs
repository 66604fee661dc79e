//! Which task is next: one queue per scheduling group, the group with the least virtual time first.
//!
//! A group's virtual time is the number of tasks it ran divided by its shares, so that groups get
//! the shard in proportion (as Seastar's scheduling groups do; "Start-time fair queueing", Goyal,
//! Vin and Cheng, 1996, is the idea). There is one group so far, and picking costs nothing then.

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
pub(super) struct RunQueue {
    groups: Vec<Group>,
}

/// Virtual time of one task at one share.
const SCALE: u64 = 1 << 20;

/// Shares of a group that was not given any.
const SHARES: u64 = 1000;

impl Default for RunQueue {
    fn default() -> Self {
        let group = Group { ready: VecDeque::new(), step: SCALE / SHARES, virtual_time: 0 };
        Self { groups: vec![group] }
    }
}

impl RunQueue {
    #[inline]
    pub(super) fn push(&mut self, group: u8, slot: u32) {
        self.groups[usize::from(group)].ready.push_back(slot);
    }

    /// The group whose turn it is, if it has a ready task.
    #[inline]
    fn turn(&self) -> Option<usize> {
        let group = match self.groups.as_slice() {
            [_] => 0,
            many => {
                let waiting = (0..many.len()).filter(|&group| !many[group].ready.is_empty());
                waiting.min_by_key(|&group| many[group].virtual_time)?
            }
        };
        (!self.groups[group].ready.is_empty()).then_some(group)
    }

    /// Takes the oldest ready task of the group whose turn it is.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<u32> {
        let group = self.turn()?;
        let group = &mut self.groups[group];
        group.virtual_time += group.step;
        group.ready.pop_front()
    }

    /// Takes all ready tasks of the group whose turn it is, for somebody else to choose one of
    /// them; the group's number is for [`RunQueue::give_back`].
    pub(super) fn lend(&mut self) -> Option<(usize, VecDeque<u32>)> {
        let group = self.turn()?;
        Some((group, std::mem::take(&mut self.groups[group].ready)))
    }

    /// Takes back what was lent, without the chosen one. What became ready meanwhile goes behind.
    pub(super) fn give_back(&mut self, group: usize, mut lent: VecDeque<u32>) {
        let group = &mut self.groups[group];
        group.virtual_time += group.step;
        lent.append(&mut group.ready);
        group.ready = lent;
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.groups.iter().all(|group| group.ready.is_empty())
    }

    /// Ready tasks of all groups.
    pub(super) fn len(&self) -> usize {
        self.groups.iter().map(|group| group.ready.len()).sum()
    }
}
