//! Values by number, the numbers used again: what events refer to.

/// See the module.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    entries: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slots<T> {
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        match self.free.pop() {
            Some(slot) => {
                self.entries[slot as usize] = Some(value);
                slot
            }
            None => {
                self.entries.push(Some(value));
                (self.entries.len() - 1) as u32
            }
        }
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Option<T> {
        let value = self.entries.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        Some(value)
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        self.entries.get(slot as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.entries.get_mut(slot as usize)?.as_mut()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let entries = (0u32..).zip(&self.entries);
        entries.filter_map(|(slot, entry)| entry.as_ref().map(|value| (slot, value)))
    }

    /// Takes out what is asked for, with its numbers, in their order.
    pub(crate) fn drain_where(&mut self, wanted: impl Fn(&T) -> bool) -> Vec<(u32, T)> {
        let mut taken = Vec::new();
        for (slot, entry) in (0u32..).zip(&mut self.entries) {
            if let Some(value) = entry.take_if(|value| wanted(value)) {
                self.free.push(slot);
                taken.push((slot, value));
            }
        }
        taken
    }

    /// Takes everything out.
    pub(crate) fn take_all(&mut self) -> Vec<T> {
        self.free.clear();
        std::mem::take(&mut self.entries).into_iter().flatten().collect()
    }
}
