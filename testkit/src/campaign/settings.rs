//! A campaign before it runs.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::monitor::{Make, Monitor};
use crate::runtime::Builder;

/// Settings of a run over many seeds.
#[must_use = "a campaign does nothing until it runs"]
pub struct Campaign {
    pub(super) test: String,
    pub(super) count: u64,
    pub(super) shrinks_for: Duration,
    pub(super) repeat_every: u64,
    /// Whether each seed knows only some faults, where the test says it.
    pub(super) masks: Option<bool>,
    pub(super) exhaustive: Option<Bounds>,
    /// Whether runs go on from others.
    pub(super) guided: bool,
    pub(super) sites_must_fire: bool,
    /// In place of the package's own.
    pub(super) corpus: Option<PathBuf>,
    pub(super) monitors: Vec<Make>,
    /// Modules whose places must all be reached.
    pub(super) covered: Vec<String>,
    pub(super) configure: Box<dyn Fn(Builder, u64) -> Builder + Send + Sync>,
}

/// How far an exhaustive campaign goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) preemptions: u32,
    pub(super) runs: u64,
}

/// One in this many seeds that pass is run twice, unless the campaign says otherwise: 4.2 % of its
/// time, which leaves room below a twentieth for what a second run costs beside the run.
const REPEAT_EVERY: u64 = 24;

/// In a campaign of fewer seeds a fault might be left out under all of them.
const MASKED_SEEDS_MIN: u64 = 20;

/// Rounds of shards after which a run is given up, unless the test says otherwise. One that gets
/// stuck in a circle must fail while somebody still waits for it, also without optimisation, and the
/// choices of it must fit into memory.
const TURNS_MAX: u64 = 3_000_000;

/// Runs of an exhaustive campaign, where the test does not say. Each is some tens of microseconds.
const RUNS_MAX: u64 = 100_000;

impl Campaign {
    /// A campaign of 100 seeds for the test of that full name, as `cargo test` takes it.
    pub fn new(test: impl Into<String>) -> Self {
        Self {
            test: test.into(),
            count: 100,
            shrinks_for: Duration::from_secs(5),
            repeat_every: REPEAT_EVERY,
            masks: None,
            exhaustive: None,
            guided: false,
            sites_must_fire: false,
            corpus: None,
            monitors: Vec::new(),
            covered: Vec::new(),
            configure: Box::new(|builder, _| builder),
        }
    }

    /// The same for the test of that path, which begins with its crate, as `module_path!` says it.
    pub fn of_path(path: &str) -> Self {
        Self::new(path.split_once("::").map_or(path, |(_, test)| test))
    }

    /// How many seeds to run. They follow from the test's name. At 0 the corpus is all that is run,
    /// however many seeds the environment asks for.
    pub const fn seeds(mut self, count: u64) -> Self {
        self.count = count;
        self
    }

    /// One in how many seeds that pass is run a second time, to see that both runs are the same: of
    /// so many seeds in a row it is one. Default 24, which is 4.2 % of them; 0 is none. A failing seed is always run twice; `SIM_CHECK` goes before this.
    pub const fn repeat_every(mut self, seeds: u64) -> Self {
        self.repeat_every = seeds;
        self
    }

    /// For how long, in real time, a smaller run is looked for that fails in the same way as the
    /// one that was found. Default 5 seconds.
    pub const fn shrinks_for(mut self, budget: Duration) -> Self {
        self.shrinks_for = budget;
        self
    }

    /// Runs the test under no seed, but in every order of its shards' steps with at most so many
    /// preemptions, in every order of the tasks that are ready on a shard, and with every number
    /// that it draws; [`Plant`](crate::Plant)s and [`maybe!`](greenroom_core::maybe) sites fire and
    /// do not. All else is the tame way: no fault, no delay, a turn polls one task.
    ///
    /// A preemption takes a shard's turn away while it could go on. For tiny tests: two or three
    /// actors with a message or two. The environment's `SIM_SEED`, `SIM_SEEDS` and `SIM_TIME` have
    /// no say; `SIM_REPLAY` does.
    pub const fn exhaustive(mut self, preemptions_max: u32) -> Self {
        let runs = match self.exhaustive {
            Some(bounds) => bounds.runs,
            None => RUNS_MAX,
        };
        self.exhaustive = Some(Bounds { preemptions: preemptions_max, runs });
        self
    }

    /// Within how many runs an exhaustive campaign must have tried everything: one that has not by
    /// then fails. Default 100,000.
    ///
    /// # Panics
    ///
    /// When the campaign is not exhaustive.
    pub const fn runs_max(mut self, runs: u64) -> Self {
        let Some(bounds) = self.exhaustive else {
            panic!("only an exhaustive campaign counts its runs")
        };
        self.exhaustive = Some(Bounds { runs, ..bounds });
        self
    }

    /// Lets the campaign fail when a site of [`maybe!`](greenroom_core::maybe) was active under one
    /// seed or more and fired under none. Else it is only told.
    pub const fn sites_must_fire(mut self) -> Self {
        self.sites_must_fire = true;
        self
    }

    /// The folder of the logs that are run before any seed, `*.dec` by name. Default
    /// `tests/sim/corpus/<test>` of the package, with `.` for `::`.
    pub fn corpus(mut self, folder: impl Into<PathBuf>) -> Self {
        self.corpus = Some(folder.into());
        self
    }

    /// Whether each seed knows only some of the faults that are enabled, each with even odds; see
    /// [`Builder::fault_masks`]. Default in campaigns of 20 seeds and more: what goes wrong all the
    /// time hides what else may, so the seeds together find more (swarm testing). An exhaustive
    /// campaign knows all of them.
    pub const fn fault_masks(mut self, masks: bool) -> Self {
        self.masks = Some(masks);
        self
    }

    /// Has a monitor watch each run, made anew for it.
    pub fn monitor<M: Monitor>(mut self, make: impl Fn() -> M + Send + Sync + 'static) -> Self {
        self.monitors.push(Arc::new(move || Box::new(make())));
        self
    }

    /// Says that this campaign is to reach every [`greenroom_core::reachable!`] and
    /// [`greenroom_core::sometimes!`] of a module and those below it, named as by `module_path!`.
    /// Others have to be true once if they were asked at all.
    pub fn covers(mut self, module: impl Into<String>) -> Self {
        self.covered.push(module.into());
        self
    }

    /// The settings of a seed's runtime.
    pub(super) fn builder(&self, seed: u64) -> Builder {
        let masks = self.masks.unwrap_or(self.count >= MASKED_SEEDS_MIN);
        self.configured(Builder::default().fault_masks(masks), seed)
    }

    /// Those settings as the test changes them.
    pub(super) fn configured(&self, defaults: Builder, seed: u64) -> Builder {
        (self.configure)(defaults.turns_max(TURNS_MAX), seed).monitors(&self.monitors)
    }

    /// Changes the settings of each seed's runtime, given the seed.
    pub fn runtime(
        mut self,
        configure: impl Fn(Builder, u64) -> Builder + Send + Sync + 'static,
    ) -> Self {
        self.configure = Box::new(configure);
        self
    }
}

impl fmt::Debug for Campaign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Campaign").field("test", &self.test).field("count", &self.count).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_a_campaign_is_given_up_soon_unless_it_says_otherwise() {
        let campaign = Campaign::new("a");
        assert!(campaign.builder(1).what_counts().contains("turns: 3000000,"));
        let patient = campaign.runtime(|builder, _| builder.turns_max(7_000_000));
        let builder = patient.builder(1);
        assert!(builder.clone().turns_at_most(9_000_000).what_counts().contains("turns: 7000000,"));
        assert!(builder.turns_at_most(5).what_counts().contains("turns: 5,"));
    }
}
