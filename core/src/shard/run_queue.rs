//! Which task is next: one queue per scheduling group, the group with the least virtual time first.
//!
//! A group's virtual time is the number of tasks it ran divided by its shares, so that groups get
//! the shard in proportion (as Seastar's scheduling groups do; "Start-time fair queueing", Goyal,
//! Vin and Cheng, 1996, is the idea). There is one group so far, which lies in the queue itself, and
//! picking costs nothing then.

/// Slots of ready tasks of one group, oldest first: a ring whose size is a power of two, so that a
/// place is found with a mask.
#[derive(Debug, Default)]
pub struct Ready {
    /// A power of two, or none.
    places: Box<[u32]>,
    head: u32,
    len: u32,
}

/// Places of a ring at its first task.
const PLACES_MIN: usize = 64;

impl Ready {
    /// How many there are.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The slots, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.len).map(|offset| self.places[self.index(offset)])
    }

    #[inline(always)]
    const fn index(&self, offset: u32) -> usize {
        self.head.wrapping_add(offset) as usize & (self.places.len() - 1)
    }

    #[inline(always)]
    fn push(&mut self, slot: u32) {
        if self.len as usize == self.places.len() {
            self.grow();
        }
        let index = self.index(self.len);
        self.places[index] = slot;
        self.len += 1;
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<u32> {
        if self.len == 0 {
            return None;
        }
        let slot = self.places[self.index(0)];
        self.head = self.head.wrapping_add(1);
        self.len -= 1;
        Some(slot)
    }

    /// Takes out the slot at that place in the order; those behind it move up, or those before it
    /// down, whichever are fewer.
    fn remove(&mut self, offset: usize) -> u32 {
        assert!(offset < self.len(), "a policy picks one of the ready tasks");
        let (offset, last) = (offset as u32, self.len - 1);
        let place = self.index(offset);
        let slot = self.places[place];
        if offset < self.len / 2 {
            let first = self.index(0);
            if first <= place {
                self.places.copy_within(first..place, first + 1);
            } else {
                self.shift((0..offset).rev(), |offset| offset + 1);
            }
            self.head = self.head.wrapping_add(1);
        } else {
            let last_place = self.index(last);
            if place <= last_place {
                self.places.copy_within(place + 1..=last_place, place);
            } else {
                self.shift(offset + 1..=last, |offset| offset - 1);
            }
        }
        self.len = last;
        slot
    }

    /// Moves slots one place, where they do not lie in one piece.
    fn shift(&mut self, offsets: impl Iterator<Item = u32>, to: impl Fn(u32) -> u32) {
        for offset in offsets {
            let index = self.index(to(offset));
            self.places[index] = self.places[self.index(offset)];
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let size = (self.places.len() * 2).max(PLACES_MIN);
        let mut larger = Vec::with_capacity(size);
        larger.extend(self.iter());
        larger.resize(size, 0);
        self.places = larger.into_boxed_slice();
        self.head = 0;
    }
}

#[derive(Debug)]
struct Group {
    ready: Ready,
    /// Virtual time of one task: less, the more shares the group has.
    step: u64,
    /// Work done, scaled by shares.
    virtual_time: u64,
}

/// The ready tasks of a shard.
#[derive(Debug)]
pub(super) struct RunQueue {
    /// Group 0, which everybody is in that was not put elsewhere.
    first: Group,
    others: Vec<Group>,
}

/// Virtual time of one task at one share.
const SCALE: u64 = 1 << 20;

/// Shares of a group that was not given any.
const SHARES: u64 = 1000;

impl Default for RunQueue {
    fn default() -> Self {
        let first = Group { ready: Ready::default(), step: SCALE / SHARES, virtual_time: 0 };
        Self { first, others: Vec::new() }
    }
}

impl RunQueue {
    #[inline(always)]
    pub(super) fn push(&mut self, group: u8, slot: u32) {
        self.group(usize::from(group)).ready.push(slot);
    }

    #[inline(always)]
    fn group(&mut self, group: usize) -> &mut Group {
        match group {
            0 => &mut self.first,
            other => &mut self.others[other - 1],
        }
    }

    /// The group whose turn it is, if it has a ready task.
    #[inline(always)]
    fn turn(&self) -> Option<usize> {
        if self.others.is_empty() {
            return (!self.first.ready.is_empty()).then_some(0);
        }
        let groups = (0..).zip(std::iter::once(&self.first).chain(&self.others));
        let waiting = groups.filter(|(_, group)| !group.ready.is_empty());
        waiting.min_by_key(|(_, group)| group.virtual_time).map(|(number, _)| number)
    }

    /// Takes the oldest ready task of the group whose turn it is.
    #[inline(always)]
    pub(super) fn pop(&mut self) -> Option<u32> {
        let turn = self.turn()?;
        let group = self.group(turn);
        group.virtual_time += group.step;
        group.ready.pop()
    }

    /// Takes all ready tasks of the group whose turn it is, for somebody else to choose one of
    /// them; the group's number is for [`RunQueue::give_back`].
    pub(super) fn lend(&mut self) -> Option<(usize, Ready)> {
        let turn = self.turn()?;
        Some((turn, std::mem::take(&mut self.group(turn).ready)))
    }

    /// Takes back what was lent, and takes out the chosen one. What became ready meanwhile goes
    /// behind.
    ///
    /// # Panics
    ///
    /// When `chosen` is no place in what was lent.
    pub(super) fn give_back(&mut self, group: usize, mut lent: Ready, chosen: usize) -> u32 {
        let slot = lent.remove(chosen);
        let group = self.group(group);
        group.virtual_time += group.step;
        group.ready.iter().for_each(|slot| lent.push(slot));
        group.ready = lent;
        slot
    }

    /// Whether there is one group, with one ready task.
    #[inline(always)]
    pub(super) const fn is_only_one(&self) -> bool {
        self.first.ready.len() == 1 && self.others.is_empty()
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.first.ready.is_empty() && self.others.iter().all(|group| group.ready.is_empty())
    }

    /// Ready tasks of all groups.
    pub(super) fn len(&self) -> usize {
        self.first.ready.len() + self.others.iter().map(|group| group.ready.len()).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    #[test]
    fn a_ring_agrees_with_a_deque() {
        let (mut ring, mut model) = (Ready::default(), VecDeque::new());
        let mut draw = 1u64;
        for n in 0..20_000u32 {
            draw = crate::hash::mix(draw + u64::from(n));
            match draw % 100 {
                roll if roll < (if n / 2000 % 2 == 0 { 60 } else { 30 }) => {
                    ring.push(n);
                    model.push_back(n);
                }
                roll if roll < 90 || model.is_empty() => {
                    assert_eq!(ring.pop(), model.pop_front());
                }
                _ => {
                    let place = (draw >> 32) as usize % model.len();
                    assert_eq!(Some(ring.remove(place)), model.remove(place));
                }
            }
            assert_eq!(ring.len(), model.len());
        }
        assert!(ring.iter().eq(model));
    }
}
