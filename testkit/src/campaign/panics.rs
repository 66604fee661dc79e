//! Where a run panicked, and silence for runs that only look for a smaller failure.

use std::cell::RefCell;
use std::panic::{self, PanicHookInfo};
use std::sync::Once;

use greenroom_core::runtime::note_panic;

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
            if note(info) {
                note_panic(info);
            } else {
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

#[cfg(test)]
mod tests {
    use greenroom_core::{ExitReason, Placement};

    use super::*;
    use crate::TestRuntime;

    struct Crasher;

    impl greenroom_core::Actor for Crasher {
        type Message = ();

        async fn handle(
            &mut self,
            (): (),
            _: &greenroom_core::Context<Self>,
        ) -> greenroom_core::Flow {
            panic!("told to")
        }
    }

    /// What a run tells of a panic must not depend on whether it is one that is kept quiet.
    #[test]
    fn a_quiet_run_knows_the_places_of_panics_too() {
        let place = || {
            let exit = TestRuntime::new_with_seed(1).run(async |system| {
                let crasher = system.spawn(Placement::Here, || Crasher).await.unwrap();
                crasher.cast(()).unwrap();
                crasher.exit().await
            });
            let ExitReason::Panicked(panic) = exit else { panic!("{exit}") };
            panic.place().map(str::to_owned)
        };
        let loud = place();
        watch(true);
        let quiet = place();
        assert_eq!(places().len(), 1);
        assert!(loud.is_some() && quiet == loud, "{loud:?} {quiet:?}");
    }
}
