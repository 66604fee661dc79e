//! The threads that were started, and those of them that have ended.

use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::sync::{Condvar, MutexGuard, PoisonError};
use std::thread::{self, Builder, JoinHandle};
use std::time::Duration;

/// Threads of one kind, each by its number. Behind the lock of whoever starts them, which a thread
/// takes to say that it ends: so what is counted here is what that lock guards.
#[derive(Default, Debug)]
pub(super) struct Roster {
    /// The number of the next thread.
    next: u64,
    /// Threads that were started and have not said that they end.
    at_work: BTreeMap<u64, JoinHandle<()>>,
    /// Threads that have, to be joined.
    ended: Vec<JoinHandle<()>>,
}

impl Roster {
    /// Starts a thread, whose number is returned, and given to `body`.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub(super) fn start(
        &mut self,
        name: &str,
        body: impl FnOnce(u64) + Send + 'static,
    ) -> io::Result<u64> {
        self.ended.retain(|handle| !handle.is_finished());
        let number = self.next;
        // Linux shows 15 bytes of a name; none may be zero.
        let thread = Builder::new().name(name.replace('\0', ""));
        let handle = thread.spawn(move || body(number))?;
        self.next += 1;
        self.at_work.insert(number, handle);
        Ok(number)
    }

    /// A thread ends. It says so as the last thing it does behind the lock; `left` is notified.
    pub(super) fn end(&mut self, number: u64, left: &Condvar) {
        let handle = self.at_work.remove(&number);
        self.ended.extend(handle);
        left.notify_all();
    }

    /// Threads that have not said that they end.
    pub(super) fn len(&self) -> usize {
        self.at_work.len()
    }

    /// Such threads, without the one that asks.
    fn others(&self) -> usize {
        let myself = thread::current().id();
        self.at_work.values().filter(|handle| handle.thread().id() != myself).count()
    }

    /// Waits until all threads have ended, for as long as `limit`. The one that waits may be one of
    /// them. Returns how many are left; those are nobody's from then on.
    pub(super) fn close<S>(
        state: MutexGuard<'_, S>,
        roster: impl Fn(&mut S) -> &mut Self,
        left: &Condvar,
        limit: Duration,
    ) -> usize {
        let waits = |state: &mut S| roster(state).others() > 0;
        let waited = left.wait_timeout_while(state, limit, waits);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        let roster = roster(&mut state);
        let (others, ended) = (roster.others(), mem::take(&mut roster.ended));
        roster.at_work.clear();
        drop(state);
        for thread in ended {
            // It caught its panics.
            drop(thread.join());
        }
        others
    }

    /// Whether every thread is gone, for the operating system as well.
    #[cfg(test)]
    pub(super) fn is_over(&self) -> bool {
        self.at_work.is_empty() && self.ended.iter().all(JoinHandle::is_finished)
    }

    /// Threads that are remembered although they have ended.
    #[cfg(test)]
    pub(super) fn ended(&self) -> usize {
        self.ended.len()
    }
}
