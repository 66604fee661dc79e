//! The monitors of a test.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use super::{Monitor, Seen, Verdicts};

/// Makes a monitor for a run.
pub(crate) type Make = Arc<dyn Fn() -> Box<dyn Monitor> + Send + Sync>;

/// Those of one run.
#[derive(Default)]
pub(crate) struct Monitors {
    some: bool,
    watched: RefCell<Vec<Watched>>,
}

struct Watched {
    monitor: Box<dyn Monitor>,
    /// Virtual time at which it was first found to be hot, and has been since.
    hot_since: Option<u64>,
}

impl Monitors {
    pub(crate) fn new(makers: &[Make]) -> Self {
        let watched = |make: &Make| Watched { monitor: make(), hot_since: None };
        Self {
            some: !makers.is_empty(),
            watched: RefCell::new(makers.iter().map(watched).collect()),
        }
    }

    /// Whether there is one.
    #[inline]
    pub(crate) const fn any(&self) -> bool {
        self.some
    }

    pub(crate) fn see(&self, seen: &Seen<'_>, verdicts: &Verdicts) {
        for watched in &mut *self.watched.borrow_mut() {
            if let Err(what) = watched.monitor.see(seen) {
                verdicts.broken(watched.monitor.name(), format!("{what}, at {:?}", seen.at));
            }
            if !watched.monitor.is_hot() {
                watched.hot_since = None;
            }
        }
    }

    /// Whether one is hot.
    pub(crate) fn any_hot(&self) -> bool {
        self.watched.borrow().iter().any(|watched| watched.monitor.is_hot())
    }

    /// Looks for one that has been hot for too long, counted from when the run became fair.
    pub(crate) fn take_temperature(&self, now: u64, fair: u64, limit: u64, verdicts: &Verdicts) {
        for watched in &mut *self.watched.borrow_mut() {
            if watched.monitor.is_hot() {
                let since = *watched.hot_since.get_or_insert(now);
                if now.saturating_sub(since.max(fair)) > limit {
                    let time = std::time::Duration::from_nanos(now - since);
                    verdicts.broken(watched.monitor.name(), format!("hot for {time:?}"));
                }
            }
        }
    }

    /// Nothing is left to do.
    pub(crate) fn at_end(&self, verdicts: &Verdicts) {
        for watched in &mut *self.watched.borrow_mut() {
            if watched.monitor.is_hot() {
                verdicts.broken(watched.monitor.name(), "hot when nothing is left to do".into());
            }
            if let Err(what) = watched.monitor.at_end() {
                verdicts.broken(watched.monitor.name(), what);
            }
        }
    }
}

impl fmt::Debug for Monitors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitors").field("some", &self.some).finish_non_exhaustive()
    }
}
