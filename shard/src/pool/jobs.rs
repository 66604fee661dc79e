//! A shard's way to the pool: core's traits for blocking work, names and threads.

use std::io;
use std::net::ToSocketAddrs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use greenroom_core::runtime::{
    Blocking, IoDone, IoResult, Job, Kept, OpId, ResolveRequest, Resolver, ThreadId, ThreadJob,
    Threads,
};

use super::workers::{Refused, Work, Workers};
use crate::driver::{Inject, quietly, told};

/// The pool as one shard uses it.
#[derive(Clone, Debug)]
pub(crate) struct Jobs {
    workers: Workers,
    /// Where the results go.
    home: Arc<Inject>,
}

impl Jobs {
    pub(crate) const fn new(workers: Workers, home: Arc<Inject>) -> Self {
        Self { workers, home }
    }

    /// The door of the shard.
    #[cfg(feature = "driver-glommio")]
    pub(crate) const fn home(&self) -> &Arc<Inject> {
        &self.home
    }

    /// Runs `job` on a thread that may block and completes `op` with what it returns. A panic and a
    /// pool that refuses complete it with an error.
    pub(crate) fn run(&self, op: OpId, job: impl FnOnce() -> IoResult + Send + 'static) {
        let home = self.home.clone();
        self.hand(job, move |result| home.complete(op, result));
    }

    /// The same, where `tell` is called with what it comes to, on a thread of the pool or here.
    pub(crate) fn hand<T: 'static>(
        &self,
        job: impl FnOnce() -> io::Result<T> + Send + 'static,
        tell: impl FnOnce(io::Result<T>) + Send + 'static,
    ) {
        self.workers.run(Box::new(Errand { job, tell }));
    }
}

/// A job, and who is told of its outcome.
struct Errand<J, T> {
    job: J,
    tell: T,
}

impl<R, J, T> Work for Errand<J, T>
where
    J: FnOnce() -> io::Result<R> + Send,
    T: FnOnce(io::Result<R>) + Send,
{
    fn run(self: Box<Self>) {
        let Self { job, tell } = *self;
        tell(caught(job));
    }

    fn refuse(self: Box<Self>, why: Refused) {
        let (kind, what) = match why {
            Refused::Full => (io::ErrorKind::QuotaExceeded, "too many blocking jobs wait"),
            Refused::Closed => (io::ErrorKind::Interrupted, "the system shuts down"),
            Refused::NoThread => (io::ErrorKind::OutOfMemory, "no thread can be started"),
        };
        let Self { job, tell } = *self;
        tell(Err(io::Error::new(kind, what)));
        // What the job holds is anybody's, and so is its drop.
        quietly(|| drop(job));
    }
}

/// What a job comes to, if that is a panic too.
fn caught<R>(job: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|payload| {
        Err(io::Error::other(format!("the job panicked: {}", told(payload))))
    })
}

impl Blocking for Jobs {
    fn submit(&self, op: OpId, job: Job) {
        self.run(op, move || Ok(IoDone::Ran((job.0)())));
    }
}

impl Resolver for Jobs {
    fn submit(&self, op: OpId, request: ResolveRequest) {
        self.run(op, move || {
            let ResolveRequest { host, port } = request;
            let addresses: Vec<_> = (host.as_str(), port).to_socket_addrs()?.collect();
            if addresses.is_empty() {
                let what = format!("{host} has no addresses");
                return Err(io::Error::new(io::ErrorKind::NotFound, what));
            }
            Ok(IoDone::Resolved(addresses))
        });
    }
}

impl Threads for Jobs {
    fn open(&self, name: &str) -> io::Result<ThreadId> {
        self.workers.own().open(name)
    }

    fn submit(&self, op: OpId, thread: ThreadId, ThreadJob(job): ThreadJob) {
        let home = self.home.clone();
        let errand = move |kept: &mut Kept| {
            home.complete(op, caught(|| Ok(IoDone::Ran(job(kept)))));
        };
        if self.workers.own().submit(thread, Box::new(errand)).is_err() {
            let what = "there is no such thread";
            self.home.complete(op, Err(io::Error::new(io::ErrorKind::NotFound, what)));
        }
    }

    fn close(&self, thread: ThreadId) {
        self.workers.own().close(thread);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    /// Panics when it is dropped, as what it panics with does.
    struct Bomb(u32);

    impl Drop for Bomb {
        fn drop(&mut self) {
            if let Some(left) = self.0.checked_sub(1) {
                std::panic::panic_any(Self(left));
            }
        }
    }

    #[test]
    fn a_job_that_panics_with_what_panics_when_dropped_comes_back() {
        let workers = Workers::new("jobs-test", None, 1);
        let (told, tell) = mpsc::channel();
        for bombs in 0..4 {
            let job = move || -> io::Result<()> { std::panic::panic_any(Bomb(bombs)) };
            let told = told.clone();
            let tell = move |result: io::Result<()>| {
                told.send(result.unwrap_err().to_string()).unwrap();
            };
            workers.run(Box::new(Errand { job, tell }));
        }
        drop(told);
        for _ in 0..4 {
            assert_eq!(tell.recv().unwrap(), "the job panicked: a panic without a message");
        }
        assert_eq!(workers.close(Duration::from_secs(600)), 0);
    }

    #[test]
    fn a_job_that_is_refused_may_hold_what_panics_when_dropped() {
        let workers = Workers::new("jobs-test", None, 1);
        assert_eq!(workers.close(Duration::ZERO), 0);
        let (told, tell) = mpsc::channel();
        let bomb = Bomb(2);
        let job = move || {
            drop(bomb);
            Ok(())
        };
        let tells = move |result: io::Result<()>| told.send(result.unwrap_err().kind()).unwrap();
        workers.run(Box::new(Errand { job, tell: tells }));
        assert_eq!(tell.recv(), Ok(io::ErrorKind::Interrupted));
    }
}
