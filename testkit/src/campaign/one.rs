//! One seed on one fresh thread.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use greenroom_core::assertions::{self, Tally};

use super::panics;
use crate::faults::Fault;
use crate::maybe::MaybeSite;
use crate::monitor::BROKEN;
use crate::replay::{DecisionLog, Drift, Taken};
use crate::runtime::{Builder, RETHROWN_IN, TestRuntime};
use crate::trace::{Checkpoints, Close};

/// What came of one run.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) checkpoints: Checkpoints,
    pub(super) failure: Option<Fall>,
    /// The events that were looked at closely.
    pub(super) close: Vec<Close>,
    /// The faults that were enabled, and how often each had an effect.
    pub(super) effects: Vec<(Fault, u64)>,
    /// The `maybe!` sites that it came by.
    pub(super) maybe_sites: Vec<MaybeSite>,
    /// All choices, where asked for.
    pub(super) log: DecisionLog,
    /// Which shard ran when, where asked for.
    pub(super) taken: Taken,
    /// What assertions saw.
    pub(super) tally: Tally,
    /// How far a replay was from its record.
    pub(super) drift: Option<Drift>,
    /// Where everything stood when it failed, where asked for.
    pub(super) report: String,
}

/// That a run failed.
pub(super) struct Fall {
    /// What the test or the run said.
    pub(super) message: String,
    /// Where it was said: what two failures must share to be taken for one.
    pub(super) fingerprint: String,
}

/// How much is kept of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeps {
    /// Hashes.
    Little,
    /// Choices and reports.
    Choices,
    /// The same, and nothing is printed.
    Silently,
    /// Hashes, and events one by one from that one on; nothing is printed.
    Closely(u64),
}

impl Keeps {
    const fn choices(self) -> bool {
        matches!(self, Self::Choices | Self::Silently)
    }

    pub(super) const fn closely_from(self) -> Option<u64> {
        match self {
            Self::Closely(event) => Some(event),
            Self::Little | Self::Choices | Self::Silently => None,
        }
    }
}

/// Runs one seed.
pub(super) fn run(
    name: String,
    builder: Builder,
    keeps: Keeps,
    body: &(impl Fn(&mut TestRuntime) + Sync),
) -> Outcome {
    std::thread::scope(|scope| {
        let seed = std::thread::Builder::new().name(name);
        let thread = seed.spawn_scoped(scope, move || run_here(builder, keeps, body));
        let thread = thread.expect("the system has a thread for a test");
        // The body's panics are caught; this would be one of the simulator's own drops.
        thread.join().unwrap_or_else(|payload| {
            let message = message_of(&*payload);
            let fingerprint = "outside of the test".into();
            Outcome { failure: Some(Fall { message, fingerprint }), ..Outcome::default() }
        })
    })
}

fn run_here(builder: Builder, keeps: Keeps, body: &(impl Fn(&mut TestRuntime) + Sync)) -> Outcome {
    panics::watch(matches!(keeps, Keeps::Silently | Keeps::Closely(_)));
    let builder = builder.quiet().log_decisions(keeps.choices());
    let mut runtime = keeps.closely_from().into_iter().fold(builder, Builder::closely_from).build();
    // The runtime is only looked at afterwards.
    let caught = catch_unwind(AssertUnwindSafe(|| {
        body(&mut runtime);
        if runtime.checks_end() {
            runtime.check_end();
        }
        runtime.pass_judgement();
    }));
    let tally = assertions::end();
    let failure = caught.err().map(|payload| {
        let message = message_of(&*payload);
        Fall { fingerprint: fingerprint(&message, &panics::places()), message }
    });
    let mut outcome = Outcome {
        checkpoints: runtime.checkpoints(),
        effects: runtime.enabled_effects(),
        maybe_sites: runtime.maybe_sites(),
        close: runtime.looked_at_closely(),
        drift: runtime.drift(),
        failure,
        tally,
        ..Outcome::default()
    };
    if keeps.choices() {
        (outcome.log, outcome.taken) = (runtime.decision_log(), runtime.schedule_taken());
        if outcome.failure.is_some() {
            let report = catch_unwind(AssertUnwindSafe(|| runtime.report()));
            outcome.report = report.unwrap_or_else(|_| "no report can be made".into());
        }
    }
    outcome
}

/// The place of the last panic; where the runtime only passes on that its test's task panicked,
/// the place of that too. The text does not count: it is full of numbers.
fn fingerprint(message: &str, places: &[String]) -> String {
    // What is broken says it itself; the place only tells of it.
    if let Some((broken, _)) = message.strip_prefix(BROKEN).and_then(|said| said.split_once("]:")) {
        return broken.into();
    }
    let Some((last, before)) = places.split_last() else { return "nowhere".into() };
    let passed_on = last.starts_with(RETHROWN_IN) && !message.starts_with("deadlock");
    match before.last() {
        Some(cause) if passed_on => format!("{cause}, passed on by {last}"),
        _ => last.clone(),
    }
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let message = payload.downcast_ref::<&'static str>().map(|&message| message.to_owned());
    let message = message.or_else(|| payload.downcast_ref::<String>().cloned());
    message.unwrap_or_else(|| "a panic without a message".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_that_counts_is_the_tests_own() {
        let rethrown = format!("{RETHROWN_IN}:9");
        let places = ["a.rs:1".to_owned(), "b.rs:2".into(), rethrown.clone()];
        assert_eq!(fingerprint("odd", &places[..2]), "b.rs:2");
        assert_eq!(fingerprint("odd", &places), format!("b.rs:2, passed on by {rethrown}"));
        assert_eq!(fingerprint("deadlock: nothing can move", &places), rethrown);
        assert_eq!(fingerprint("odd", &[]), "nowhere");
        assert_eq!(
            fingerprint("broken [always \"x\" at a.rs:1]: y", &places),
            "always \"x\" at a.rs:1"
        );
    }
}
