//! Futures over [`crate::runtime`]'s requests.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::runtime::{DiskDone, DiskRequest, IoDone, Job, NetDone, NetRequest};
use crate::runtime::{Request, ResolveRequest};
use crate::shard::{Completed, current};

/// An operation under way, and how its completion is read.
///
/// # Cancel safety
///
/// Dropping this asks the driver to cancel. The operation may still have its effect; a socket or
/// file it brings is then closed.
#[must_use = "a future does nothing unless it is awaited"]
pub struct IoFuture<T> {
    /// `None` outside any shard.
    completed: Option<Completed>,
    read: fn(IoDone) -> Option<T>,
}

impl<T> fmt::Debug for IoFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IoFuture").field("completed", &self.completed).finish_non_exhaustive()
    }
}

impl<T> IoFuture<T> {
    /// Lets the operation run its course with nobody waiting for it. Unlike a drop, this does not
    /// ask the driver to cancel: for a close or a shutdown that must take effect whatever becomes
    /// of its caller.
    pub fn detach(mut self) {
        if let Some(completed) = self.completed.take() {
            completed.detach();
        }
    }
}

impl<T> Future for IoFuture<T> {
    type Output = io::Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let read = self.read;
        let Some(completed) = &mut self.completed else {
            let kind = io::ErrorKind::NotConnected;
            return Poll::Ready(Err(io::Error::new(kind, "an operation needs a shard")));
        };
        Pin::new(completed).poll(cx).map(|result| {
            read(result?).ok_or_else(|| io::Error::other("a driver completed the wrong thing"))
        })
    }
}

fn submit<T>(request: Request, read: fn(IoDone) -> Option<T>) -> IoFuture<T> {
    IoFuture { completed: current::with(|shard| shard.operate(request)), read }
}

/// Starts a network operation on the current shard.
///
/// # Errors
///
/// What the driver says; `NotConnected` outside any shard.
pub fn net(request: NetRequest) -> IoFuture<NetDone> {
    submit(Request::Net(request), |done| match done {
        IoDone::Net(done) => Some(done),
        _ => None,
    })
}

/// Starts a file operation on the current shard.
///
/// # Errors
///
/// What the driver says; `NotConnected` outside any shard.
pub fn disk(request: DiskRequest) -> IoFuture<DiskDone> {
    submit(Request::Disk(request), |done| match done {
        IoDone::Disk(done) => Some(done),
        _ => None,
    })
}

/// Looks up the addresses of a host.
///
/// # Errors
///
/// What the name service says; an answer without addresses is an error.
pub fn resolve(host: &str, port: u16) -> IoFuture<Vec<SocketAddr>> {
    submit(Request::Resolve(ResolveRequest { host: host.into(), port }), |done| match done {
        IoDone::Resolved(addresses) => Some(addresses),
        _ => None,
    })
}

/// Runs `job` on a thread that may block, and gives back what it returned.
///
/// # Errors
///
/// When the job panicked, or the pool cannot take it.
///
/// # Cancel safety
///
/// A job that has begun runs to its end; its result is dropped.
pub fn blocking<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> IoFuture<T> {
    let job = Job(Box::new(move || Box::new(job()) as Box<dyn Any + Send>));
    submit(Request::Run(job), |done| match done {
        IoDone::Ran(value) => value.downcast().ok().map(|value| *value),
        _ => None,
    })
}
