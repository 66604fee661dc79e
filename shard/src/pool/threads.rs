//! Threads that an actor has to itself.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};
use greenroom_core::runtime::{Kept, ThreadId};

use super::roster::Roster;
use crate::driver::{Cores, quietly};

/// What a thread is to do, with what is kept on it. Tells by itself what came of it.
pub(crate) type Errand = Box<dyn FnOnce(&mut Kept) + Send>;

/// The threads of one system that belong to actors.
#[derive(Clone)]
pub(crate) struct OwnThreads {
    shared: Arc<Shared>,
}

struct Shared {
    /// Where the threads may run.
    cores: Option<Cores>,
    state: Mutex<State>,
    /// A thread has ended.
    left: Condvar,
}

#[derive(Default)]
struct State {
    open: BTreeMap<u64, Sender<Errand>>,
    threads: Roster,
    closed: bool,
}

impl OwnThreads {
    pub(crate) fn new(cores: Option<Cores>) -> Self {
        let shared = Shared { cores, state: Mutex::default(), left: Condvar::new() };
        Self { shared: Arc::new(shared) }
    }

    /// Starts a thread.
    pub(crate) fn open(&self, name: &str) -> io::Result<ThreadId> {
        let mut state = self.shared.lock();
        if state.closed {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "the system shuts down"));
        }
        let (sender, receiver) = unbounded();
        let shared = self.shared.clone();
        let number = state.threads.start(name, move |number| shared.live(number, &receiver))?;
        state.open.insert(number, sender);
        Ok(ThreadId(number))
    }

    /// Hands a thread something to do.
    ///
    /// # Errors
    ///
    /// Gives it back where there is no such thread.
    pub(crate) fn submit(&self, thread: ThreadId, errand: Errand) -> Result<(), Errand> {
        let state = self.shared.lock();
        let Some(sender) = state.open.get(&thread.0) else { return Err(errand) };
        sender.send(errand).map_err(|refused| refused.0)
    }

    /// Lets a thread end, after the jobs it has.
    pub(crate) fn close(&self, thread: ThreadId) {
        let sender = self.shared.lock().open.remove(&thread.0);
        drop(sender);
    }

    /// Ends all threads and waits for them, for as long as `limit`. Returns how many are left then:
    /// each is inside a job that does not return, and ends with it.
    pub(crate) fn close_all(&self, limit: Duration) -> usize {
        let mut state = self.shared.lock();
        state.closed = true;
        state.open.clear();
        Roster::close(state, |state| &mut state.threads, &self.shared.left, limit)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of a thread.
    fn live(&self, number: u64, errands: &Receiver<Errand>) {
        if let Some(cores) = &self.cores {
            // A thread on the wrong core is slow, not wrong.
            drop(cores.bind());
        }
        let mut kept: Kept = None;
        for errand in errands {
            quietly(|| errand(&mut kept));
        }
        // What was kept had its chance to panic in a job.
        quietly(|| drop(kept));
        self.lock().threads.end(number, &self.left);
    }
}

impl fmt::Debug for OwnThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnThreads").field("threads", &self.shared.lock().threads.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    /// Longer than any test takes.
    const NEVER: Duration = Duration::from_secs(600);

    #[test]
    fn what_is_kept_is_built_used_and_dropped_on_its_thread() {
        struct Marked(thread::ThreadId, mpsc::Sender<bool>);
        impl Drop for Marked {
            fn drop(&mut self) {
                assert!(self.1.send(self.0 == thread::current().id()).is_ok());
            }
        }
        let threads = OwnThreads::new(None);
        let thread = threads.open("kept").unwrap();
        let (tell, told) = mpsc::channel();
        let make = tell.clone();
        let made: Errand = Box::new(move |kept| {
            *kept = Some(Box::new(Marked(thread::current().id(), make)));
        });
        threads.submit(thread, made).ok().unwrap();
        // A panic leaves the thread, and what is kept, as they were.
        threads.submit(thread, Box::new(|_| panic!("an errand"))).ok().unwrap();
        let found: Errand = Box::new(move |kept| tell.send(kept.is_some()).unwrap());
        threads.submit(thread, found).ok().unwrap();
        threads.close(thread);
        assert!(threads.submit(thread, Box::new(|_| {})).is_err(), "it was closed");
        assert_eq!((told.recv(), told.recv()), (Ok(true), Ok(true)));
        assert_eq!(threads.close_all(NEVER), 0);
        assert!(told.recv().is_err());
    }

    #[test]
    fn a_thread_that_does_not_end_is_left_behind() {
        let threads = OwnThreads::new(None);
        let (go, wait) = mpsc::channel::<()>();
        let (began, begin) = mpsc::channel();
        let stuck = threads.open("stuck").unwrap();
        let errand: Errand = Box::new(move |_| {
            began.send(()).unwrap();
            assert!(wait.recv().is_err());
        });
        threads.submit(stuck, errand).ok().unwrap();
        begin.recv().unwrap();
        assert_eq!(threads.close_all(Duration::ZERO), 1);
        assert!(threads.open("late").is_err(), "it was closed");
        drop(go);
    }

    #[test]
    fn threads_that_have_ended_are_forgotten_as_others_start() {
        let threads = OwnThreads::new(None);
        for _ in 0..20 {
            let thread = threads.open("short").unwrap();
            threads.close(thread);
        }
        while !threads.shared.lock().threads.is_over() {
            thread::yield_now();
        }
        let last = threads.open("la\0st").unwrap();
        assert_eq!(threads.shared.lock().threads.ended(), 0);
        threads.close(last);
        assert_eq!(threads.close_all(NEVER), 0);
    }
}
