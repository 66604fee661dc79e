//! The watchdog of simulated nodes: core's, which looks when a shard begins to stand still, and once
//! that has lasted for long enough to be a stall.

use greenroom_core::Instant;
use greenroom_core::limits::STALL_LIMIT;

use super::TestRuntime;
use crate::events::What;

impl TestRuntime {
    /// A shard that could run stands still from now on: as a step that does not end.
    pub(super) fn begin_stall(&self, number: u32) {
        self.cells[number as usize].shard.begin_step();
    }

    /// Sees to it that the watchdog looks at a shard that stands still, where that lasts long enough.
    pub(super) fn watch_stall(&mut self, number: u32) {
        let state = &self.world.shards[number as usize];
        let limit = STALL_LIMIT.as_nanos() as u64;
        let lasts = state.stalled_until.get().saturating_sub(self.world.now());
        if state.held.get() && lasts > limit {
            self.look_for_stalls(number);
            self.world.enter_after(limit, What::Watch(number));
        }
    }

    /// Lets the watchdog of a shard's node look at its shards.
    pub(super) fn look_for_stalls(&mut self, number: u32) {
        let node = usize::from(self.world.shards[number as usize].place.node);
        let now = Instant::from_nanos(self.world.now());
        for stall in self.nodes[node].watchdog.look(now) {
            self.reporter.shard_stalled(&stall);
        }
    }
}
