//! See [`super::Policy::HeavyTail`].

use super::Strategy;
use super::kind::any_below;
use crate::world::World;

#[derive(Debug)]
pub(super) struct HeavyTail {
    /// When each shard's present round is over, on a clock of the policy's own.
    busy_until: Vec<u64>,
    clock: u64,
}

/// A round takes this long at least; one in k takes longer than k times as long.
const ROUND: u64 = 100;

/// The longest round, in those.
const TAIL: usize = 1000;

impl HeavyTail {
    pub(super) fn new(world: &World) -> Self {
        let first = world.shards.iter().map(|_| any_below(&world.draws, ROUND as usize) as u64);
        Self { busy_until: first.collect(), clock: 0 }
    }
}

impl Strategy for HeavyTail {
    fn pick(&mut self, ready: &[u32], world: &World) -> usize {
        let until = |index: &usize| self.busy_until[ready[*index] as usize];
        let index = (0..ready.len()).min_by_key(until).expect("somebody is ready");
        let shard = ready[index] as usize;
        self.clock = self.clock.max(self.busy_until[shard]);
        let takes = ROUND * TAIL as u64 / (1 + any_below(&world.draws, TAIL) as u64);
        self.busy_until[shard] = self.clock + takes;
        index
    }
}
