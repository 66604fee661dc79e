//! Where a run panicked, and silence for runs that only look for a smaller failure.

use std::cell::RefCell;
use std::panic::{self, PanicHookInfo};
use std::sync::Once;

/// What is noted of the panics on one thread.
#[derive(Default)]
struct Watch {
    silent: bool,
    /// How many events the run has had.
    events: Option<Box<dyn Fn() -> u64>>,
    places: Vec<Place>,
}

/// Where a run panicked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// File and line.
    pub(super) source: String,
    /// How many events of the run there were before.
    pub(super) events: u64,
}

thread_local! {
    static WATCH: RefCell<Option<Watch>> = const { RefCell::new(None) };
}

static INSTALLED: Once = Once::new();

/// Notes where this thread panics from here on; if `silent`, nothing is printed then. The hook
/// that was there before is asked for all other panics.
pub(super) fn watch(silent: bool) {
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !note(info) {
                before(info);
            }
        }));
    });
    WATCH.set(Some(Watch { silent, ..Watch::default() }));
}

/// Lets the events be counted of the run that this thread makes from here on.
pub(super) fn count_events(events: impl Fn() -> u64 + 'static) {
    WATCH.with_borrow_mut(|watch| {
        if let Some(watch) = watch {
            watch.events = Some(Box::new(events));
        }
    });
}

/// The places of this thread's panics, oldest first.
pub(super) fn places() -> Vec<Place> {
    WATCH.take().unwrap_or_default().places
}

/// Returns whether nobody else is to hear of it.
fn note(info: &PanicHookInfo<'_>) -> bool {
    let noted = WATCH.try_with(|watch| {
        let mut watch = watch.try_borrow_mut().ok()?;
        let watch = watch.as_mut()?;
        let events = watch.events.as_ref().map_or(0, |events| events());
        let source = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
        watch.places.extend(source.map(|source| Place { source, events }));
        Some(watch.silent)
    });
    noted.ok().flatten().unwrap_or(false)
}
