//! Every schedule of a tiny test.

use super::one::{Keeps, run};
use super::settings::Bounds;
use super::tally::Tally;
use super::{Campaign, Failure};
use crate::replay::{DecisionLog, Odometer};
use crate::runtime::{Builder, TestRuntime};

/// What an exhaustive campaign came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explored {
    /// How many runs were made, the one that failed included.
    pub runs: u64,
    /// The run that failed, if one did.
    pub failure: Option<Failure>,
    /// The hash over all runs.
    pub hash: u64,
}

impl Campaign {
    /// Runs `body` in every order there is, within the bound on preemptions, until it panics in
    /// one. For what is meant to fail, and for the count; [`Campaign::run`] does this and panics.
    ///
    /// # Panics
    ///
    /// When the campaign is not exhaustive; when the bound on runs is met before everything was
    /// tried; and when a run is not a function of its choices.
    pub fn explore(&self, body: impl Fn(&mut TestRuntime) + Sync) -> Explored {
        let Some(bounds) = self.exhaustive else { panic!("{} is not exhaustive", self.test) };
        self.explored(bounds, &Tally::default(), &body)
    }

    pub(super) fn explored(
        &self,
        Bounds { preemptions, runs: runs_max }: Bounds,
        tally: &Tally,
        body: &(impl Fn(&mut TestRuntime) + Sync),
    ) -> Explored {
        let odometer = Odometer::new(preemptions);
        let (mut runs, mut hash) = (0, 0);
        loop {
            assert!(
                runs < runs_max,
                "{}: {runs} runs were not all there are with {preemptions} preemptions: make the \
                 test smaller, allow fewer, or set `runs_max`",
                self.test
            );
            let builder = self.configured(Builder::default(), 0).seed(0);
            let builder = builder.odometer(odometer.clone());
            let outcome = run((&self.test, &runs.to_string()), builder, Keeps::Choices, body);
            tally.add(&outcome);
            runs += 1;
            hash = greenroom_core::hash::mix(hash ^ outcome.checkpoints.last);
            if let Some(failure) = outcome.failure {
                let log = DecisionLog { test: self.test.clone(), ..outcome.log };
                let message = failure.message;
                let trace = self.traced(&log, body);
                let failure = Failure { seed: 0, after: runs - 1, message, log, trace };
                return Explored { runs, failure: Some(failure), hash };
            }
            let more = odometer.advance();
            assert!(
                !odometer.strayed(),
                "{}: a run is not a function of its choices: it asked for others than the run \
                 before, of which it is a variation",
                self.test
            );
            if !more {
                return Explored { runs, failure: None, hash };
            }
        }
    }
}
