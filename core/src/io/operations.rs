//! Futures over [`crate::runtime`]'s requests.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::runtime::{DiskDone, DiskRequest, IoDone, Job, NetDone, NetRequest};
use crate::runtime::{Request, ResolveRequest};
use crate::shard::{Completed, current};

/// What a kind of operation comes to. A type's own, so that reading a completion is no call.
pub trait Outcome {
    /// What whoever waits is given.
    type Output;

    /// Reads it from a completion; `None` where that is one of another kind.
    fn read(done: IoDone) -> Option<Self::Output>;
}

impl Outcome for NetDone {
    type Output = Self;

    #[inline]
    fn read(done: IoDone) -> Option<Self> {
        match done {
            IoDone::Net(done) => Some(done),
            _ => None,
        }
    }
}

impl Outcome for DiskDone {
    type Output = Self;

    #[inline]
    fn read(done: IoDone) -> Option<Self> {
        match done {
            IoDone::Disk(done) => Some(done),
            _ => None,
        }
    }
}

/// Addresses of a host.
impl Outcome for Vec<SocketAddr> {
    type Output = Self;

    fn read(done: IoDone) -> Option<Self> {
        match done {
            IoDone::Resolved(addresses) => Some(addresses),
            _ => None,
        }
    }
}

/// The outcome of a job that returns a `T`.
#[derive(Debug)]
pub struct Ran<T>(PhantomData<fn() -> T>);

impl<T: 'static> Outcome for Ran<T> {
    type Output = T;

    fn read(done: IoDone) -> Option<T> {
        match done {
            IoDone::Ran(value) => value.downcast().ok().map(|value| *value),
            _ => None,
        }
    }
}

/// An operation under way, whose outcome is of that kind.
///
/// # Cancel safety
///
/// Dropping this asks the driver to cancel. The operation may still have its effect; a socket or
/// file it brings is then closed.
#[must_use = "a future does nothing unless it is awaited"]
pub struct IoFuture<T> {
    /// `None` outside any shard.
    completed: Option<Completed>,
    outcome: PhantomData<fn() -> T>,
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

impl<T: Outcome> Future for IoFuture<T> {
    type Output = io::Result<T::Output>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(completed) = &mut self.completed else {
            return Poll::Ready(Err(needs_a_shard()));
        };
        Pin::new(completed).poll(cx).map(|result| T::read(result?).ok_or_else(other_kind))
    }
}

#[cold]
fn needs_a_shard() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "an operation needs a shard")
}

#[cold]
fn other_kind() -> io::Error {
    io::Error::other("a driver completed the wrong thing")
}

fn submit<T>(request: Request) -> IoFuture<T> {
    let completed = current::with(|shard| shard.operate(request));
    IoFuture { completed, outcome: PhantomData }
}

/// Starts a network operation on the current shard.
///
/// # Errors
///
/// What the driver says; `NotConnected` outside any shard.
pub fn net(request: NetRequest) -> IoFuture<NetDone> {
    submit(Request::Net(request))
}

/// Starts a file operation on the current shard.
///
/// # Errors
///
/// What the driver says; `NotConnected` outside any shard.
pub fn disk(request: DiskRequest) -> IoFuture<DiskDone> {
    submit(Request::Disk(request))
}

/// Looks up the addresses of a host.
///
/// # Errors
///
/// What the name service says; an answer without addresses is an error.
pub fn resolve(host: &str, port: u16) -> IoFuture<Vec<SocketAddr>> {
    submit(Request::Resolve(ResolveRequest { host: host.into(), port }))
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
pub fn blocking<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> IoFuture<Ran<T>> {
    let job = Job(Box::new(move || Box::new(job()) as Box<dyn Any + Send>));
    submit(Request::Run(job))
}
