//! Where a run panicked, and silence for runs that only look for a smaller failure.

use std::cell::RefCell;
use std::panic::{self, PanicHookInfo};
use std::sync::Once;

/// What is noted of the panics on one thread.
#[derive(Debug, Default)]
struct Watch {
    silent: bool,
    places: Vec<String>,
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
    WATCH.set(Some(Watch { silent, places: Vec::new() }));
}

/// The places of this thread's panics, oldest first, as file and line.
pub(super) fn places() -> Vec<String> {
    WATCH.take().unwrap_or_default().places
}

/// Returns whether nobody else is to hear of it.
fn note(info: &PanicHookInfo<'_>) -> bool {
    let noted = WATCH.try_with(|watch| {
        let mut watch = watch.try_borrow_mut().ok()?;
        let watch = watch.as_mut()?;
        watch.places.extend(info.location().map(|at| format!("{}:{}", at.file(), at.line())));
        Some(watch.silent)
    });
    noted.ok().flatten().unwrap_or(false)
}
