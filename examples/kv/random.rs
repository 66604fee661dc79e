//! Random choices from a seed.

/// SplitMix64: small, and good enough to choose keys and members.
/// Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// A generator whose sequence `seed` decides.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not zero.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // The high half of the product is even enough for counts of things in memory.
        ((u128::from(self.draw()) * bound as u128) >> 64) as usize
    }

    /// Another generator, so that this one need not be borrowed meanwhile.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.draw())
    }

    /// `count` different numbers below `bound`, which is at least as many, each set of them with
    /// the same chance.
    pub(crate) fn distinct(&mut self, count: usize, bound: usize) -> Vec<usize> {
        // Floyd's algorithm: where a draw is there already, the bound itself cannot be.
        let mut chosen = std::collections::BTreeSet::new();
        for last in bound - count..bound {
            let draw = self.below(last + 1);
            if !chosen.insert(draw) {
                chosen.insert(last);
            }
        }
        chosen.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_comes_up() {
        let mut random = Random::new(1);
        let mut seen = [0; 5];
        (0..1000).for_each(|_| seen[random.below(5)] += 1);
        assert!(seen.iter().all(|&count| count > 100), "{seen:?}");
        let mut seen = [0; 5];
        for _ in 0..1000 {
            let chosen = random.distinct(2, 5);
            assert!(chosen.len() == 2 && chosen[0] < chosen[1]);
            chosen.into_iter().for_each(|number| seen[number] += 1);
        }
        assert!(seen.iter().all(|&count| count > 250), "{seen:?}");
        assert_eq!(random.distinct(5, 5), [0, 1, 2, 3, 4]);
    }
}
