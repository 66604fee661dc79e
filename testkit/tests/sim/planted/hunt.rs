//! Looking for a planted bug.

use std::time::Duration;

use greenroom_testkit::{Campaign, TestRuntime};

/// A bug shows under at least one of so many seeds.
const FOUND_WITHIN: u64 = 100;

/// What is found is shrunk to a schedule with at most so many switches between shards, most of
/// which are the program's own.
const SWITCHES_MAX: usize = 16;

/// So many of them take a shard's turn away while it could go on. (A fair schedule does so by
/// itself.)
const PREEMPTIONS_MAX: usize = 4;

/// A campaign for the program of that module.
pub(super) fn campaign(name: &str) -> Campaign {
    let name = format!("sim::planted::{name}");
    // Far more than it takes: only a machine that stands still must not decide how small it gets.
    Campaign::new(name).seeds(FOUND_WITHIN).shrinks_for(Duration::from_secs(120))
}

/// Expects the bug to be found, with a message that contains `says`, and to be shrunk; and nothing
/// to be found where nothing is planted.
pub(super) fn hunt(
    campaign: &Campaign,
    says: &str,
    program: impl Fn(&mut TestRuntime, bool) + Sync,
) {
    let found = campaign.search(|sim| program(sim, true));
    let found = found.expect("the planted bug was not found");
    assert!(found.message.contains(says), "{found}");
    let shrunk = campaign.shrink(&found, |sim| program(sim, true)).expect("a failing run");
    assert!(shrunk.message.contains(says), "{shrunk}");
    assert!(shrunk.switches <= SWITCHES_MAX, "{shrunk}");
    assert!(shrunk.preemptions <= PREEMPTIONS_MAX, "{shrunk}");
    campaign.run(|sim| program(sim, false));
}
