//! One seed on one fresh thread.

use std::any::Any;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::time::Duration;

use greenroom_core::assertions::{self, Tally};

use super::novelty::edges;
use super::panics::{self, Place};
use crate::faults::Fault;
use crate::maybe::MaybeSite;
use crate::monitor::BROKEN;
use crate::replay::{DecisionLog, Drift, Taken};
use crate::runtime::{Builder, RETHROWN_IN, TestRuntime};
use crate::trace::{Checkpoints, Close, Mishap, TraceFile};

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
    /// Its events as a file, where asked for.
    pub(super) trace: TraceFile,
    /// The pairs of events that it had, where asked for.
    pub(super) edges: Vec<u64>,
}

/// That a run failed.
pub(super) struct Fall {
    /// What the test or the run said.
    pub(super) message: String,
    /// Where it was said: what two failures must share to be taken for one.
    pub(super) fingerprint: String,
    /// How many events there were before.
    events: u64,
}

/// How much is kept of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeps {
    /// Hashes.
    Little,
    /// Hashes, and events one by one from that one on; nothing is printed.
    Closely(u64),
    /// Choices and reports.
    Choices,
    /// The same, and what it showed.
    Shown,
    /// Choices and reports, and nothing is printed.
    Silently,
    /// Choices, reports, and the whole trace as a file.
    Trace,
    /// The same, and nothing is printed.
    TraceSilently,
}

impl Keeps {
    const fn is_silent(self) -> bool {
        matches!(self, Self::Closely(_) | Self::Silently | Self::TraceSilently)
    }

    const fn has_choices(self) -> bool {
        !matches!(self, Self::Little | Self::Closely(_))
    }

    const fn has_trace(self) -> bool {
        matches!(self, Self::Trace | Self::TraceSilently)
    }

    /// Says to a run how much of its events is to be there afterwards.
    fn asked_of(self, builder: Builder) -> Builder {
        let builder = builder.log_decisions(self.has_choices());
        match self {
            Self::Closely(event) => builder.closely_from(event),
            Self::Trace | Self::TraceSilently | Self::Shown => builder.whole_besides(),
            Self::Little | Self::Choices | Self::Silently => builder,
        }
    }
}

/// Runs one seed.
pub(super) fn run(
    (test, what): (&str, &str),
    builder: Builder,
    keeps: Keeps,
    body: &(impl Fn(&mut TestRuntime) + Sync),
) -> Outcome {
    std::thread::scope(|scope| {
        let seed = std::thread::Builder::new().name(format!("{test} {what}"));
        let (running, over) = mpsc::channel::<()>();
        let thread = seed.spawn_scoped(scope, move || {
            let _running = running;
            run_here(test, builder, keeps, body)
        });
        let thread = thread.expect("the system has a thread for a test");
        if is_long(&over, LONG) {
            // Not by `eprintln`: what a test prints is shown when it is over, which this may never be.
            drop(writeln!(
                std::io::stderr(),
                "{test}: {what} has run for {LONG:?}; what loops in an actor or task without ever \
                 waiting never gives its turn back"
            ));
        }
        // The body's panics are caught; this would be one of the simulator's own drops.
        thread.join().unwrap_or_else(|payload| {
            let message = message_of(&*payload);
            let fall = Fall { message, fingerprint: "outside of the test".into(), events: 0 };
            Outcome { failure: Some(fall), ..Outcome::default() }
        })
    })
}

/// After so much real time a run that is not over is told of.
const LONG: Duration = Duration::from_secs(30);

/// Whether a run, which drops the other end when it is over, takes longer than that.
fn is_long(over: &mpsc::Receiver<()>, limit: Duration) -> bool {
    over.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout)
}

fn run_here(
    test: &str,
    builder: Builder,
    keeps: Keeps,
    body: &(impl Fn(&mut TestRuntime) + Sync),
) -> Outcome {
    panics::watch(keeps.is_silent());
    let mut runtime = keeps.asked_of(builder.quiet()).build();
    panics::count_events(runtime.events_so_far());
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
        let (fingerprint, events) = fingerprint(&message, &panics::places());
        Fall { fingerprint, events, message }
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
    if keeps == Keeps::Shown {
        outcome.edges = edges(&runtime.all_records());
    }
    if keeps.has_trace() {
        let mishap = outcome.failure.as_ref().map(|fall| Mishap {
            at: fall.events.min(runtime.events()).saturating_sub(1),
            message: fall.message.clone(),
        });
        outcome.trace = runtime.trace_file(test, mishap);
    }
    if keeps.has_choices() {
        (outcome.log, outcome.taken) = (runtime.decision_log(), runtime.schedule_taken());
        if outcome.failure.is_some() {
            let report = catch_unwind(AssertUnwindSafe(|| runtime.report()));
            outcome.report = report.unwrap_or_else(|_| "no report can be made".into());
        }
    }
    outcome
}

/// The place of the last panic; where the runtime only passes on that its test's task panicked,
/// the place of that too. The text does not count: it is full of numbers. And how many events there
/// were before it.
fn fingerprint(message: &str, places: &[Place]) -> (String, u64) {
    let Some((last, before)) = places.split_last() else { return ("nowhere".into(), u64::MAX) };
    // What is broken says it itself; the place only tells of it.
    if let Some((broken, _)) = message.strip_prefix(BROKEN).and_then(|said| said.split_once("]:")) {
        return (broken.into(), last.events);
    }
    let passed_on = last.source.starts_with(RETHROWN_IN) && !message.starts_with("deadlock");
    match before.last() {
        Some(cause) if passed_on => {
            (format!("{}, passed on by {}", cause.source, last.source), cause.events)
        }
        _ => (last.source.clone(), last.events),
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
    fn a_run_that_does_not_end_is_told_of() {
        let (running, over) = mpsc::channel::<()>();
        assert!(is_long(&over, Duration::ZERO));
        drop(running);
        assert!(!is_long(&over, LONG));
    }

    #[test]
    fn the_place_that_counts_is_the_tests_own() {
        let rethrown = format!("{RETHROWN_IN}:9");
        let place = |source: &str, events| Place { source: source.into(), events };
        let places = [place("a.rs:1", 3), place("b.rs:2", 5), place(&rethrown, 8)];
        assert_eq!(fingerprint("odd", &places[..2]), ("b.rs:2".into(), 5));
        assert_eq!(fingerprint("odd", &places), (format!("b.rs:2, passed on by {rethrown}"), 5));
        let broken = fingerprint("broken [always \"x\" at a.rs:1]: y", &places);
        assert_eq!(broken, ("always \"x\" at a.rs:1".into(), 8));
        assert_eq!(fingerprint("deadlock: nothing can move", &places), (rethrown, 8));
        assert_eq!(fingerprint("odd", &[]).0, "nowhere");
    }
}
