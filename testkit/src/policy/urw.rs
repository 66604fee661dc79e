//! See [`super::Policy::Urw`].

use super::Strategy;
use super::kind::any_below;
use crate::world::World;

#[derive(Debug)]
pub(super) struct Urw;

impl Strategy for Urw {
    fn pick(&mut self, ready: &[u32], world: &World) -> usize {
        let weight = |shard: u32| 1 + world.load(shard) as usize;
        let total = ready.iter().map(|&shard| weight(shard)).sum();
        let mut point = any_below(&world.draws, total);
        for (index, &shard) in ready.iter().enumerate() {
            match point.checked_sub(weight(shard)) {
                Some(rest) => point = rest,
                None => return index,
            }
        }
        unreachable!("the point lies below the sum of the weights")
    }
}
