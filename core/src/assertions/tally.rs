//! What the assertions of one run saw.
//!
//! Counts are kept by thread: a simulated run is on one thread, and runs side by side must not mix.

use std::cell::{Cell, RefCell};
use std::fmt;

use super::Site;
use crate::hash::DetHashMap;

/// All assertions of the program, in no order.
#[doc(hidden)]
#[linkme::distributed_slice]
pub static SITES: [Site];

/// All assertions of the program, also those that were never reached, by name.
#[must_use]
pub fn catalogue() -> Vec<&'static Site> {
    let mut sites: Vec<&'static Site> = SITES.iter().collect();
    sites.sort_unstable();
    sites
}

/// What one assertion saw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Count {
    /// How often it was reached and true.
    pub hits: u64,
    /// How often it was reached and not.
    pub misses: u64,
    /// The highest value of a watermark; the least there is before the first.
    pub highest: i64,
}

impl Default for Count {
    fn default() -> Self {
        Self { hits: 0, misses: 0, highest: i64::MIN }
    }
}

impl Count {
    /// What this and another saw together.
    pub fn add(&mut self, other: Self) {
        self.hits += other.hits;
        self.misses += other.misses;
        self.highest = self.highest.max(other.highest);
    }
}

/// What the assertions that were reached saw, by name.
pub type Tally = Vec<(&'static Site, Count)>;

thread_local! {
    /// By the address of the site, which is one static.
    static COUNTS: RefCell<Option<DetHashMap<usize, (&'static Site, Count)>>> =
        const { RefCell::new(None) };
    static VIOLATED: Cell<bool> = const { Cell::new(false) };
    static VIOLATION: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Assertions on this thread are counted from here on. One that was broken before and that nobody
/// has taken is forgotten.
pub fn begin() {
    drop(take_violation());
    COUNTS.with_borrow_mut(|counts| {
        let _counts = counts.get_or_insert_default();
    });
}

/// Assertions on this thread are no longer counted. Returns what they saw.
pub fn end() -> Tally {
    let counts = COUNTS.take().unwrap_or_default();
    let mut tally: Tally = counts.into_values().collect();
    tally.sort_unstable_by_key(|(site, _)| *site);
    tally
}

/// Whether an assertion was broken on this thread that nobody has taken.
#[inline]
#[must_use]
pub fn is_violated() -> bool {
    VIOLATED.get()
}

/// The first assertion that was broken on this thread since this was asked last: which, and how.
pub fn take_violation() -> Option<String> {
    VIOLATED.set(false);
    VIOLATION.take()
}

pub(super) fn count(site: &'static Site, f: impl FnOnce(&mut Count)) {
    // Not while a thread ends, when there is nothing to count for.
    let _ended = COUNTS.try_with(|counts| {
        if let Some(counts) = &mut *counts.borrow_mut() {
            f(&mut counts
                .entry(std::ptr::from_ref(site).addr())
                .or_insert_with(|| (site, Count::default()))
                .1);
        }
    });
}

/// Returns whether somebody will hear of it.
pub(super) fn violated(site: &'static Site, detail: fmt::Arguments<'_>) -> bool {
    let counting = COUNTS.try_with(|counts| counts.borrow().is_some()).unwrap_or(false);
    if counting && !VIOLATED.replace(true) {
        // Made first: it runs what users wrote.
        let said = format!("[{site}]: {detail}");
        VIOLATION.set(Some(said));
    }
    count(site, |count| count.misses += 1);
    counting
}
