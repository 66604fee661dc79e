//! Things that are numbered in the order in which they come.

/// Numbers on a page.
const PAGE: usize = 64;

/// Things by their numbers, which grow and are not used again. They lie on pages by number, so one
/// is found without a search; a page on which nothing is left goes, and a place for it remains, of
/// eight bytes.
#[derive(Debug)]
pub(super) struct Numbered<T> {
    /// Pages before the first that is kept.
    gone: u64,
    pages: Vec<Option<Box<Page<T>>>>,
    /// An empty page for the next that is wanted.
    spare: Option<Box<Page<T>>>,
}

#[derive(Debug)]
struct Page<T> {
    things: [Option<T>; PAGE],
    count: usize,
}

impl<T> Page<T> {
    fn empty() -> Box<Self> {
        Box::new(Self { things: [const { None }; PAGE], count: 0 })
    }
}

const fn on_page(number: u64) -> usize {
    (number % PAGE as u64) as usize
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Numbered<T> {
    pub(super) const fn new() -> Self {
        Self { gone: 0, pages: Vec::new(), spare: None }
    }

    /// Where among the pages that of a number is; nowhere near when it is before all of them.
    #[inline]
    const fn index(&self, number: u64) -> usize {
        (number / PAGE as u64).wrapping_sub(self.gone) as usize
    }

    #[inline]
    pub(super) fn get(&self, number: &u64) -> Option<&T> {
        let page = self.pages.get(self.index(*number))?.as_deref()?;
        page.things[on_page(*number)].as_ref()
    }

    #[inline]
    pub(super) fn get_mut(&mut self, number: &u64) -> Option<&mut T> {
        let index = self.index(*number);
        let page = self.pages.get_mut(index)?.as_deref_mut()?;
        page.things[on_page(*number)].as_mut()
    }

    /// Puts something in the place of a number.
    pub(super) fn insert(&mut self, number: u64, thing: T) {
        if self.pages.is_empty() {
            self.gone = number / PAGE as u64;
        }
        if number / (PAGE as u64) < self.gone {
            // Something that was taken out is put back.
            let before = self.gone - number / PAGE as u64;
            self.pages.splice(..0, (0..before).map(|_| None));
            self.gone -= before;
        }
        if self.pages.len() <= self.index(number) {
            self.turn_over(self.index(number));
        }
        let index = self.index(number);
        let spare = &mut self.spare;
        let page =
            self.pages[index].get_or_insert_with(|| spare.take().unwrap_or_else(Page::empty));
        page.count += usize::from(page.things[on_page(number)].replace(thing).is_none());
    }

    /// Goes on to a later page. The last one is kept though nothing is left on it, until now.
    #[cold]
    fn turn_over(&mut self, index: usize) {
        if let Some(last) = self.pages.last_mut()
            && last.as_ref().is_some_and(|page| page.count == 0)
        {
            self.spare = last.take();
        }
        self.pages.resize_with(index + 1, || None);
        self.trim(index);
    }

    /// Forgets the places of pages that went, before the first that is kept, and before `last`.
    fn trim(&mut self, last: usize) {
        let gone = self.pages[..last].iter().take_while(|page| page.is_none()).count();
        self.pages.drain(..gone);
        self.gone += gone as u64;
    }

    /// Takes something out.
    #[inline]
    pub(super) fn remove(&mut self, number: &u64) -> Option<T> {
        let index = self.index(*number);
        let page = self.pages.get_mut(index)?.as_deref_mut()?;
        let thing = page.things[on_page(*number)].take()?;
        page.count -= 1;
        if page.count == 0 {
            self.let_go(index);
        }
        Some(thing)
    }

    /// Gives up a page on which nothing is left.
    #[cold]
    fn let_go(&mut self, index: usize) {
        // The last one will be written on again.
        if index + 1 == self.pages.len() {
            return;
        }
        self.spare = self.pages[index].take();
        self.trim(self.pages.len() - 1);
    }

    /// All of them with their numbers, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let pages = (self.gone..).zip(&self.pages);
        let pages = pages.filter_map(|(number, page)| Some((number, page.as_deref()?)));
        pages.flat_map(|(page, Page { things, .. })| {
            let numbered = (page * PAGE as u64..).zip(things);
            numbered.filter_map(|(number, thing)| Some((number, thing.as_ref()?)))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use greenroom_core::hash::mix;

    use super::*;

    #[test]
    fn it_does_what_a_sorted_map_does() {
        for seed in 0..50 {
            let (mut numbered, mut map) = (Numbered::new(), BTreeMap::new());
            let (mut next, mut taken) = (seed, None);
            for step in 0..2_000u64 {
                let draw = mix(seed << 32 | step);
                let old = next.saturating_sub(draw >> 8 & 255);
                match draw % 8 {
                    0..=2 => {
                        numbered.insert(next, step);
                        map.insert(next, step);
                        next += 1 + (draw >> 16) % 3;
                    }
                    3 | 4 => {
                        let thing = map.remove(&old);
                        assert_eq!(numbered.remove(&old), thing);
                        taken = thing.map(|thing| (old, thing)).or(taken);
                    }
                    // What was taken out is put back.
                    5 => {
                        if let Some((number, thing)) = taken.take() {
                            numbered.insert(number, thing);
                            map.insert(number, thing);
                        }
                    }
                    _ => {
                        assert_eq!(numbered.get(&old), map.get(&old));
                        assert_eq!(numbered.get_mut(&old), map.get_mut(&old));
                    }
                }
            }
            assert!(numbered.iter().map(|(n, t)| (n, *t)).eq(map.iter().map(|(n, t)| (*n, *t))));
        }
    }

    #[test]
    fn pages_on_which_nothing_is_left_go() {
        let mut numbered = Numbered::new();
        for number in 0..100_000 {
            numbered.insert(number, ());
            numbered.remove(&number);
        }
        assert!(numbered.pages.len() <= 2 && numbered.iter().next().is_none());
    }
}
