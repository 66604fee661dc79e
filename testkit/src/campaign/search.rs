//! The seeds one after the other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use greenroom_core::hash::mix;

use super::compare::difference;
use super::environment::{Steering, note_hash, store};
use super::one::{Keeps, Outcome, run};
use super::seeds::first_of;
use super::shrink::Shrinker;
use super::tally::{Counts, Tally};
use super::{Campaign, Failure, Shrunk, Summary};
use crate::replay::{DecisionLog, Script};
use crate::runtime::{Builder, TestRuntime};

/// Runs `body` under `count` seeds, each in a runtime of one node with two shards. `test` is the
/// test's full name, as `cargo test` takes it.
///
/// # Panics
///
/// When `body` panics under a seed, or a seed does not repeat: with the line that runs it again.
///
/// # Examples
///
/// ```
/// greenroom_testkit::seeds("doc::sleeps", 20, |sim| {
///     sim.run(async |_| greenroom_core::sleep(std::time::Duration::from_millis(1)).await);
/// });
/// ```
pub fn seeds(test: &str, count: u64, body: impl Fn(&mut TestRuntime) + Sync) {
    Campaign::new(test).seeds(count).run(body);
}

/// One in this many seeds that pass is run twice.
const REPEAT_EVERY: u64 = 20;

impl Campaign {
    /// Runs `body` with the choices of each log in the corpus, and then under all seeds, or in
    /// every order if the campaign is exhaustive.
    ///
    /// # Panics
    ///
    /// When it panics in a run, or a seed does not repeat: with the line that makes the run again,
    /// and a smaller run that fails in the same way. The choices of both are in files then, and the
    /// line that keeps the smaller one is told.
    ///
    /// When a log in the corpus is none, is another test's, or no longer applies: not even half of
    /// its choices were made again.
    ///
    /// When a fault had a probability and never an effect, under any seed, or an assertion was never
    /// true that has to be once: the campaign tested less than it says; and as
    /// [`Campaign::sites_must_fire`] says. These are left out where the environment asks for less
    /// than the campaign.
    ///
    /// When the campaign is exhaustive, as [`Campaign::explore`].
    pub fn run(&self, body: impl Fn(&mut TestRuntime) + Sync) -> Summary {
        let steering = Steering::read();
        let fail = |failure: &Failure, line: Option<&Path>| -> ! {
            panic!("{}", self.told(&steering, failure, line, &body))
        };
        let tally = Tally::default();
        if let Some(path) = &steering.replay {
            if let Some(failure) = self.replay(path, &tally, &body) {
                fail(&failure, Some(path));
            }
            return tally.into_counts().summary;
        }
        if steering.seed.is_none()
            && let Some((failure, log)) = self.run_corpus(&steering, &body)
        {
            fail(&failure, Some(&log));
        }
        if let Some(bounds) = self.exhaustive {
            let explored = self.explored(bounds, &tally, &body);
            if let Some(failure) = explored.failure {
                fail(&failure, None);
            }
            note_hash(&self.test, 0, explored.hash);
            let (runs, preemptions) = (explored.runs, bounds.preemptions);
            eprintln!("{}: {runs} runs, all there are with {preemptions} preemptions", self.test);
            let summary = tally.into_counts().summary;
            self.check_missing(&summary);
            return summary;
        }
        let notes = |seed, outcome: &Outcome| {
            note_hash(&self.test, seed, outcome.checkpoints.last);
            tally.add(outcome);
        };
        if let Some(failure) = self.first_failure(&steering, &body, &notes) {
            fail(&failure, None);
        }
        let counts = tally.into_counts();
        if self.count > 0 && steering.runs_whole(self.count) {
            self.check_idle(&counts);
            self.check_missing(&counts.summary);
        }
        counts.summary
    }

    fn check_idle(&self, counts: &Counts) {
        let (faults, sites) = counts.idle();
        assert!(faults.is_empty(), "{}: enabled faults without any effect: {faults:?}", self.test);
        if !sites.is_empty() {
            let said = format!(
                "{}: `maybe!` sites that were active and never fired: {sites:?}",
                self.test
            );
            assert!(!self.sites_must_fire, "{said}");
            eprintln!("{said}");
        }
    }

    fn check_missing(&self, summary: &Summary) {
        let missing = summary.missing(&self.covered);
        let runs = summary.runs();
        assert!(missing.is_empty(), "{}: not once in {runs} runs:{missing}", self.test);
    }

    /// A failure as it is told to whoever runs the test; `log` is what it was replayed from.
    fn told(
        &self,
        steering: &Steering,
        failure: &Failure,
        log: Option<&Path>,
        body: &(impl Fn(&mut TestRuntime) + Sync),
    ) -> String {
        let stored = store(&failure.log, "");
        let again = match (log, &stored) {
            (Some(log), _) => Steering::replay_line(&self.test, log),
            (None, Ok(stored)) if self.exhaustive.is_some() => {
                Steering::replay_line(&self.test, stored)
            }
            _ => steering.repeat_line(&self.test, failure.seed),
        };
        let told = |stored: &std::io::Result<PathBuf>| match stored {
            Ok(path) => format!("its choices are in {}", path.display()),
            Err(error) => format!("its choices could not be written: {error}"),
        };
        let mut said = format!("{failure}\n{again}\n{}", told(&stored));
        let mut smallest = stored;
        if let Some(shrunk) = self.shrink(failure, body) {
            let stored = store(&shrunk.log, ".min");
            said.push_str(&format!("\n{shrunk}{}", told(&stored)));
            smallest = stored.or(smallest);
        }
        if let Ok(path) = smallest {
            said.push_str(&format!("\n{}", self.keep_line(&path)));
        }
        said
    }

    /// Runs `body` under one seed after the other, or in one order after the other if the campaign
    /// is exhaustive, until it panics. For what is meant to fail: no repeat line is printed, no hash
    /// or log is written, and the corpus is left alone.
    ///
    /// # Panics
    ///
    /// When the campaign is exhaustive, as [`Campaign::explore`].
    pub fn search(&self, body: impl Fn(&mut TestRuntime) + Sync) -> Option<Failure> {
        match self.exhaustive {
            Some(bounds) => self.explored(bounds, &Tally::default(), &body).failure,
            None => self.first_failure(&Steering::read(), &body, &|_, _| ()),
        }
    }

    /// Looks for a smaller run that fails in the same way. `None` when the choices of the failure
    /// do not lead to one that panics.
    pub fn shrink(
        &self,
        failure: &Failure,
        body: impl Fn(&mut TestRuntime) + Sync,
    ) -> Option<Shrunk> {
        let script = Script { log: Arc::new(failure.log.clone()), schedule: None };
        let failing = self.replayed(script, None, &body);
        // A smaller run is no longer run; what goes astray is cut off.
        let turns_max = failing.taken.steps.len() as u64 * 4 + 1000;
        let again = |script| self.replayed(script, Some(turns_max), &body);
        let mut shrunk = Shrinker::shrink(failing, self.shrinks_for, &again)?;
        shrunk.log.test.clone_from(&self.test);
        Some(shrunk)
    }

    fn replayed(
        &self,
        script: Script,
        turns_max: Option<u64>,
        body: &(impl Fn(&mut TestRuntime) + Sync),
    ) -> Outcome {
        let seed = script.log.seed;
        let builder = self.builder(seed).script(script);
        let builder = turns_max.into_iter().fold(builder, Builder::turns_max);
        run(format!("{} {seed:#x} again", self.test), builder, Keeps::Silently, body)
    }

    fn first_failure(
        &self,
        steering: &Steering,
        body: &(impl Fn(&mut TestRuntime) + Sync),
        notes: &(dyn Fn(u64, &Outcome) + Sync),
    ) -> Option<Failure> {
        let check = |seed, number, repeats| {
            let first = self.once(steering, seed, Keeps::Little, body);
            notes(seed, &first);
            self.judge(steering, (seed, number), first, repeats, body)
        };
        if let Some(seed) = steering.seed {
            return check(seed, 0, true);
        }
        if self.count == 0 {
            return None;
        }
        let base = self.test.bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
        let unsaid = if steering.time.is_some() { u64::MAX } else { self.count };
        first_of(steering, steering.seeds.unwrap_or(unsaid), &|number| {
            let seed = mix(base.wrapping_add(number));
            let repeats = steering.check.unwrap_or_else(|| seed.is_multiple_of(REPEAT_EVERY));
            check(seed, number, repeats)
        })
    }

    /// Says whether a run failed, after a second one if it did or `repeats`.
    fn judge(
        &self,
        steering: &Steering,
        (seed, after): (u64, u64),
        mut first: Outcome,
        repeats: bool,
        body: &(impl Fn(&mut TestRuntime) + Sync),
    ) -> Option<Failure> {
        if first.failure.is_none() && !repeats {
            return None;
        }
        let again = |keeps| self.once(steering, seed, keeps, body);
        let second = again(Keeps::Choices);
        let difference = difference(&first, &second, again);
        let message = match (difference, first.failure.take()) {
            (None, None) => return None,
            (Some(difference), None) => difference,
            (None, Some(failure)) => failure.message,
            (Some(difference), Some(failure)) => format!("{}\n{difference}", failure.message),
        };
        let log = DecisionLog { test: self.test.clone(), ..second.log };
        Some(Failure { seed, after, message, log })
    }

    fn once(
        &self,
        steering: &Steering,
        seed: u64,
        keeps: Keeps,
        body: &(impl Fn(&mut TestRuntime) + Sync),
    ) -> Outcome {
        let builder = self.builder(seed).seed(seed);
        let builder = steering.policy.into_iter().fold(builder, Builder::policy);
        run(format!("{} {seed:#x}", self.test), builder, keeps, body)
    }

    /// Makes the run of a log again, and says how far it was from it.
    ///
    /// # Panics
    ///
    /// When there is no such log, or it is another test's.
    fn replay(
        &self,
        path: &Path,
        tally: &Tally,
        body: &(impl Fn(&mut TestRuntime) + Sync),
    ) -> Option<Failure> {
        let log = self.load(path);
        let seed = log.seed;
        let script = Script { log: Arc::new(log), schedule: None };
        let builder = self.builder(seed).script(script);
        let outcome = run(format!("{} replayed", self.test), builder, Keeps::Choices, body);
        tally.add(&outcome);
        let drift = outcome.drift.unwrap_or_default();
        let Some(failure) = outcome.failure else {
            eprintln!("{} passes with the choices of {}; {drift}", self.test, path.display());
            return None;
        };
        let log = DecisionLog { test: self.test.clone(), ..outcome.log };
        let message = format!("{}\nreplayed from {}; {drift}", failure.message, path.display());
        Some(Failure { seed, after: 0, message, log })
    }
}
