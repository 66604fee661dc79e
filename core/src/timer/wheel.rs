//! A hierarchical timer wheel that is exact.
//!
//! Nine levels of 64 slots; a slot of the lowest level is 1,024 ns wide, of each level above 64
//! times as wide, so every 64-bit instant has a place (Varghese and Lauck, "Hashed and hierarchical
//! timing wheels", 1987; the level of an instant is the highest group of six bits in which it
//! differs from the wheel's position, as in tokio's driver). Setting and cancelling cost the same
//! whatever else is set. Entries keep their exact deadline and fire in order of deadline, then of
//! setting, however coarse the slot they waited in: the simulator jumps from one deadline to the
//! next and must meet each at its very instant.

use std::cell::{Cell, RefCell};
use std::fmt;

use crate::shard::Shard;
use crate::task::waker::StoredWaker;
use crate::time::Instant;

const LEVELS: usize = 9;
const SLOT_BITS: u32 = 6;
const SLOTS: usize = 1 << SLOT_BITS;
/// Bits of an instant below the resolution of the lowest level.
const TICK_BITS: u32 = 10;

const _: () = assert!(TICK_BITS + SLOT_BITS * LEVELS as u32 >= u64::BITS);

/// What happens when a timer is due.
pub(crate) enum Fire {
    /// Somebody is woken.
    Wake(StoredWaker),
    /// Something is done on the shard.
    Run(Box<dyn FnOnce(&Shard)>),
}

impl fmt::Debug for Fire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wake(_) => "Wake",
            Self::Run(_) => "Run",
        })
    }
}

/// Names a timer of one shard. A timer that fired or was cancelled is nobody's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TimerId {
    slot: u32,
    serial: u32,
}

#[derive(Debug)]
struct Entry {
    deadline: Instant,
    /// Order of setting among equal deadlines.
    order: u64,
    serial: u32,
    level: u8,
    slot: u8,
    /// Index in the slot's list.
    position: u32,
    fire: Option<Fire>,
}

#[derive(Debug)]
struct Level {
    /// Bit n: slot n is not empty.
    occupied: u64,
    slots: [Vec<u32>; SLOTS],
}

/// The exact timers of a shard.
#[derive(Debug)]
pub(crate) struct Wheel {
    inner: RefCell<Inner>,
    /// The nearest deadline, never where there is none; [`UNKNOWN`] when it has to be looked for.
    next: Cell<Instant>,
}

/// Of a nearest deadline: any is later, or as good.
const UNKNOWN: Instant = Instant::ORIGIN;

impl Default for Wheel {
    fn default() -> Self {
        Self { inner: RefCell::default(), next: Cell::new(Instant::NEVER) }
    }
}

#[derive(Debug, Default)]
struct Inner {
    /// The tick up to which the wheel has turned.
    position: u64,
    /// Levels are made when first used: a shard without long timers has few.
    levels: Vec<Level>,
    entries: Vec<Entry>,
    free: Vec<u32>,
    order_next: u64,
}

const fn tick(instant: Instant) -> u64 {
    instant.as_nanos() >> TICK_BITS
}

impl Wheel {
    /// Sets a timer. One whose deadline has passed fires in the next turn.
    pub(crate) fn insert(&self, deadline: Instant, fire: Fire) -> TimerId {
        let inner = &mut *self.inner.borrow_mut();
        let order = inner.order_next;
        inner.order_next += 1;
        let entry =
            Entry { deadline, order, serial: 1, level: 0, slot: 0, position: 0, fire: Some(fire) };
        let index = match inner.free.pop() {
            Some(index) => {
                let serial = inner.entries[index as usize].serial;
                inner.entries[index as usize] = Entry { serial, ..entry };
                index
            }
            None => {
                inner.entries.push(entry);
                (inner.entries.len() - 1) as u32
            }
        };
        inner.place(index);
        // Unknown stays unknown.
        self.next.set(self.next.get().min(deadline));
        TimerId { slot: index, serial: inner.entries[index as usize].serial }
    }

    /// Takes a timer off. What it would have done is for the caller to drop.
    pub(crate) fn cancel(&self, id: TimerId) -> Option<Fire> {
        let inner = &mut *self.inner.borrow_mut();
        let entry = inner.entries.get(id.slot as usize)?;
        if entry.serial != id.serial || entry.fire.is_none() {
            return None;
        }
        if self.next.get() == entry.deadline {
            self.next.set(UNKNOWN);
        }
        inner.unplace(id.slot);
        inner.release(id.slot)
    }

    /// Replaces the waker of a timer; gives the new one back when the timer is no longer set, and
    /// else the old one for the caller to drop.
    pub(crate) fn renew(
        &self,
        id: TimerId,
        waker: StoredWaker,
    ) -> Result<StoredWaker, StoredWaker> {
        let inner = &mut *self.inner.borrow_mut();
        match inner.entries.get_mut(id.slot as usize) {
            Some(entry) if entry.serial == id.serial => match &mut entry.fire {
                Some(Fire::Wake(stored)) => Ok(std::mem::replace(stored, waker)),
                _ => Err(waker),
            },
            _ => Err(waker),
        }
    }

    /// Whether the timer is still set.
    pub(crate) fn is_set(&self, id: TimerId) -> bool {
        let inner = self.inner.borrow();
        inner
            .entries
            .get(id.slot as usize)
            .is_some_and(|entry| entry.serial == id.serial && entry.fire.is_some())
    }

    /// Takes all timers that are due at `now`, in order.
    pub(crate) fn expire(&self, now: Instant) -> Vec<Fire> {
        if self.next_due() > now {
            return Vec::new();
        }
        let inner = &mut *self.inner.borrow_mut();
        let mut due = Vec::new();
        inner.advance(now, &mut due);
        due.sort_unstable_by_key(|&index| {
            let entry = &inner.entries[index as usize];
            (entry.deadline, entry.order)
        });
        self.next.set(UNKNOWN);
        due.into_iter().filter_map(|index| inner.release(index)).collect()
    }

    /// The nearest deadline; never, when there is no timer.
    #[inline]
    pub(crate) fn next_due(&self) -> Instant {
        if self.next.get() == UNKNOWN {
            self.next.set(self.inner.borrow().nearest());
        }
        self.next.get()
    }

    /// Takes all timers off.
    pub(crate) fn take_all(&self) -> Vec<Fire> {
        let inner = std::mem::take(&mut *self.inner.borrow_mut());
        self.next.set(Instant::NEVER);
        inner.entries.into_iter().filter_map(|entry| entry.fire).collect()
    }

    /// Whether any timer wakes somebody of whom `f` says so.
    pub(crate) fn wakes(&self, f: impl Fn(&StoredWaker) -> bool) -> bool {
        let inner = self.inner.borrow();
        inner.entries.iter().any(|entry| match &entry.fire {
            Some(Fire::Wake(waker)) => f(waker),
            Some(Fire::Run(_)) | None => false,
        })
    }

    /// Timers set.
    pub(crate) fn len(&self) -> usize {
        let inner = self.inner.borrow();
        inner.entries.len() - inner.free.len()
    }
}

impl Inner {
    fn place(&mut self, index: u32) {
        let when = tick(self.entries[index as usize].deadline).max(self.position);
        // The lowest group always differs, so that zero is a level too.
        let differs = (when ^ self.position) | (SLOTS as u64 - 1);
        let level = ((u64::BITS - 1 - differs.leading_zeros()) / SLOT_BITS) as usize;
        while self.levels.len() <= level {
            self.levels.push(Level { occupied: 0, slots: std::array::from_fn(|_| Vec::new()) });
        }
        let slot = (when >> (level as u32 * SLOT_BITS)) as usize % SLOTS;
        let list = &mut self.levels[level].slots[slot];
        let entry = &mut self.entries[index as usize];
        entry.level = level as u8;
        entry.slot = slot as u8;
        entry.position = list.len() as u32;
        list.push(index);
        self.levels[level].occupied |= 1 << slot;
    }

    fn unplace(&mut self, index: u32) {
        let Entry { level, slot, position, .. } = self.entries[index as usize];
        let level = &mut self.levels[usize::from(level)];
        let list = &mut level.slots[usize::from(slot)];
        list.swap_remove(position as usize);
        if let Some(&moved) = list.get(position as usize) {
            self.entries[moved as usize].position = position;
        }
        if list.is_empty() {
            level.occupied &= !(1 << slot);
        }
    }

    fn release(&mut self, index: u32) -> Option<Fire> {
        let entry = &mut self.entries[index as usize];
        entry.serial = entry.serial.wrapping_add(1).max(1);
        self.free.push(index);
        entry.fire.take()
    }

    /// The first occupied slot: all that waits elsewhere waits for later.
    fn first_slot(&self) -> Option<(usize, usize)> {
        self.levels.iter().enumerate().find(|(_, level)| level.occupied != 0).map(
            |(index, level)| {
                let at = (self.position >> (index as u32 * SLOT_BITS)) as u32 % SLOTS as u32;
                let ahead = level.occupied.rotate_right(at).trailing_zeros();
                (index, ((at + ahead) % SLOTS as u32) as usize)
            },
        )
    }

    #[cold]
    fn nearest(&self) -> Instant {
        let Some((level, slot)) = self.first_slot() else { return Instant::NEVER };
        let list = &self.levels[level].slots[slot];
        let nearest = list.iter().map(|&index| self.entries[index as usize].deadline).min();
        nearest.unwrap_or(Instant::NEVER)
    }

    /// Turns the wheel to `now`, collecting what is due.
    fn advance(&mut self, now: Instant, due: &mut Vec<u32>) {
        let target = tick(now);
        while let Some((level, slot)) = self.first_slot() {
            let shift = level as u32 * SLOT_BITS;
            let turn = self.position >> shift >> SLOT_BITS << SLOT_BITS;
            let start = (turn | slot as u64).checked_shl(shift).unwrap_or(0).max(self.position);
            if start > target {
                break;
            }
            self.position = start;
            let list = std::mem::take(&mut self.levels[level].slots[slot]);
            self.levels[level].occupied &= !(1 << slot);
            let mut later = Vec::new();
            for index in list {
                if self.entries[index as usize].deadline <= now {
                    due.push(index);
                } else if level == 0 {
                    later.push(index);
                } else {
                    self.place(index);
                }
            }
            if !later.is_empty() {
                // Due later within the very tick the wheel has reached.
                later.into_iter().for_each(|index| self.place(index));
                break;
            }
        }
        self.position = self.position.max(target);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::rc::Rc;

    use super::*;
    use crate::hash::mix;

    /// The wheel against a sorted map, over random sets, cancels and jumps.
    #[test]
    fn agrees_with_a_sorted_map() {
        for seed in 0..50u64 {
            let wheel = Wheel::default();
            let mut model = BTreeMap::new();
            let mut ids = Vec::new();
            let mut now = 0u64;
            let mut draw = seed << 32;
            let mut random = |below: u64| {
                draw += 1;
                mix(draw) % below
            };
            for order in 0..400u64 {
                let span = 1 << random(45);
                let deadline = now + random(span);
                let id = wheel.insert(Instant::from_nanos(deadline), Fire::Run(Box::new(|_| {})));
                model.insert((deadline, order), id);
                ids.push((deadline, order, id));
                if random(4) == 0 {
                    let (deadline, order, id) = ids[random(ids.len() as u64) as usize];
                    let was_set = model.remove(&(deadline, order)).is_some();
                    assert_eq!(wheel.cancel(id).is_some(), was_set);
                }
                if random(3) == 0 {
                    let step = 1 << random(44);
                    now += random(step);
                    let fired = wheel.expire(Instant::from_nanos(now)).len();
                    let later = model.split_off(&(now + 1, 0));
                    assert_eq!(fired, model.len(), "seed {seed} at {now}");
                    model = later;
                }
                let nearest = model.keys().next().map(|&(deadline, _)| deadline);
                let next = wheel.next_due();
                assert_eq!((!next.is_never()).then(|| next.as_nanos()), nearest, "seed {seed}");
                assert_eq!(wheel.len(), model.len());
            }
        }
    }

    #[test]
    fn fires_in_order_of_deadline_then_of_setting() {
        let wheel = Wheel::default();
        let log = Rc::new(RefCell::new(Vec::new()));
        for (name, nanos) in [("c", 70), ("a", 5), ("b", 60), ("d", 70), ("e", 1 << 40)] {
            let log = log.clone();
            let fire = Fire::Run(Box::new(move |_| log.borrow_mut().push(name)));
            wheel.insert(Instant::from_nanos(nanos), fire);
        }
        let shard = crate::testing::lone_shard(1);
        for fire in wheel.expire(Instant::from_nanos(u64::MAX - 1)) {
            let Fire::Run(run) = fire else { unreachable!() };
            run(&shard);
        }
        assert_eq!(*log.borrow(), ["a", "b", "c", "d", "e"]);
    }
}
