//! Threads that come with the work and go without it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::roster::Roster;
use super::threads::OwnThreads;
use crate::driver::{Cores, quietly};

/// A piece of work. One of the two is called, once.
pub(crate) trait Work: Send {
    /// Does it, on a thread of the pool.
    fn run(self: Box<Self>);

    /// It will not be done.
    fn refuse(self: Box<Self>, why: Refused);
}

/// Most threads of one system. Blocking work waits rather than computes, so there may be many more
/// than cores; each costs a stack and a place in the kernel's scheduler.
pub(crate) const THREADS_MAX: usize = 256;

/// Most jobs that wait for a thread. More than this is a program that starts work faster than it
/// gets done, and has to hear of it.
pub(crate) const QUEUE_MAX: usize = 16 * 1024;

/// How long a thread waits for more work before it ends.
const LINGER: Duration = Duration::from_secs(10);

/// A pool of threads that may block, and the threads that actors have to themselves.
///
/// A job starts a thread when none is free, up to a bound; a thread that finds no job for a while
/// ends. What a job panics with ends neither its thread nor anything else.
#[derive(Clone)]
pub(crate) struct Workers {
    shared: Arc<Shared>,
    own: OwnThreads,
}

struct Shared {
    name: String,
    /// Where the threads may run: a shard that starts one may itself be bound to a core.
    cores: Option<Cores>,
    threads_max: usize,
    state: Mutex<State>,
    /// Work has come, or the pool has closed.
    changed: Condvar,
    /// A thread has ended.
    left: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Box<dyn Work>>,
    threads: Roster,
    /// Threads that wait for work.
    idle: usize,
    closed: bool,
}

/// Why the pool does not do a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    /// As many jobs wait as may.
    Full,
    /// The system shuts down.
    Closed,
    /// There is no thread and none can be started.
    NoThread,
}

impl Workers {
    /// A pool without threads yet.
    pub(crate) fn new(name: &str, cores: Option<Cores>, threads_max: usize) -> Self {
        let own = OwnThreads::new(cores.clone());
        let shared = Shared {
            name: name.into(),
            cores,
            threads_max: threads_max.max(1),
            state: Mutex::default(),
            changed: Condvar::new(),
            left: Condvar::new(),
        };
        Self { shared: Arc::new(shared), own }
    }

    /// The threads that are no part of the pool.
    pub(super) const fn own(&self) -> &OwnThreads {
        &self.own
    }

    /// Has `work` done, or refuses it.
    pub(crate) fn run(&self, work: Box<dyn Work>) {
        // Refused with nothing locked: that may be code of anybody.
        if let Some((work, why)) = self.queue(work) {
            work.refuse(why);
        }
    }

    /// Puts a job where a thread finds it, and sees to it that there is a thread. Gives it back
    /// when it is refused.
    fn queue(&self, work: Box<dyn Work>) -> Option<(Box<dyn Work>, Refused)> {
        let mut state = self.shared.lock();
        if state.closed {
            return Some((work, Refused::Closed));
        }
        if state.queue.len() >= QUEUE_MAX {
            return Some((work, Refused::Full));
        }
        state.queue.push_back(work);
        if state.queue.len() <= state.idle {
            self.shared.changed.notify_one();
        } else if state.threads.len() < self.shared.threads_max {
            // With others at work the job only waits longer.
            if self.start(&mut state).is_err() && state.threads.len() == 0 {
                return state.queue.pop_back().map(|work| (work, Refused::NoThread));
            }
        }
        None
    }

    fn start(&self, state: &mut State) -> std::io::Result<()> {
        let shared = self.shared.clone();
        state.threads.start(&self.shared.name, move |number| shared.work(number)).map(drop)
    }

    /// Ends the pool: no job is taken any more, those that wait are refused, and threads end with
    /// the job they are at. Waits for them, for as long as `limit`, and for the threads of actors as
    /// long again. Returns how many are left then: each is inside a job that does not return, and
    /// ends with it.
    pub(crate) fn close(&self, limit: Duration) -> usize {
        let undone = {
            let mut state = self.shared.lock();
            state.closed = true;
            self.shared.changed.notify_all();
            std::mem::take(&mut state.queue)
        };
        undone.into_iter().for_each(|work| work.refuse(Refused::Closed));
        let (state, left) = (self.shared.lock(), &self.shared.left);
        Roster::close(state, |state| &mut state.threads, left, limit) + self.own.close_all(limit)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of a thread.
    fn work(&self, number: u64) {
        if let Some(cores) = &self.cores {
            // A thread on the wrong core is slow, not wrong.
            drop(cores.bind());
        }
        while let Some(work) = self.next(number) {
            quietly(|| work.run());
        }
    }

    /// Waits for a job. `None` ends the thread, which is no longer counted then.
    fn next(&self, number: u64) -> Option<Box<dyn Work>> {
        let mut state = self.lock();
        if state.queue.is_empty() && !state.closed {
            state.idle += 1;
            let waits = |state: &mut State| state.queue.is_empty() && !state.closed;
            let waited = self.changed.wait_timeout_while(state, LINGER, waits);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.idle -= 1;
        }
        let work = state.queue.pop_front();
        if work.is_none() {
            state.threads.end(number, &self.left);
        }
        work
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.lock();
        f.debug_struct("Workers")
            .field("threads", &state.threads.len())
            .field("idle", &state.idle)
            .field("queued", &state.queue.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Longer than any test takes.
    const NEVER: Duration = Duration::from_secs(600);

    fn pool(threads_max: usize) -> Workers {
        Workers::new("worker-test", None, threads_max)
    }

    struct Do<F>(F, mpsc::Sender<Refused>);

    impl<F: FnOnce() + Send> Work for Do<F> {
        fn run(self: Box<Self>) {
            (self.0)();
        }

        fn refuse(self: Box<Self>, why: Refused) {
            self.1.send(why).unwrap();
        }
    }

    /// Runs `f`; what is returned hears of a refusal, or that there was none.
    fn run(workers: &Workers, f: impl FnOnce() + Send + 'static) -> mpsc::Receiver<Refused> {
        let (sender, refused) = mpsc::channel();
        workers.run(Box::new(Do(f, sender)));
        refused
    }

    #[test]
    fn jobs_run_on_as_many_threads_as_they_need() {
        let workers = pool(2);
        let (met, meeting) = mpsc::sync_channel(0);
        let (told, tell) = mpsc::channel();
        run(&workers, move || met.send(()).unwrap());
        run(&workers, move || told.send(meeting.recv()).unwrap());
        // Neither can end without the other running beside it.
        assert_eq!(tell.recv().unwrap(), Ok(()));
        assert_eq!(workers.close(NEVER), 0);
    }

    #[test]
    fn a_panic_ends_neither_thread_nor_pool() {
        let workers = pool(1);
        let (told, tell) = mpsc::channel();
        run(&workers, || panic!("a job"));
        run(&workers, move || told.send(7).unwrap());
        assert_eq!(tell.recv(), Ok(7));
        assert_eq!(workers.close(NEVER), 0);
    }

    #[test]
    fn closing_refuses_what_waits_and_what_comes() {
        let workers = pool(1);
        let (go, wait) = mpsc::channel::<()>();
        let (began, begin) = mpsc::channel();
        let at_work = run(&workers, move || {
            began.send(()).unwrap();
            assert!(wait.recv().is_err());
        });
        begin.recv().unwrap();
        let queued = run(&workers, || panic!("must not run"));
        assert_eq!(workers.close(Duration::ZERO), 1, "one is at work");
        assert_eq!(queued.recv(), Ok(Refused::Closed));
        assert_eq!(run(&workers, || {}).recv(), Ok(Refused::Closed));
        drop(go);
        assert!(at_work.recv().is_err(), "what was begun runs to its end");
    }
}
