//! See [`super::Policy::Pos`].

use super::Strategy;
use crate::world::World;

#[derive(Debug)]
pub(super) struct Pos {
    priorities: Vec<u64>,
}

impl Pos {
    pub(super) fn new(world: &World) -> Self {
        Self { priorities: world.shards.iter().map(|_| world.draws.raw()).collect() }
    }
}

impl Strategy for Pos {
    fn pick(&mut self, ready: &[u32], world: &World) -> usize {
        let index = highest(&self.priorities, ready);
        self.priorities[ready[index] as usize] = world.draws.raw();
        index
    }
}

/// The index of the shard with the highest priority.
pub(super) fn highest(priorities: &[u64], ready: &[u32]) -> usize {
    let best = (0..ready.len()).max_by_key(|&index| priorities[ready[index] as usize]);
    best.expect("somebody is ready")
}
