//! A test that is a campaign.

use std::time::Duration;

use super::Campaign;
use crate::runtime::TestRuntime;

/// Settings of a test that [`crate::sim_test!`] makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SimTest {
    /// How many nodes. Default 1.
    pub nodes: u16,
    /// How many shards each node has. Default 2.
    pub shards: u16,
    /// How many seeds, where the environment does not say. Default 100.
    pub seeds: u64,
    /// After how much virtual time a run is given up. Default an hour.
    pub time: Duration,
}

impl Default for SimTest {
    fn default() -> Self {
        Self { nodes: 1, shards: 2, seeds: 100, time: Duration::from_secs(3600) }
    }
}

impl SimTest {
    /// Runs `body` as a campaign; `path` is the test's path with its crate.
    ///
    /// # Panics
    ///
    /// As [`Campaign::run`].
    pub fn run(self, path: &str, body: impl Fn(&mut TestRuntime) + Sync) {
        let test = path.split_once("::").map_or(path, |(_, test)| test);
        let Self { nodes, shards, seeds, time } = self;
        let configured = Campaign::new(test)
            .seeds(seeds)
            .runtime(move |builder, _| builder.nodes(nodes).shards(shards).time_max(time));
        configured.run(body);
    }
}

/// A test that runs under many seeds. Settings are the fields of [`SimTest`], in any order, and may
/// be left out.
///
/// An `async fn` runs as a task of node 0, shard 0, and is given its [`greenroom_core::System`]; a
/// plain `fn` is given the [`TestRuntime`] and steps it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// greenroom_testkit::sim_test! {
///     shards = 4, seeds = 20, time = Duration::from_secs(60);
///     /// Sleeps as long as it says.
///     async fn sim_sleeps(system) {
///         assert_eq!(system.shards(), 4);
///         greenroom_core::sleep(Duration::from_secs(1)).await;
///     }
/// }
///
/// greenroom_testkit::sim_test! {
///     nodes = 2;
///     fn sim_comes_to_rest(sim) {
///         sim.run_until_idle();
///     }
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
///     let configured = Campaign::new("sim_sleeps").seeds(20).runtime(|builder, _| {
///         builder.nodes(1).shards(4).time_max(Duration::from_secs(60))
///     });
///     configured.run(|sim| {
///         sim.run(async |system| {
///             assert_eq!(system.shards(), 4);
///             greenroom_core::sleep(Duration::from_secs(1)).await;
///         });
///     });
/// }
/// # sim_sleeps();
/// ```
#[macro_export]
macro_rules! sim_test {
    (
        $($setting:ident = $value:expr),* $(,)?;
        $(#[$attribute:meta])*
        async fn $name:ident($system:ident) $body:block
    ) => {
        $crate::sim_test! {
            $($setting = $value),*;
            $(#[$attribute])*
            fn $name(sim) {
                sim.run(async move |$system: $crate::System| $body)
            }
        }
    };
    (
        $($setting:ident = $value:expr),* $(,)?;
        $(#[$attribute:meta])*
        fn $name:ident($sim:ident) $body:block
    ) => {
        $(#[$attribute])*
        #[test]
        fn $name() {
            #[allow(clippy::needless_update, reason = "a test may set everything")]
            let test = $crate::SimTest { $($setting: $value,)* ..$crate::SimTest::default() };
            test.run(
                ::core::concat!(::core::module_path!(), "::", ::core::stringify!($name)),
                |$sim: &mut $crate::TestRuntime| $body,
            );
        }
    };
}
