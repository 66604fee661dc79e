//! Taking connections.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use greenroom_core::io::{IoFuture, net};
use greenroom_core::runtime::{ListenOptions, NetDone, NetRequest};

use crate::TcpStream;
use crate::socket::{Socket, unexpected};

/// A socket that takes connections. Closed when dropped.
///
/// # Shard
///
/// Belongs to the shard it was bound on, and so do the connections it takes.
pub struct TcpListener {
    /// Before the socket, so that it is given up before the socket closes.
    accepting: Option<IoFuture<NetDone>>,
    socket: Socket<SocketAddr>,
}

impl TcpListener {
    /// Listens on an address with default options; port 0 lets the system choose a port.
    ///
    /// # Errors
    ///
    /// What the transport says, `AddrInUse` above all; `NotConnected` outside any shard.
    ///
    /// # Cancel safety
    ///
    /// A listener that comes to be although its future was dropped is closed.
    pub async fn bind(address: impl Into<SocketAddr>) -> io::Result<Self> {
        Self::bind_with(ListenOptions::new(address.into())).await
    }

    /// Listens as `options` say.
    ///
    /// # Errors
    ///
    /// As [`TcpListener::bind`].
    ///
    /// # Cancel safety
    ///
    /// As [`TcpListener::bind`].
    pub async fn bind_with(options: ListenOptions) -> io::Result<Self> {
        match net(NetRequest::Listen(options)).await? {
            NetDone::Listening { listener, local } => {
                Ok(Self { accepting: None, socket: Socket::new(listener, local, local)? })
            }
            other => Err(unexpected(&other)),
        }
    }

    /// Takes one connection, waiting for one where there is none. Gives the other end's address.
    ///
    /// # Errors
    ///
    /// What the transport says. Errors are of one attempt: a peer that gave up, or a process
    /// without free descriptors. The listener stands, and the next attempt may succeed.
    ///
    /// # Cancel safety
    ///
    /// A connection that arrives although the future was dropped is kept for the next accept. When
    /// there is none, because the listener is closed or dropped, the connection is closed.
    pub async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let accepting = match &mut self.accepting {
            Some(accepting) => accepting,
            none => none.insert(self.socket.start(|listener| NetRequest::Accept { listener })?),
        };
        let done = ready!(Pin::new(accepting).poll(cx));
        self.accepting = None;
        Poll::Ready(match done? {
            NetDone::Accepted { stream, peer } => {
                let stream = TcpStream::of(Socket::new(stream, self.local_addr(), peer)?);
                Ok((stream, peer))
            }
            other => Err(unexpected(&other)),
        })
    }

    /// The address this listens on, the real port filled in.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        *self.socket.local()
    }

    /// Closes the listener. When this returns, its address is free.
    ///
    /// # Errors
    ///
    /// What the transport says; the listener is gone all the same.
    ///
    /// # Cancel safety
    ///
    /// The listener is closed whether or not somebody waits.
    pub async fn close(self) -> io::Result<()> {
        let Self { accepting, socket } = self;
        drop(accepting);
        socket.close()?.await
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpListener").field("socket", &self.socket).finish_non_exhaustive()
    }
}
