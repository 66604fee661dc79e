//! The seeds one after the other.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use greenroom_core::hash::mix;

use super::compare::difference;
use super::environment::{note_hash, only_seed, repeat_line, seed_count};
use super::one::{Outcome, run};
use crate::draws::Decision;
use crate::faults::Fault;
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
    configure: Box<dyn Fn(Builder, u64) -> Builder>,
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
    pub decisions: Vec<Decision>,
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
        Self { test: test.into(), count: 100, configure: Box::new(|builder, _| builder) }
    }

    /// How many seeds to run. They follow from the test's name.
    pub const fn seeds(mut self, count: u64) -> Self {
        self.count = count;
        self
    }

    /// Changes the settings of each seed's runtime, given the seed.
    pub fn runtime(mut self, configure: impl Fn(Builder, u64) -> Builder + 'static) -> Self {
        self.configure = Box::new(configure);
        self
    }

    /// Runs `body` under all seeds.
    ///
    /// # Panics
    ///
    /// When it panics under one, or a seed does not repeat: with the line that runs it again. When
    /// a fault had a probability and never an effect, under any seed: the campaign tested less than
    /// it says. That is left out where the environment asks for fewer seeds than the campaign.
    pub fn run(&self, body: impl Fn(&mut TestRuntime) + Sync) {
        let effects = RefCell::new(BTreeMap::new());
        let notes = |seed, outcome: &Outcome| {
            note_hash(&self.test, seed, outcome.checkpoints.last);
            for &(fault, count) in &outcome.effects {
                *effects.borrow_mut().entry(fault).or_insert(0) += count;
            }
        };
        if let Some(failure) = self.first_failure(&body, notes) {
            panic!("{failure}\n{}", repeat_line(&self.test, failure.seed));
        }
        // Fewer seeds than the test asks for need not show everything.
        if only_seed().is_none() && seed_count().is_none_or(|count| count >= self.count) {
            let idle = effects.into_inner().into_iter().filter(|(_, count)| *count == 0u64);
            let idle: Vec<Fault> = idle.map(|(fault, _)| fault).collect();
            assert!(idle.is_empty(), "{}: enabled faults without any effect: {idle:?}", self.test);
        }
    }

    /// Runs `body` under one seed after the other until it panics under one. For what is meant to
    /// fail: no repeat line is printed, and no hash is written.
    pub fn search(&self, body: impl Fn(&mut TestRuntime) + Sync) -> Option<Failure> {
        self.first_failure(&body, |_, _| ())
    }

    fn first_failure(
        &self,
        body: &(impl Fn(&mut TestRuntime) + Sync),
        notes: impl Fn(u64, &Outcome),
    ) -> Option<Failure> {
        let check = |seed, number, repeats| {
            let first = self.once(seed, repeats, body);
            notes(seed, &first);
            self.judge(seed, number, first, repeats, body)
        };
        if let Some(seed) = only_seed() {
            return check(seed, 0, true);
        }
        let base = self.test.bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
        let count = seed_count().unwrap_or(self.count);
        (0..count).find_map(|number| {
            let seed = mix(base.wrapping_add(number));
            check(seed, number, seed.is_multiple_of(REPEAT_EVERY))
        })
    }

    /// Says whether a run failed, after a second one if it did or `repeats`.
    fn judge(
        &self,
        seed: u64,
        after: u64,
        mut first: Outcome,
        repeats: bool,
        body: &(impl Fn(&mut TestRuntime) + Sync),
    ) -> Option<Failure> {
        if first.failure.is_none() && !repeats {
            return None;
        }
        let second = self.once(seed, true, body);
        let difference = difference(&first, &second);
        let message = match (difference, first.failure.take()) {
            (None, None) => return None,
            (Some(difference), None) => difference,
            (None, Some(failure)) => failure,
            (Some(difference), Some(failure)) => format!("{failure}\n{difference}"),
        };
        Some(Failure { seed, after, message, decisions: second.decisions })
    }

    fn once(&self, seed: u64, keeps: bool, body: &(impl Fn(&mut TestRuntime) + Sync)) -> Outcome {
        let builder = (self.configure)(Builder::default(), seed).seed(seed);
        run(format!("{} {seed:#x}", self.test), builder, keeps, body)
    }
}

impl fmt::Debug for Campaign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Campaign").field("test", &self.test).field("count", &self.count).finish()
    }
}
