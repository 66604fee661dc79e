//! Logs that are kept in the tree and run before any seed.
//!
//! A failure that was found once must not come back, and the seed that found it finds something
//! else after the next change. Its log mostly still applies: choices are kept by what they were
//! about. So the log of the smaller run is copied to `tests/sim/corpus/<test>/` of the package, and
//! every campaign of that test begins with it.
//!
//! *Drift* is what the log says and the run did not ask for, or could not do. (Choices that the log
//! lacks are none: a run that no longer fails goes on where the recorded one ended.) A log that has
//! drifted is told of; one of which not even half was done again, or that is of other shards, fails
//! the campaign: it tests little of what it was kept for. To record it anew, bring the bug back
//! (undo its repair), run the test, and copy the new log over the old. Where the bug is out of
//! reach, `SIM_RECORD=1` writes to each log that has drifted what the run does now, which keeps
//! whatever of it still applies.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::environment::{Steering, package_folder};
use super::one::{Keeps, Outcome, run};
use super::{Campaign, Failure};
use crate::replay::{DecisionLog, Drift, Script};
use crate::runtime::{Builder, TestRuntime};

/// What became of a log.
pub(super) enum Kept {
    Passes,
    /// With the warning.
    Drifts(String),
    /// With the path.
    Fails(Failure, PathBuf),
}

impl Campaign {
    /// The folder of this campaign's logs.
    pub(super) fn corpus_folder(&self) -> PathBuf {
        let own = || package_folder().join("tests/sim/corpus").join(self.test.replace("::", "."));
        self.corpus.clone().unwrap_or_else(own)
    }

    /// Runs all logs until one fails; prints which have drifted.
    ///
    /// # Panics
    ///
    /// When a log cannot be read, is another test's, or no longer applies.
    pub(super) fn run_corpus(
        &self,
        steering: &Steering,
        body: &(impl Fn(&mut TestRuntime) + Sync),
    ) -> Option<(Failure, PathBuf)> {
        for path in logs_in(&self.corpus_folder()) {
            match self.run_kept(steering, path, body) {
                Kept::Passes => {}
                Kept::Drifts(warning) => eprintln!("warning: {warning}"),
                Kept::Fails(failure, path) => return Some((failure, path)),
            }
        }
        None
    }

    fn run_kept(
        &self,
        steering: &Steering,
        path: PathBuf,
        body: &(impl Fn(&mut TestRuntime) + Sync),
    ) -> Kept {
        let log = self.load(&path);
        let settings = self.configured(Builder::default(), log.seed);
        let now = settings.shard_counts();
        let again = Steering::record_line(&self.test);
        assert!(
            log.shards == now,
            "{} is of nodes with {:?} shards, not {now:?}: bring its bug back and record it anew, \
             or remove it",
            path.display(),
            log.shards,
        );
        let recorded = log.decisions.len() as u64;
        let script = Script { log: Arc::new(log), schedule: None };
        let outcome = run((&self.test, "kept"), self.scripted(script), Keeps::Choices, body);
        let drift = outcome.drift.unwrap_or_default();
        if let Some(failure) = &outcome.failure {
            let message = format!("{}\nkept in {}; {drift}", failure.message, path.display());
            let log = DecisionLog { test: self.test.clone(), ..outcome.log };
            let trace = self.traced(&log, body);
            let failure = Failure { seed: log.seed, after: 0, message, log, trace };
            return Kept::Fails(failure, path);
        }
        let lost = drift.changed + drift.unused;
        if lost == 0 {
            return Kept::Passes;
        }
        if steering.record {
            self.record_anew(&path, outcome);
            return Kept::Drifts(format!("{} is recorded anew; {drift}", path.display()));
        }
        assert!(lost * 2 <= recorded, "{}", no_longer_applies(&path, drift, recorded, &again));
        Kept::Drifts(format!(
            "{} has drifted: {lost} of {recorded} choices were not made again; to record what the \
             run does now: {again}",
            path.display()
        ))
    }

    /// Writes what a run did over the log it was to do, whose comments stay.
    fn record_anew(&self, path: &Path, outcome: Outcome) {
        let log = DecisionLog { test: self.test.clone(), ..outcome.log };
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let written = std::fs::write(path, log.with_comments_of(&text));
        written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// A log of this test.
    ///
    /// # Panics
    ///
    /// When there is no such log, or it is another test's.
    pub(super) fn load(&self, path: &Path) -> DecisionLog {
        let log = DecisionLog::load(path);
        let hint = match path.extension() {
            Some(end) if end == "trace" => {
                ": these are the run's events, its choices are in `.dec`"
            }
            _ => "",
        };
        let log = log.unwrap_or_else(|error| panic!("{}: {error}{hint}", path.display()));
        assert!(log.test == self.test, "the log is of the test {}, not {}", log.test, self.test);
        log
    }

    /// The line that keeps a log.
    pub(super) fn keep_line(&self, log: &Path) -> String {
        let folder = self.corpus_folder();
        let folder = folder.display();
        format!("to keep it: mkdir -p {folder} && cp {} {folder}/", log.display())
    }
}

fn no_longer_applies(path: &Path, drift: Drift, recorded: u64, again: &str) -> String {
    format!(
        "{} no longer applies: of {recorded} choices {} were not asked for and {} could not be made \
         as they were; bring its bug back and record it anew, or re-record what is left with: {again}",
        path.display(),
        drift.unused,
        drift.changed
    )
}

/// The logs in a folder, by name; none when there is no folder.
fn logs_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let mut logs: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "dec")).collect();
    logs.sort_unstable();
    logs
}
