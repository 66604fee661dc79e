//! The seeds one after the other.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use greenroom_core::hash::mix;

use super::compare::{self, difference};
use super::environment::{Steering, note_hash, store};
use super::one::{Keeps, Outcome, run};
use super::seeds::first_of;
use super::shrink::{Shrinker, Shrunk};
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

/// Settings of a run over many seeds.
#[must_use = "a campaign does nothing until it runs"]
pub struct Campaign {
    test: String,
    count: u64,
    shrinks_for: Duration,
    repeat_every: u64,
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
    /// The events that led there, as a file that `cargo x sim show` reads.
    pub trace: TraceFile,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {:#x}, after {} that passed: {}", self.seed, self.after, self.message)
    }
}

/// Who is told of each seed that was run, and of a traced run that passed.
type Notes<'a> = &'a (dyn Fn(u64, &Outcome) + Sync);

/// One in this many seeds that pass is run twice, unless the campaign says otherwise: less than a
/// twentieth of its time.
const REPEAT_EVERY: u64 = 24;

impl Campaign {
    /// A campaign of 100 seeds for the test of that full name, as `cargo test` takes it.
    pub fn new(test: impl Into<String>) -> Self {
        Self {
            test: test.into(),
            count: 100,
            shrinks_for: Duration::from_secs(5),
            repeat_every: REPEAT_EVERY,
            configure: Box::new(|builder, _| builder),
        }
    }

    /// How many seeds to run. They follow from the test's name.
    pub const fn seeds(mut self, count: u64) -> Self {
        self.count = count;
        self
    }

    /// One in how many seeds that pass is run a second time, to see that both runs are the same.
    /// Default 24; 0 is none. A failing seed is always run twice; `SIM_CHECK` goes before this.
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

    /// Changes the settings of each seed's runtime, given the seed.
    pub fn runtime(
        mut self,
        configure: impl Fn(Builder, u64) -> Builder + Send + Sync + 'static,
    ) -> Self {
        self.configure = Box::new(configure);
        self
    }

    /// Runs `body` under all seeds.
    ///
    /// # Panics
    ///
    /// When it panics under one, or a seed does not repeat: with the line that runs it again, and
    /// a smaller run that fails in the same way. The choices of both are in files then. When a fault
    /// had a probability and never an effect, under any seed: the campaign tested less than it says.
    /// That is left out where the environment asks for less than the campaign.
    pub fn run(&self, body: impl Fn(&mut TestRuntime) + Sync) {
        let steering = Steering::read();
        let effects = Mutex::new(BTreeMap::new());
        let notes = |seed, outcome: &Outcome| {
            if !outcome.trace.bytes().is_empty() {
                eprintln!("{} passes; {}", self.test, self.kept(seed, "", &outcome.trace));
                return;
            }
            note_hash(&self.test, seed, outcome.checkpoints.last);
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
    }

    /// A failure as it is told to whoever runs the test.
    fn told(
        &self,
        steering: &Steering,
        failure: &Failure,
        body: &(impl Fn(&mut TestRuntime) + Sync),
    ) -> String {
        let seed = failure.seed;
        let stored = |log: &DecisionLog, trace, suffix| {
            let text = log.to_string();
            let choices = match store((&self.test, seed), &format!("{suffix}.dec"), text.as_bytes())
            {
                Ok(path) => format!("its choices are in {}", path.display()),
                Err(error) => format!("its choices could not be written: {error}"),
            };
            format!("{choices}\n{}", self.kept(seed, suffix, trace))
        };
        let mut said = format!("{failure}\n{}\n", steering.repeat_line(&self.test, seed));
        said.push_str(&stored(&failure.log, &failure.trace, ""));
        if let Some(shrunk) = self.shrink(failure, body) {
            said.push_str(&format!("\n{shrunk}{}", stored(&shrunk.log, &shrunk.trace, ".min")));
        }
        said
    }

    /// Writes the events of a run to a file; says where they are, and how to look at them.
    fn kept(&self, seed: u64, suffix: &str, trace: &TraceFile) -> String {
        match store((&self.test, seed), &format!("{suffix}.trace"), trace.bytes()) {
            Ok(path) => {
                let (path, page) = (path.display(), path.with_extension("html"));
                let page = page.display();
                format!("its events are in {path}\n  cargo x sim show {path} --html {page}")
            }
            Err(error) => format!("its events could not be written: {error}"),
        }
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

    fn replayed(
        &self,
        script: Script,
        turns_max: Option<u64>,
        keeps: Keeps,
        body: &(impl Fn(&mut TestRuntime) + Sync),
    ) -> Outcome {
        let seed = script.log.seed;
        let builder = (self.configure)(Builder::default(), seed).script(script);
        let builder = turns_max.into_iter().fold(builder, Builder::turns_max);
        run((&self.test, &format!("{seed:#x} again")), builder, keeps, body)
    }

    fn first_failure(
        &self,
        steering: &Steering,
        body: &(impl Fn(&mut TestRuntime) + Sync),
        notes: Notes<'_>,
    ) -> Option<Failure> {
        if let Some(path) = &steering.replay {
            return self.replay(path, body);
        }
        let check = |seed, number, repeats| {
            let first = self.once(steering, seed, Keeps::Little, body);
            notes(seed, &first);
            self.judge(steering, (seed, number), first, repeats, (body, notes))
        };
        if let Some(seed) = steering.seed {
            return check(seed, 0, true);
        }
        let base = self.test.bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
        let unsaid = if steering.time.is_some() { u64::MAX } else { self.count };
        first_of(steering, steering.seeds.unwrap_or(unsaid), &|number| {
            let seed = mix(base.wrapping_add(number));
            let repeats = steering.check.unwrap_or_else(|| self.repeats(seed));
            check(seed, number, repeats)
        })
    }

    /// Whether a seed that passes is run twice, unless the environment says.
    const fn repeats(&self, seed: u64) -> bool {
        self.repeat_every > 0 && seed.is_multiple_of(self.repeat_every)
    }

    /// Says whether a run failed, after a second one if it did or `repeats`.
    fn judge(
        &self,
        steering: &Steering,
        (seed, after): (u64, u64),
        mut first: Outcome,
        repeats: bool,
        (body, notes): (&(impl Fn(&mut TestRuntime) + Sync), Notes<'_>),
    ) -> Option<Failure> {
        if first.failure.is_none() && !repeats {
            return None;
        }
        let is_looked_at = first.failure.is_some() || steering.seed.is_some();
        let keeps = if is_looked_at { Keeps::Trace } else { Keeps::Little };
        let mut second = self.once(steering, seed, keeps, body);
        let mut difference = difference(&first, &second);
        if difference.is_some() {
            // Twice more, to see what happened differently.
            let third = self.once(steering, seed, Keeps::All, body);
            second = self.once(steering, seed, Keeps::Trace, body);
            difference = compare::difference(&third, &second).or(difference);
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
        let builder = (self.configure)(Builder::default(), seed).seed(seed);
        let builder = steering.policy.into_iter().fold(builder, Builder::policy);
        run((&self.test, &format!("{seed:#x}")), builder, keeps, body)
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
        let builder = (self.configure)(Builder::default(), seed).script(script);
        let outcome = run((&self.test, "replayed"), builder, Keeps::Trace, body);
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

impl fmt::Debug for Campaign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Campaign").field("test", &self.test).field("count", &self.count).finish()
    }
}
