//! The seeds one after the other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use greenroom_core::hash::mix;

use super::compare::difference;
use super::environment::{Steering, note_hash, store};
use super::one::{Keeps, Outcome, run};
use super::seeds::first_of;
use super::shrink::Shrinker;
use super::tally::Tally;
use super::{Campaign, Failure, Shrunk, Summary};
use crate::faults::Fault;
use crate::replay::{DecisionLog, Script};
use crate::runtime::{Builder, TestRuntime};
use crate::trace::TraceFile;

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

/// Who is told of each seed that was run, and of a traced run that passed.
pub(super) type Notes<'a> = &'a (dyn Fn(u64, &Outcome) + Sync);

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
    /// than the campaign: see [`Summary::is_whole`].
    ///
    /// When the campaign is exhaustive, as [`Campaign::explore`]. Of faults and sites nothing is asked
    /// then: what has a rate below 1 does not go wrong in such a campaign.
    pub fn run(&self, body: impl Fn(&mut TestRuntime) + Sync) -> Summary {
        let steering = Steering::read();
        let fail = |failure: &Failure, line: Option<&Path>| -> ! {
            panic!("{}", self.told(&steering, failure, line, &body))
        };
        let is_whole = self.is_whole_under(&steering);
        let tally = Tally::default();
        if let Some(path) = &steering.replay {
            if let Some(failure) = self.replay(path, &tally, &body) {
                fail(&failure, Some(path));
            }
            return tally.into_summary(is_whole);
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
            let summary = tally.into_summary(is_whole);
            self.check_missing(&summary);
            return summary;
        }
        let notes = |seed, outcome: &Outcome| {
            if !outcome.trace.bytes().is_empty() {
                eprintln!("{} passes; {}", self.test, self.kept(seed, "", &outcome.trace));
                return;
            }
            note_hash(&self.test, seed, outcome.checkpoints.last);
            tally.add(outcome);
        };
        if let Some(failure) = self.first_failure(&steering, &body, &notes) {
            fail(&failure, None);
        }
        let idle = tally.idle();
        let summary = tally.into_summary(is_whole);
        if self.count > 0 && is_whole {
            self.check_idle(idle);
            self.check_missing(&summary);
        }
        summary
    }

    /// Whether [`Campaign::run`] runs it as it is in this environment: what [`Summary::is_whole`]
    /// says then.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_whole_under(&Steering::read())
    }

    /// Of an exhaustive campaign seeds are no part.
    fn is_whole_under(&self, steering: &Steering) -> bool {
        let tries_all = self.exhaustive.is_some() && steering.replay.is_none();
        tries_all || steering.runs_whole(self.count)
    }

    fn check_idle(&self, (faults, sites): (Vec<Fault>, Vec<&'static str>)) {
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
        let seed = failure.seed;
        let stored = |log: &DecisionLog, suffix| {
            store((&self.test, seed), &format!("{suffix}.dec"), log.to_string().as_bytes())
        };
        let choices = stored(&failure.log, "");
        let again = match (log, &choices) {
            (Some(log), _) => Steering::replay_line(&self.test, log),
            (None, Ok(stored)) if self.exhaustive.is_some() || self.is_guided(steering) => {
                Steering::replay_line(&self.test, stored)
            }
            _ => steering.repeat_line(&self.test, seed, self.tag(seed)),
        };
        let told = |choices: &std::io::Result<PathBuf>, trace, suffix| {
            let choices = match choices {
                Ok(path) => format!("its choices are in {}", path.display()),
                Err(error) => format!("its choices could not be written: {error}"),
            };
            format!("{choices}\n{}", self.kept(seed, suffix, trace))
        };
        let mut said = format!("{failure}\n{again}\n{}", told(&choices, &failure.trace, ""));
        let mut smallest = choices;
        if let Some(shrunk) = self.shrink(failure, body) {
            let choices = stored(&shrunk.log, ".min");
            said.push_str(&format!("\n{shrunk}{}", told(&choices, &shrunk.trace, ".min")));
            smallest = choices.or(smallest);
        }
        if let Ok(path) = smallest {
            said.push_str(&format!("\n{}", self.keep_line(&path)));
        }
        said
    }

    /// Writes the events of a run to a file and a page of them to another; says where they are.
    fn kept(&self, seed: u64, suffix: &str, trace: &TraceFile) -> String {
        let stored =
            |end: &str, bytes: &[u8]| store((&self.test, seed), &format!("{suffix}{end}"), bytes);
        let page = greenroom_pictures::page_of(trace.bytes()).map_err(std::io::Error::other);
        let page = page.and_then(|page| stored(".html", page.as_bytes()));
        match (stored(".trace", trace.bytes()), page) {
            (Ok(path), Ok(page)) => {
                let (path, page) = (path.display(), page.display());
                format!("its events are in {path}\n  and for a browser: file://{page}")
            }
            (Err(error), _) | (_, Err(error)) => {
                format!("its events could not be written: {error}")
            }
        }
    }

    /// Runs `body` under one seed after the other, or in one order after the other if the campaign
    /// is exhaustive, until it panics. For what is meant to fail: no repeat line is printed, no hash
    /// or log is written, and the corpus is left alone. All seeds of the campaign are run, in the
    /// same way in any environment: of that only `SIM_JOBS` counts.
    ///
    /// # Panics
    ///
    /// When the campaign is exhaustive, as [`Campaign::explore`].
    pub fn search(&self, body: impl Fn(&mut TestRuntime) + Sync) -> Option<Failure> {
        match self.exhaustive {
            Some(bounds) => self.explored(bounds, &Tally::default(), &body).failure,
            None => self.first_failure(&Steering::read().unsteered(), &body, &|_, _| ()),
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
        let failing = self.replayed(script, None, Keeps::Silently, &body);
        // A smaller run is no longer run; what goes astray is cut off.
        let turns_max = failing.taken.steps.len() as u64 * 4 + 1000;
        let again = |script| self.replayed(script, Some(turns_max), Keeps::Silently, &body);
        let mut shrunk = Shrinker::shrink(failing, self.shrinks_for, &again)?;
        shrunk.log.test.clone_from(&self.test);
        let script = Script { log: Arc::new(shrunk.log.clone()), schedule: None };
        let traced = self.replayed(script, Some(turns_max), Keeps::TraceSilently, &body);
        shrunk.trace = traced.trace;
        Some(shrunk)
    }

    /// The events of the run that a log leads to.
    pub(super) fn traced(
        &self,
        log: &DecisionLog,
        body: &(impl Fn(&mut TestRuntime) + Sync),
    ) -> TraceFile {
        let script = Script { log: Arc::new(log.clone()), schedule: None };
        run((&self.test, "traced"), self.scripted(script), Keeps::TraceSilently, body).trace
    }

    /// The settings of a run of recorded choices. Which faults it knows the log says, not what a
    /// seed of this campaign would know.
    pub(super) fn scripted(&self, script: Script) -> Builder {
        self.configured(Builder::default(), script.log.seed).script(script)
    }

    fn replayed(
        &self,
        script: Script,
        turns_max: Option<u64>,
        keeps: Keeps,
        body: &(impl Fn(&mut TestRuntime) + Sync),
    ) -> Outcome {
        let seed = script.log.seed;
        let builder = self.scripted(script);
        let builder = turns_max.into_iter().fold(builder, Builder::turns_at_most);
        run((&self.test, &format!("{seed:#x} again")), builder, keeps, body)
    }

    fn first_failure(
        &self,
        steering: &Steering,
        body: &(impl Fn(&mut TestRuntime) + Sync),
        notes: Notes<'_>,
    ) -> Option<Failure> {
        let check = |seed, number, repeats| {
            let first = self.once(steering, seed, Keeps::Little, body);
            notes(seed, &first);
            let again = |keeps| self.once(steering, seed, keeps, body);
            self.judge(steering, (seed, number), first, repeats, (&again, notes))
        };
        if let Some(seed) = steering.seed {
            self.check_tag(steering);
            return check(seed, 0, true);
        }
        if self.count == 0 {
            return None;
        }
        let unsaid = if steering.time.is_some() { u64::MAX } else { self.count };
        let count = steering.seeds.unwrap_or(unsaid);
        if self.is_guided(steering) {
            return self.first_guided(steering, count, body, notes);
        }
        first_of(steering, count, &|number| {
            let place = self.place(steering, number);
            let repeats = steering.check.unwrap_or_else(|| self.repeats(place));
            check(mix(place), number, repeats)
        })
    }

    /// Where the seed of that number is in the row of all, which [`mix`] makes it from. Where a
    /// campaign begins follows from its name and from what the environment says.
    pub(super) fn place(&self, steering: &Steering, number: u64) -> u64 {
        let named = self.test.bytes().chain(steering.base.bytes());
        named.fold(0, |hash, byte| mix(hash ^ u64::from(byte))).wrapping_add(number)
    }

    /// Whether the seed at that place of the row is run twice if it passes, unless the environment
    /// says: one of so many in a row, so that a campaign of few seeds is as likely to check one of
    /// them as any.
    pub(super) const fn repeats(&self, place: u64) -> bool {
        self.repeat_every > 0 && place.is_multiple_of(self.repeat_every)
    }

    /// Says whether a run failed, after a second one if it did or `repeats`.
    pub(super) fn judge(
        &self,
        steering: &Steering,
        (seed, after): (u64, u64),
        mut first: Outcome,
        repeats: bool,
        (again, notes): (&dyn Fn(Keeps) -> Outcome, Notes<'_>),
    ) -> Option<Failure> {
        if first.failure.is_none() && !repeats {
            return None;
        }
        let is_looked_at = first.failure.is_some() || steering.seed.is_some();
        let mut second = again(if is_looked_at { Keeps::Trace } else { Keeps::Little });
        let difference = difference(&first, &second, again);
        if difference.is_some() && !is_looked_at {
            second = again(Keeps::Trace);
        }
        let message = match (difference, first.failure.take()) {
            (None, None) => {
                if is_looked_at {
                    notes(seed, &second);
                }
                return None;
            }
            (Some(difference), None) => difference,
            (None, Some(failure)) => failure.message,
            (Some(difference), Some(failure)) => format!("{}\n{difference}", failure.message),
        };
        let log = DecisionLog { test: self.test.clone(), ..second.log };
        Some(Failure { seed, after, message, log, trace: second.trace })
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
        run((&self.test, &format!("{seed:#x}")), builder, keeps, body)
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
        let outcome = run((&self.test, "replayed"), self.scripted(script), Keeps::Trace, body);
        tally.add(&outcome);
        let drift = outcome.drift.unwrap_or_default();
        let Some(failure) = outcome.failure else {
            eprintln!("{} passes with the choices of {}; {drift}", self.test, path.display());
            return None;
        };
        let log = DecisionLog { test: self.test.clone(), ..outcome.log };
        let message = format!("{}\nreplayed from {}; {drift}", failure.message, path.display());
        Some(Failure { seed, after: 0, message, log, trace: outcome.trace })
    }
}
