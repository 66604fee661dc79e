//! See [`super::Policy::Sticky`].

use super::Strategy;
use super::kind::any_below;
use crate::world::World;

#[derive(Debug)]
pub(super) struct Sticky {
    current: u32,
    left: usize,
    /// Longest run of one shard, drawn per seed.
    run_max: usize,
}

const RUNS: [usize; 4] = [4, 16, 64, 256];

impl Sticky {
    pub(super) fn new(world: &World) -> Self {
        let run_max = RUNS[any_below(&world.draws, RUNS.len())];
        Self { current: u32::MAX, left: 0, run_max }
    }
}

impl Strategy for Sticky {
    fn pick(&mut self, ready: &[u32], world: &World) -> usize {
        if self.left > 0
            && let Some(index) = ready.iter().position(|&shard| shard == self.current)
        {
            self.left -= 1;
            return index;
        }
        let index = any_below(&world.draws, ready.len());
        self.current = ready[index];
        self.left = any_below(&world.draws, self.run_max);
        index
    }
}
