//! Whole lives under storms: links, monitors, supervision, names and groups, on two to four shards,
//! while anybody may be killed, or panic anywhere, at any moment.

mod book;
mod branches;
mod checks;
mod crowd;
mod links;
mod meddling;
mod registry;
mod rows;
mod souls;
mod storm;
mod trees;
mod workers;

use greenroom_testkit::{Campaign, TestRuntime};

/// A campaign over seeds of two to four shards, for the test of that name in here.
fn campaign(test: &str, seeds: u64) -> Campaign {
    let campaign = Campaign::new(format!("sim::life::{test}")).seeds(seeds);
    campaign.runtime(|builder, seed| builder.shards(shards_of(seed)))
}

const fn shards_of(seed: u64) -> u16 {
    2 + (seed % 3) as u16
}

fn shards(sim: &TestRuntime) -> u16 {
    shards_of(sim.seed())
}

/// Lets something happen before the next order comes.
fn go_on(sim: &mut TestRuntime, steps: u64) {
    for _ in 0..sim.draw(steps) {
        sim.step();
    }
}

/// Whether a campaign runs as it is, so that what has to happen in some seed can be asked for.
fn is_whole() -> bool {
    std::env::vars_os().all(|(name, _)| !name.to_string_lossy().starts_with("SIM_"))
}
