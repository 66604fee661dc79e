//! What was done and heard, as those who did and heard it see it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use greenroom_core::{ActorRef, Monitor, Pid};

use super::souls::Soul;

/// Written by all actors of a run, read by its checks.
#[derive(Clone, Default)]
pub(super) struct Book(Arc<Mutex<Pages>>);

#[derive(Default)]
pub(super) struct Pages {
    /// Everybody who ever lived.
    pub(super) souls: Vec<ActorRef<Soul>>,
    /// Those of them who trap exits.
    pub(super) trapping: BTreeSet<Pid>,
    pub(super) watches: BTreeMap<(Pid, Monitor), Watch>,
    /// Who has a link with whom by its own doing, as far as it knows.
    pub(super) links: BTreeSet<(Pid, Pid)>,
    /// Who took back a link with whom, at any time.
    pub(super) unlinked: BTreeSet<(Pid, Pid)>,
    /// Who has trapped whose end.
    pub(super) trapped: BTreeSet<(Pid, Pid)>,
    /// Questions that were answered.
    pub(super) answered: BTreeSet<u64>,
    pub(super) question_last: u64,
    /// Notes under way: to whom, from whom.
    pub(super) notes: BTreeMap<(Pid, Pid), u32>,
    /// How often a `Down` came before a message of the one who ended.
    pub(super) overtaken: u64,
    /// How often a `Down` came to somebody whose question had been answered.
    pub(super) answered_first: u64,
}

/// One monitor.
pub(super) struct Watch {
    pub(super) of: Pid,
    pub(super) taken_back: bool,
    pub(super) downs: u32,
}

impl Book {
    pub(super) fn open(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn watches(&self, who: Pid, monitor: Monitor, of: Pid) {
        let watch = Watch { of, taken_back: false, downs: 0 };
        let before = self.open().watches.insert((who, monitor), watch);
        assert!(before.is_none(), "{monitor:?} was used twice");
    }

    /// A `Down` is handled: there is one at most, of a monitor that was not taken back.
    pub(super) fn down(&self, who: Pid, monitor: Monitor, of: Pid) {
        let mut pages = self.open();
        if pages.notes.get(&(who, of)).is_some_and(|&notes| notes > 0) {
            pages.overtaken += 1;
        }
        let Some(watch) = pages.watches.get_mut(&(who, monitor)) else {
            return fault(format!("{who} never set {monitor:?}"));
        };
        watch.downs += 1;
        let fits = watch.of == of && !watch.taken_back && watch.downs == 1;
        let (taken_back, downs) = (watch.taken_back, watch.downs);
        drop(pages);
        if !fits {
            fault(format!("{who}: {downs} of {of} by {monitor:?}, taken back: {taken_back}"));
        }
    }
}

thread_local! {
    /// What was found wrong inside an actor, where a panic would be one more crash.
    static FAULTS: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// Notes something that must not be, from inside an actor.
pub(super) fn fault(what: String) {
    FAULTS.with_borrow_mut(|faults| faults.push(what));
}

/// Fails if anything was found wrong.
pub(super) fn no_faults() {
    let faults = FAULTS.take();
    assert!(faults.is_empty(), "{faults:#?}");
}
