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
use crate::driver::{Cores, Inject, message_of};

/// The pool as one shard uses it.
#[derive(Clone, Debug)]
pub(crate) struct Jobs {
    workers: Workers,
    /// Where the results go.
    home: Arc<Inject>,
    /// Where threads may run that are no shard's.
    cores: Option<Cores>,
}

impl Jobs {
    pub(crate) const fn new(workers: Workers, home: Arc<Inject>, cores: Option<Cores>) -> Self {
        Self { workers, home, cores }
    }

    /// Runs `job` on a thread that may block and completes `op` with what it returns. A panic and a
    /// pool that refuses complete it with an error.
    pub(crate) fn run(&self, op: OpId, job: impl FnOnce() -> IoResult + Send + 'static) {
        self.workers.run(Box::new(Errand { op, home: self.home.clone(), job }));
    }
}

/// A job, and where its outcome goes.
struct Errand<F> {
    op: OpId,
    home: Arc<Inject>,
    job: F,
}

impl<F: FnOnce() -> IoResult + Send> Work for Errand<F> {
    fn run(self: Box<Self>) {
        let Self { op, home, job } = *self;
        home.complete(op, caught(job));
    }

    fn refuse(self: Box<Self>, why: Refused) {
        let (kind, what) = match why {
            Refused::Full => (io::ErrorKind::QuotaExceeded, "too many blocking jobs wait"),
            Refused::Closed => (io::ErrorKind::Interrupted, "the system shuts down"),
            Refused::NoThread => (io::ErrorKind::OutOfMemory, "no thread can be started"),
        };
        let Self { op, home, job } = *self;
        home.complete(op, Err(io::Error::new(kind, what)));
        // What the job holds is anybody's, and so is its drop.
        drop(catch_unwind(AssertUnwindSafe(|| drop(job))));
    }
}

/// What a job comes to, if that is a panic too.
fn caught(job: impl FnOnce() -> IoResult) -> IoResult {
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|payload| {
        Err(io::Error::other(format!("the job panicked: {}", message_of(&*payload))))
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
    fn spawn(&self, name: &str, body: Box<dyn FnOnce() + Send>) -> io::Result<()> {
        let cores = self.cores.clone();
        let body = move || {
            if let Some(cores) = cores {
                // A thread on the wrong core is slow, not wrong.
                drop(cores.bind());
            }
            body();
        };
        std::thread::Builder::new().name(name.into()).spawn(body).map(drop)
    }
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
