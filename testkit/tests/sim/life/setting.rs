//! What all campaigns in here have in common.

use greenroom_testkit::{Campaign, TestRuntime};

/// A campaign over seeds of two to four shards, for the test of that name in here.
pub(super) fn campaign(test: &str, seeds: u64) -> Campaign {
    let campaign = Campaign::new(format!("sim::life::{test}")).seeds(seeds);
    campaign.runtime(|builder, seed| builder.shards(shards_of(seed)))
}

pub(super) const fn shards_of(seed: u64) -> u16 {
    2 + (seed % 3) as u16
}

pub(super) fn shards(sim: &TestRuntime) -> u16 {
    shards_of(sim.seed())
}

/// Lets something happen before the next order comes.
pub(super) fn go_on(sim: &mut TestRuntime, steps: u64) {
    for _ in 0..sim.draw(steps) {
        sim.step();
    }
}
