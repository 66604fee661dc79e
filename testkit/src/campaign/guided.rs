//! Runs that go on from where earlier ones found something new.
//!
//! Seeds are independent of each other: what needs ten lucky choices in a row needs them all under one
//! seed. A guided campaign keeps the choices of runs that showed something new (see
//! [`novelty`](super::novelty)), and makes most of its runs by taking one of them up to a point, mostly
//! near its end, and drawing what comes after anew. So it gets further one lucky choice at a time. (The
//! idea is that of fuzzers with coverage, as AFL has it; the choices of a run stand for their bytes.)
//!
//! Each run follows from the campaign's seeds and from the runs before it, so runs are made one after
//! another whatever `SIM_JOBS` says, and the whole search is the same each time.

use std::sync::Arc;
use std::time::Instant;

use greenroom_core::hash::mix;

use super::environment::Steering;
use super::novelty::{Novelty, Seen};
use super::one::{Keeps, Outcome, run};
use super::search::Notes;
use super::{Campaign, Failure};
use crate::replay::{DecisionLog, Script};
use crate::runtime::{Builder, TestRuntime};

/// Logs that are kept to go on from.
const KEPT_MAX: usize = 256;

/// One in so many runs is under a seed alone, as in any other campaign.
const FRESH_EVERY: u64 = 4;

/// What runs so far have found.
#[derive(Default)]
struct Pool {
    seen: Seen,
    /// Runs in which assertions saw something new, oldest first.
    asserted: Vec<DecisionLog>,
    /// Runs whose events came in a new order.
    others: Vec<DecisionLog>,
}

/// Numbers that follow from a seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        ((u128::from(mix(self.0)) * n as u128) >> 64) as usize
    }

    /// One below `n` that is more likely near the end.
    fn late_below(&mut self, n: usize, scales: usize) -> usize {
        let scale = self.below(scales);
        n - 1 - self.below((n >> scale).max(1))
    }
}

impl Pool {
    /// The first choices of an earlier run; none where a seed is to be run alone.
    fn beginning(&self, seed: u64) -> Option<DecisionLog> {
        let mut numbers = Numbers(mix(seed ^ 0x6272_616e));
        if numbers.below(FRESH_EVERY as usize) == 0 {
            return None;
        }
        let prefers = numbers.below(4) > 0 || self.others.is_empty();
        let from = if prefers && !self.asserted.is_empty() { &self.asserted } else { &self.others };
        let len = Some(from.len()).filter(|&len| len > 0)?;
        let mut log = from[numbers.late_below(len, 5)].clone();
        let choices = Some(log.decisions.len()).filter(|&choices| choices > 0)?;
        log.decisions.truncate(numbers.late_below(choices, 5));
        Some(log)
    }

    fn take(&mut self, outcome: &Outcome) {
        let kept = match self.seen.take(outcome) {
            Novelty::None => return,
            Novelty::Edges => &mut self.others,
            Novelty::Asserted => &mut self.asserted,
        };
        if kept.len() == KEPT_MAX {
            kept.remove(0);
        }
        kept.push(outcome.log.clone());
    }
}

impl Campaign {
    /// Lets most runs go on from where an earlier one found something new, instead of beginning under
    /// a seed of their own: bugs that need many lucky choices in a row are found in fewer runs. What is
    /// new, a run's own events say, and the test's `sometimes!`, `reachable!` and `watermark!`, which
    /// may mark how far it got. Campaigns of a few seeds are better off without.
    ///
    /// Runs are made one after the other, whatever `SIM_JOBS` says. `SIM_GUIDED=1` does this to every
    /// campaign, `SIM_GUIDED=0` to none. An exhaustive campaign is not guided.
    pub const fn guided(mut self) -> Self {
        self.guided = true;
        self
    }

    pub(super) fn is_guided(&self, steering: &Steering) -> bool {
        steering.guided.unwrap_or(self.guided) && self.exhaustive.is_none()
    }

    /// Makes run after run until one fails, all are made, or the time is up.
    #[expect(clippy::disallowed_methods, reason = "a soak goes on for so long in real time")]
    pub(super) fn first_guided(
        &self,
        steering: &Steering,
        count: u64,
        body: &(impl Fn(&mut TestRuntime) + Sync),
        notes: Notes<'_>,
    ) -> Option<Failure> {
        let end = steering.time.map(|time| Instant::now() + time);
        let mut pool = Pool::default();
        for number in 0..count {
            if number > 0 && end.is_some_and(|end| Instant::now() >= end) {
                return None;
            }
            let place = self.place(steering, number);
            let seed = mix(place);
            let builder = match pool.beginning(seed) {
                Some(log) => self.builder(log.seed).branch(log, seed),
                None => self.builder(seed).seed(seed).log_decisions(true),
            };
            let builder = steering.policy.into_iter().fold(builder, Builder::policy);
            let first = run((&self.test, &format!("run {number}")), builder, Keeps::Shown, body);
            notes(seed, &first);
            if first.failure.is_none() {
                pool.take(&first);
            }
            let script = Script { log: Arc::new(first.log.clone()), schedule: None };
            let again = |keeps| {
                let builder = self.scripted(script.clone());
                let builder = steering.policy.into_iter().fold(builder, Builder::policy);
                run((&self.test, &format!("run {number} again")), builder, keeps, body)
            };
            let repeats = steering.check.unwrap_or_else(|| self.repeats(place));
            let of = (script.log.seed, number);
            if let Some(failure) = self.judge(steering, of, first, repeats, (&again, notes)) {
                return Some(failure);
            }
        }
        None
    }
}
