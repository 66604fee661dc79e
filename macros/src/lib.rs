//! The attributes of Greenroom, for the crates that re-export them.
//!
//! **This crate knows tokens only.** What an attribute expands to names the crate that re-exports
//! it by its full path, so a user depends on that crate and never on this one. The few tokens that
//! the attributes read are read by hand: a parser of all of Rust would take longer to build than
//! everything else here.

#![forbid(unsafe_code)]

mod error;
mod expand;
mod function;
mod settings;
#[cfg(test)]
mod tests;
mod time;

/// A test that runs under many seeds, each a simulated run of its own.
///
/// What the function takes says what it is:
///
/// * `async fn name(system: System)` runs as a task of node 0, shard 0;
/// * `fn name(sim: &mut TestRuntime)` is given the runtime and steps it;
/// * `async fn name(sim: &mut TestRuntime)` does too. Nobody else can step the runtime meanwhile, so
///   what it awaits must be ready by then: the run fails where it would wait.
///
/// A test may give a [`Result`], as other tests may: an error fails the run.
///
/// It becomes a `#[test]`; other attributes stay on it. The settings, in any order, and each may be
/// left out:
///
/// | setting | what it is | default |
/// |---|---|---|
/// | `nodes` | how many nodes | 1 |
/// | `shards` | how many shards each node has | 2 |
/// | `seeds` | how many seeds, where the environment does not say | 100 |
/// | `time` | after how much virtual time a run is given up: `"500ms"`, `"60s"`, `"10m"`, `"2h"`, or an expression that is a `Duration` | an hour |
/// | `exhaustive` | instead of seeds: every schedule with at most so many preemptions | |
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use greenroom_testkit::{System, TestRuntime, sim_test};
///
/// #[sim_test(shards = 4, seeds = 20, time = "60s")]
/// async fn sim_sleeps(system: System) {
///     assert_eq!(system.shards(), 4);
///     greenroom_core::sleep(Duration::from_secs(1)).await;
/// }
///
/// #[sim_test(nodes = 2)]
/// fn sim_comes_to_rest(sim: &mut TestRuntime) {
///     sim.run_until_idle();
/// }
/// ```
///
/// The first is the same as this, written by hand and marked as a test:
///
/// ```
/// use std::time::Duration;
///
/// use greenroom_testkit::Campaign;
///
/// fn sim_sleeps() {
///     let campaign = Campaign::of_path(concat!(module_path!(), "::sim_sleeps")).seeds(20);
///     let campaign = campaign.runtime(|builder, _| {
///         builder.shards(4).time_max(Duration::from_secs(60))
///     });
///     campaign.run(|sim| {
///         sim.run(async |system| {
///             assert_eq!(system.shards(), 4);
///             greenroom_core::sleep(Duration::from_secs(1)).await;
///         });
///     });
/// }
/// # sim_sleeps();
/// ```
///
/// What cannot be is refused where it stands:
///
/// ```compile_fail
/// #[greenroom_testkit::sim_test(sheds = 4)]
/// async fn sim_sleeps(_system: greenroom_testkit::System) {}
/// ```
///
/// ```compile_fail
/// #[greenroom_testkit::sim_test(time = "60")]
/// async fn sim_sleeps(_system: greenroom_testkit::System) {}
/// ```
///
/// ```compile_fail
/// #[greenroom_testkit::sim_test]
/// fn sim_steps() {}
/// ```
#[proc_macro_attribute]
pub fn sim_test(
    settings: proc_macro::TokenStream,
    function: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    expand::sim_test(settings.into(), function.into()).into()
}
