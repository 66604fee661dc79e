//! A socket and its operations.
//!
//! The one place that knows a socket's number. A number means something to the driver of one shard
//! only, so a socket remembers its shard and refuses to act elsewhere; and it is closed exactly
//! once, by whoever closes it or by the last drop.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use greenroom_core::io::{IoFuture, net};
use greenroom_core::runtime::{NetDone, NetRequest, ShutdownSide, SocketId};
use greenroom_core::{ShardId, System};

/// An open socket of one shard, whose ends have names of type `A`.
pub(crate) struct Socket<A> {
    id: SocketId,
    home: (System, ShardId),
    local: A,
    /// Of a listener: its own address.
    peer: A,
    closed: Cell<bool>,
    /// Nothing may be sent any more, because the send side was ended.
    send_ended: Cell<bool>,
    not_send: PhantomData<*const ()>,
}

impl<A> Socket<A> {
    /// Takes over a socket that an operation of the current shard brought.
    pub(crate) fn new(id: SocketId, local: A, peer: A) -> io::Result<Self> {
        let system = System::current().ok_or_else(away)?;
        let shard = system.shard().ok_or_else(away)?;
        Ok(Self {
            id,
            home: (system, shard),
            local,
            peer,
            closed: Cell::new(false),
            send_ended: Cell::new(false),
            not_send: PhantomData,
        })
    }

    pub(crate) const fn local(&self) -> &A {
        &self.local
    }

    pub(crate) const fn peer(&self) -> &A {
        &self.peer
    }

    pub(crate) const fn is_closed(&self) -> bool {
        self.closed.get()
    }

    pub(crate) const fn is_send_ended(&self) -> bool {
        self.send_ended.get()
    }

    /// Starts an operation on this socket.
    pub(crate) fn start(
        &self,
        request: impl FnOnce(SocketId) -> NetRequest,
    ) -> io::Result<IoFuture<NetDone>> {
        let (system, shard) = self.home;
        if system.shard() == Some(shard) { Ok(net(request(self.id))) } else { Err(away()) }
    }

    /// Ends one or both halves.
    pub(crate) fn shutdown(&self, side: ShutdownSide) -> io::Result<Finishing> {
        let ended = self.start(|stream| NetRequest::Shutdown { stream, side })?;
        if side != ShutdownSide::Receive {
            self.send_ended.set(true);
        }
        Ok(Finishing(Some(ended)))
    }

    /// Closes the socket; once only.
    pub(crate) fn close(&self) -> io::Result<Finishing> {
        let closing = self.start(|socket| NetRequest::Close { socket })?;
        self.closed.set(true);
        Ok(Finishing(Some(closing)))
    }
}

impl<A> Drop for Socket<A> {
    fn drop(&mut self) {
        if !self.closed.get() {
            // Away from its shard there is no driver to tell: the socket goes with its driver.
            drop(self.close());
        }
    }
}

impl<A: fmt::Debug> fmt::Debug for Socket<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("id", &self.id.0)
            .field("local", &self.local)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// An operation that takes effect whether or not somebody waits for it.
#[must_use = "dropping this does not wait for the effect"]
pub(crate) struct Finishing(Option<IoFuture<NetDone>>);

impl Finishing {
    pub(crate) const fn new(operation: IoFuture<NetDone>) -> Self {
        Self(Some(operation))
    }
}

impl Future for Finishing {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(operation) = &mut self.0 else { return Poll::Ready(Ok(())) };
        let done = ready!(Pin::new(operation).poll(cx));
        self.0 = None;
        Poll::Ready(done.and_then(|done| match done {
            NetDone::Ended => Ok(()),
            other => Err(unexpected(&other)),
        }))
    }
}

impl Drop for Finishing {
    fn drop(&mut self) {
        if let Some(operation) = self.0.take() {
            operation.detach();
        }
    }
}

/// A completion that does not answer its operation.
#[cold]
pub(crate) fn unexpected(done: &NetDone) -> io::Error {
    io::Error::other(format!("a driver completed an operation with {done:?}"))
}

#[cold]
pub(crate) fn away() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "a socket was used away from its shard")
}
