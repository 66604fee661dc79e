//! Names for sockets that are never used twice.

use greenroom_core::runtime::SocketId;

/// A table whose entries are found by index and checked by generation, both of which are the
/// entry's name. A place whose generations are used up stays empty.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

const fn index(id: SocketId) -> usize {
    id.0 as u32 as usize
}

const fn generation(id: SocketId) -> u32 {
    (id.0 >> 32) as u32
}

impl<T> Slots<T> {
    /// The name the next entry will have.
    pub(crate) fn next(&mut self) -> SocketId {
        let index = self.free.last().copied().unwrap_or_else(|| {
            let index = u32::try_from(self.slots.len()).expect("descriptors are fewer");
            self.slots.push(Slot { generation: 0, value: None });
            self.free.push(index);
            index
        });
        SocketId(u64::from(self.slots[index as usize].generation) << 32 | u64::from(index))
    }

    /// Enters `value` under the name that [`Slots::next`] told last.
    pub(crate) fn insert(&mut self, id: SocketId, value: T) {
        let slot = &mut self.slots[index(id)];
        assert!(slot.value.is_none() && slot.generation == generation(id), "a name is used once");
        let free = self.free.pop();
        debug_assert_eq!(free.map(|free| free as usize), Some(index(id)), "as `next` told");
        slot.value = Some(value);
    }

    pub(crate) fn get_mut(&mut self, id: SocketId) -> Option<&mut T> {
        let slot = self.slots.get_mut(index(id)).filter(|slot| slot.generation == generation(id));
        slot?.value.as_mut()
    }

    pub(crate) fn remove(&mut self, id: SocketId) -> Option<T> {
        let slot =
            self.slots.get_mut(index(id)).filter(|slot| slot.generation == generation(id))?;
        let value = slot.value.take()?;
        slot.generation += 1;
        // The last generation is never given out: the poller's bell has such a key.
        if slot.generation < u32::MAX {
            self.free.push(index(id) as u32);
        }
        Some(value)
    }

    /// The names of all entries.
    #[cfg(feature = "driver-uring")]
    pub(crate) fn ids(&self) -> Vec<SocketId> {
        let slots = self.slots.iter().zip(0..).filter(|(slot, _)| slot.value.is_some());
        slots.map(|(slot, index)| SocketId(u64::from(slot.generation) << 32 | index)).collect()
    }

    /// Entries there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.slots.iter().filter(|slot| slot.value.is_some()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_used_twice() {
        let mut slots = Slots::default();
        let first = slots.next();
        assert_eq!(slots.next(), first, "a name that was not used stays free");
        slots.insert(first, 'a');
        let second = slots.next();
        assert_ne!(first, second);
        slots.insert(second, 'b');
        assert_eq!(slots.remove(first), Some('a'));
        assert_eq!(slots.remove(first), None);
        let third = slots.next();
        assert!(![first, second].contains(&third));
        slots.insert(third, 'c');
        assert_eq!(slots.get_mut(first), None);
        assert_eq!(slots.get_mut(third), Some(&mut 'c'));
        assert_eq!(slots.len(), 2);
    }

    #[test]
    fn a_place_without_generations_left_is_given_up() {
        let mut slots = Slots::default();
        let id = slots.next();
        slots.slots[0].generation = u32::MAX - 1;
        let last = SocketId(u64::from(u32::MAX - 1) << 32);
        slots.insert(last, ());
        assert!(slots.get_mut(id).is_none());
        slots.remove(last);
        assert_ne!(slots.next().0 as u32, 0);
    }
}
