//! Draws from a seed.

use greenroom_core::hash::mix;

pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(mix(seed.wrapping_add(0x9e37_79b9_7f4a_7c15)))
    }

    /// A number below `bound`.
    pub(crate) const fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (mix(self.0) % bound as u64) as usize
    }

    pub(crate) const fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    /// How many of `most` bytes an operation takes: at least one, sometimes very few.
    pub(crate) fn amount(&mut self, most: usize) -> usize {
        let most = if self.below(4) == 0 { most.min(8) } else { most };
        1 + self.below(most)
    }
}
