//! One seed on one fresh thread.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::draws::Decision;
use crate::faults::Fault;
use crate::runtime::{Builder, TestRuntime};
use crate::trace::{Checkpoints, Record};

/// What came of one run.
pub(super) struct Outcome {
    pub(super) checkpoints: Checkpoints,
    /// What the test or the run said when it failed.
    pub(super) failure: Option<String>,
    /// The last events, where asked for.
    pub(super) records: Vec<Record>,
    /// All choices, where asked for.
    pub(super) decisions: Vec<Decision>,
    /// The faults that were enabled, and how often each had an effect.
    pub(super) effects: Vec<(Fault, u64)>,
}

/// Runs one seed.
pub(super) fn run(
    name: String,
    builder: Builder,
    keeps: bool,
    body: &(impl Fn(&mut TestRuntime) + Sync),
) -> Outcome {
    std::thread::scope(|scope| {
        let seed = std::thread::Builder::new().name(name);
        let thread = seed.spawn_scoped(scope, move || run_here(builder, keeps, body));
        let thread = thread.expect("the system has a thread for a test");
        // The body's panics are caught; this would be one of the simulator's own drops.
        thread.join().unwrap_or_else(|payload| Outcome {
            checkpoints: Checkpoints::default(),
            failure: Some(message_of(&*payload)),
            records: Vec::new(),
            decisions: Vec::new(),
            effects: Vec::new(),
        })
    })
}

fn run_here(builder: Builder, keeps: bool, body: &(impl Fn(&mut TestRuntime) + Sync)) -> Outcome {
    let mut runtime = builder.quiet().log_decisions(keeps).build();
    // The runtime is only looked at afterwards.
    let caught = catch_unwind(AssertUnwindSafe(|| body(&mut runtime)));
    Outcome {
        checkpoints: runtime.checkpoints(),
        failure: caught.err().map(|payload| message_of(&*payload)),
        records: if keeps { runtime.records(usize::MAX) } else { Vec::new() },
        decisions: runtime.decisions(),
        effects: runtime.enabled_effects(),
    }
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let message = payload.downcast_ref::<&'static str>().map(|&message| message.to_owned());
    let message = message.or_else(|| payload.downcast_ref::<String>().cloned());
    message.unwrap_or_else(|| "a panic without a message".into())
}
