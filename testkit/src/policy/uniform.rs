//! See [`super::Policy::Uniform`].

use super::Strategy;
use super::kind::any_below;
use crate::world::World;

#[derive(Debug)]
pub(super) struct Uniform;

impl Strategy for Uniform {
    fn pick(&mut self, ready: &[u32], world: &World) -> usize {
        any_below(&world.draws, ready.len())
    }
}
