//! The seeds one after the other.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use greenroom_core::hash::mix;

use super::compare::difference;
use super::environment::{Steering, note_hash, store};
use super::one::{Keeps, Outcome, run};
use super::seeds::first_of;
use super::shrink::{Shrinker, Shrunk};
use super::summary::Summary;
use crate::faults::Fault;
use crate::monitor::{Make, Monitor};
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

/// Settings of a run over many seeds.
#[must_use = "a campaign does nothing until it runs"]
pub struct Campaign {
    test: String,
    count: u64,
    shrinks_for: Duration,
    monitors: Vec<Make>,
    /// Modules whose places must all be reached.
    covered: Vec<String>,
    configure: Box<dyn Fn(Builder, u64) -> Builder + Send + Sync>,
}

/// A seed under which a test fails.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// How many seeds were run before it.
    pub after: u64,
    /// What the test, the simulator, or the comparison of two runs said.
    pub message: String,
    /// The choices that led there.
    pub log: DecisionLog,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {:#x}, after {} that passed: {}", self.seed, self.after, self.message)
    }
}

/// One in this many seeds that pass is run twice.
const REPEAT_EVERY: u64 = 20;

impl Campaign {
    /// A campaign of 100 seeds for the test of that full name, as `cargo test` takes it.
    pub fn new(test: impl Into<String>) -> Self {
        Self {
            test: test.into(),
            count: 100,
            shrinks_for: Duration::from_secs(5),
            monitors: Vec::new(),
            covered: Vec::new(),
            configure: Box::new(|builder, _| builder),
        }
    }

    /// How many seeds to run. They follow from the test's name.
    pub const fn seeds(mut self, count: u64) -> Self {
        self.count = count;
        self
    }

    /// For how long, in real time, a smaller run is looked for that fails in the same way as the
    /// one that was found. Default 5 seconds.
    pub const fn shrinks_for(mut self, budget: Duration) -> Self {
        self.shrinks_for = budget;
        self
    }

    /// Changes the settings of each seed's runtime, given the seed.
    pub fn runtime(
        mut self,
        configure: impl Fn(Builder, u64) -> Builder + Send + Sync + 'static,
    ) -> Self {
        self.configure = Box::new(configure);
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
    fn builder(&self, seed: u64) -> Builder {
        (self.configure)(Builder::default(), seed).monitors(&self.monitors)
    }

    /// Runs `body` under all seeds.
    ///
    /// # Panics
    ///
    /// When it panics under one, or a seed does not repeat: with the line that runs it again, and
    /// a smaller run that fails in the same way. The choices of both are in files then. When a fault
    /// had a probability and never an effect, under any seed, or an assertion was never true that
    /// has to be once: the campaign tested less than it says. That is left out where the environment
    /// asks for less than the campaign.
    pub fn run(&self, body: impl Fn(&mut TestRuntime) + Sync) -> Summary {
        let steering = Steering::read();
        let (effects, summary) = (Mutex::new(BTreeMap::new()), Mutex::new(Summary::default()));
        let notes = |seed, outcome: &Outcome| {
            note_hash(&self.test, seed, outcome.checkpoints.last);
            summary.lock().unwrap_or_else(PoisonError::into_inner).add(&outcome.tally);
            let mut effects = effects.lock().unwrap_or_else(PoisonError::into_inner);
            for &(fault, count) in &outcome.effects {
                *effects.entry(fault).or_insert(0) += count;
            }
        };
        if let Some(failure) = self.first_failure(&steering, &body, &notes) {
            panic!("{}", self.told(&steering, &failure, &body));
        }
        if steering.runs_whole(self.count) {
            let effects = effects.into_inner().unwrap_or_else(PoisonError::into_inner);
            let idle = effects.into_iter().filter(|(_, count)| *count == 0u64);
            let idle: Vec<Fault> = idle.map(|(fault, _)| fault).collect();
            assert!(idle.is_empty(), "{}: enabled faults without any effect: {idle:?}", self.test);
        }
        let summary = summary.into_inner().unwrap_or_else(PoisonError::into_inner);
        if steering.runs_whole(self.count) {
            let missing = summary.missing(&self.covered);
            assert!(
                missing.is_empty(),
                "{}: not once in {} seeds:{missing}",
                self.test,
                self.count
            );
        }
        summary
    }

    /// A failure as it is told to whoever runs the test.
    fn told(
        &self,
        steering: &Steering,
        failure: &Failure,
        body: &(impl Fn(&mut TestRuntime) + Sync),
    ) -> String {
        let stored = |log: &DecisionLog, suffix| match store(log, suffix) {
            Ok(path) => format!("its choices are in {}", path.display()),
            Err(error) => format!("its choices could not be written: {error}"),
        };
        let mut said = format!("{failure}\n{}\n", steering.repeat_line(&self.test, failure.seed));
        said.push_str(&stored(&failure.log, ""));
        if let Some(shrunk) = self.shrink(failure, body) {
            said.push_str(&format!("\n{shrunk}{}", stored(&shrunk.log, ".min")));
        }
        said
    }

    /// Runs `body` under one seed after the other until it panics under one. For what is meant to
    /// fail: no repeat line is printed, and no hash or log is written.
    pub fn search(&self, body: impl Fn(&mut TestRuntime) + Sync) -> Option<Failure> {
        self.first_failure(&Steering::read(), &body, &|_, _| ())
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
        if let Some(path) = &steering.replay {
            return self.replay(path, body);
        }
        let check = |seed, number, repeats| {
            let keeps = if repeats { Keeps::All } else { Keeps::Little };
            let first = self.once(steering, seed, keeps, body);
            notes(seed, &first);
            self.judge(steering, (seed, number), first, repeats, body)
        };
        if let Some(seed) = steering.seed {
            return check(seed, 0, true);
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
        let second = self.once(steering, seed, Keeps::All, body);
        let difference = difference(&first, &second);
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
    fn replay(&self, path: &Path, body: &(impl Fn(&mut TestRuntime) + Sync)) -> Option<Failure> {
        let log = DecisionLog::load(path);
        let log = log.unwrap_or_else(|error| panic!("SIM_REPLAY={}: {error}", path.display()));
        assert!(log.test == self.test, "the log is of the test {}, not {}", log.test, self.test);
        let seed = log.seed;
        let script = Script { log: Arc::new(log), schedule: None };
        let builder = self.builder(seed).script(script);
        let outcome = run(format!("{} replayed", self.test), builder, Keeps::All, body);
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

impl fmt::Debug for Campaign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Campaign").field("test", &self.test).field("count", &self.count).finish()
    }
}
