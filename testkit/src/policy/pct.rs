//! See [`super::Policy::Pct`].

use super::Strategy;
use super::kind::any_below;
use super::pos::highest;
use crate::world::World;

#[derive(Debug)]
pub(super) struct Pct {
    priorities: Vec<u64>,
    /// The steps at which priorities change, the next one last.
    changes: Vec<u64>,
    step: u64,
    /// The priority that falls to whoever falls next; below all that were drawn.
    bottom: u64,
}

/// The length of a run is not known beforehand, and an estimate from other runs would make a run
/// depend on them; so the horizon itself is drawn, between 2^6 and 2^15 steps.
const HORIZON_BITS: (usize, usize) = (6, 15);

impl Pct {
    pub(super) fn new(world: &World, depth: u8) -> Self {
        let draws = &world.draws;
        let (least, most) = HORIZON_BITS;
        let horizon = 1 << (least + any_below(draws, most - least + 1));
        let changes = (1..depth).map(|_| any_below(draws, horizon) as u64);
        let mut changes: Vec<u64> = changes.collect();
        changes.sort_unstable_by(|a, b| b.cmp(a));
        let priorities = world.shards.iter().map(|_| draws.raw() | 1 << 63).collect();
        Self { priorities, changes, step: 0, bottom: u64::from(depth) }
    }
}

impl Strategy for Pct {
    fn pick(&mut self, ready: &[u32], _: &World) -> usize {
        self.step += 1;
        while self.changes.last().is_some_and(|&change| change < self.step) {
            self.changes.pop();
            let runs = ready[highest(&self.priorities, ready)];
            self.priorities[runs as usize] = self.bottom;
            self.bottom -= 1;
        }
        highest(&self.priorities, ready)
    }
}
