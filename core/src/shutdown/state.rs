//! What a shard knows of its system's shutdown.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::task::Waker;

use super::coordinator::ShutdownOutcome;
use super::hooks::Hook;
use super::phase::ShutdownPhase;
use super::report::HookFailure;
use crate::reply::Reply;

/// See the module.
#[derive(Default)]
pub(crate) struct ShutdownState {
    /// Hooks whose phase has not begun, in the order in which they were registered.
    pub(super) hooks: RefCell<Vec<Hook>>,
    pub(super) failures: RefCell<Vec<HookFailure>>,
    /// The last phase that has begun here; `None` while nobody has begun a shutdown.
    pub(super) reached: Cell<Option<ShutdownPhase>>,
    /// Who waits for the beginning of a shutdown.
    pub(super) waiting: RefCell<BTreeMap<u64, Waker>>,
    pub(super) waiter_last: Cell<u64>,
    /// Who waits for the end of this shard's last actor.
    quiet: RefCell<Vec<Reply<()>>>,
    quiet_awaited: Cell<bool>,
    /// How many actors were alive when all were killed, if they were.
    killed: Cell<Option<usize>>,
    /// Of the coordinator: this is shard 0.
    pub(super) begun: Cell<bool>,
    pub(super) outcome: Cell<Option<ShutdownOutcome>>,
}

impl ShutdownState {
    /// A phase has begun. Returns who waited for the first, to be woken.
    pub(super) fn reach(&self, phase: ShutdownPhase) -> impl Iterator<Item = Waker> + use<> {
        self.reached.set(Some(phase));
        std::mem::take(&mut *self.waiting.borrow_mut()).into_values()
    }

    pub(super) fn await_quiet(&self, told: Reply<()>) {
        self.quiet.borrow_mut().push(told);
        self.quiet_awaited.set(true);
    }

    /// Whether somebody waits for the end of the last actor.
    #[inline]
    pub(crate) const fn is_quiet_awaited(&self) -> bool {
        self.quiet_awaited.get()
    }

    /// The last actor has ended.
    #[cold]
    pub(crate) fn tell_quiet(&self) {
        self.quiet_awaited.set(false);
        let told = std::mem::take(&mut *self.quiet.borrow_mut());
        told.into_iter().for_each(|reply| reply.send(()));
    }

    /// So many actors are about to be killed, all there are.
    pub(crate) fn note_killed(&self, actors: usize) {
        if self.killed.get().is_none() {
            self.killed.set(Some(actors));
        }
    }

    pub(super) fn killed(&self) -> usize {
        self.killed.get().unwrap_or(0)
    }
}

impl fmt::Debug for ShutdownState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShutdownState")
            .field("reached", &self.reached.get())
            .field("outcome", &self.outcome.get())
            .finish_non_exhaustive()
    }
}
