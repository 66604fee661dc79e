//! Hash maps whose iteration order comes from the runtime's seed.
//!
//! `std`'s maps draw their keys from the operating system, so two runs of one seed would iterate
//! in two orders. These draw it from the shard they are built on: fixed within a seed, varied
//! between seeds, so that code which depends on the order is found rather than blessed.

use std::hash::BuildHasher;

use foldhash::fast::{FixedState, FoldHasher};

use crate::shard::current;

/// Builds hashers keyed by the current shard's seed, or by a constant outside any shard.
#[derive(Clone, Debug)]
pub struct DetState(FixedState);

impl DetState {
    /// A state with an explicit key.
    #[must_use]
    pub fn with_key(key: u64) -> Self {
        Self(FixedState::with_seed(key))
    }
}

impl Default for DetState {
    fn default() -> Self {
        Self::with_key(current::with(|shard| shard.hash_key()).unwrap_or(0))
    }
}

impl BuildHasher for DetState {
    type Hasher = FoldHasher<'static>;

    fn build_hasher(&self) -> Self::Hasher {
        self.0.build_hasher()
    }
}

/// A hash map with a seeded iteration order.
#[expect(clippy::disallowed_types, reason = "this is the replacement the ban points to")]
pub type DetHashMap<K, V> = std::collections::HashMap<K, V, DetState>;

/// A hash set with a seeded iteration order.
#[expect(clippy::disallowed_types, reason = "this is the replacement the ban points to")]
pub type DetHashSet<K> = std::collections::HashSet<K, DetState>;

/// Spreads the bits of `x` over the whole word: the finaliser of SplitMix64 (Steele, Lea and
/// Flood, "Fast splittable pseudorandom number generators", 2014).
#[must_use]
pub const fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small integers must not land on few shards (the fault Iggy met with an unfinished hash).
    #[test]
    fn small_integers_spread_evenly() {
        const SHARDS: usize = 16;
        let mut counts = [0usize; SHARDS];
        for key in 0..16_000u64 {
            counts[(mix(key) % SHARDS as u64) as usize] += 1;
        }
        assert!(counts.iter().all(|&n| (800..1200).contains(&n)), "{counts:?}");
    }
}
