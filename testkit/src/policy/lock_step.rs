//! See [`super::Policy::LockStep`].

use super::Strategy;
use super::kind::any_below;
use crate::world::World;

#[derive(Default, Debug)]
pub(super) struct LockStep {
    /// Who has not run in this round, the next one last.
    round: Vec<u32>,
}

impl Strategy for LockStep {
    fn pick(&mut self, ready: &[u32], world: &World) -> usize {
        loop {
            while let Some(next) = self.round.pop() {
                if let Some(index) = ready.iter().position(|&shard| shard == next) {
                    return index;
                }
            }
            self.round.extend_from_slice(ready);
            for last in (1..self.round.len()).rev() {
                let other = any_below(&world.draws, last + 1);
                self.round.swap(last, other);
            }
        }
    }
}
