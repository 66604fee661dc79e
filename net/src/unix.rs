//! Unix sockets: connections within one machine, by name.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use greenroom_core::io::{IoFuture, net};
use greenroom_core::limits::BACKLOG;
use greenroom_core::runtime::{NetDone, NetRequest, UnixAddress};
use greenroom_core::sleep;

use crate::limits::{KNOCK_MAX, KNOCK_MIN};
use crate::socket::{Socket, unexpected};
use crate::stream::Stream;

/// A connection to a Unix socket.
pub type UnixStream = Stream<UnixAddress>;

impl UnixStream {
    /// Connects to the socket of that path. While the listener's backlog is full this tries again,
    /// from time to time; bound it with [`greenroom_core::timeout`].
    ///
    /// # Errors
    ///
    /// What the operating system says: `NotFound` when there is no such file, `ConnectionRefused`
    /// when nobody listens there any more, `PermissionDenied`; `InvalidInput` for a path that is
    /// too long for a socket's (107 bytes on Linux).
    ///
    /// # Cancel safety
    ///
    /// A connection that comes about although the future was dropped is closed.
    pub async fn connect(path: impl Into<PathBuf>) -> io::Result<Self> {
        Self::connect_to(UnixAddress::Path(path.into())).await
    }

    /// Connects to a socket by any name; see [`UnixStream::connect`].
    ///
    /// # Errors
    ///
    /// As [`UnixStream::connect`]; an abstract name that nobody has is `ConnectionRefused`.
    ///
    /// # Cancel safety
    ///
    /// As [`UnixStream::connect`].
    pub async fn connect_to(address: UnixAddress) -> io::Result<Self> {
        let mut pause = KNOCK_MIN;
        loop {
            match net(NetRequest::ConnectUnix { address: address.clone() }).await {
                Ok(NetDone::ConnectedUnix { stream }) => {
                    return Ok(Self::of(Socket::new(stream, UnixAddress::Unnamed, address)?));
                }
                Ok(other) => return Err(unexpected(&other)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    sleep(pause).await;
                    pause = Duration::min(pause * 2, KNOCK_MAX);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The name of the other end: of a connection that was made the one it was made to, of one that
    /// was accepted mostly none.
    #[must_use]
    pub fn peer_addr(&self) -> &UnixAddress {
        self.read.peer_addr()
    }

    /// The name of this end: of a connection that was accepted its listener's, else none.
    #[must_use]
    pub fn local_addr(&self) -> &UnixAddress {
        self.read.local_addr()
    }
}

/// A Unix socket that takes connections. Closed when dropped.
///
/// Closing it does not remove the socket's file, as on any such system: connecting there is then
/// refused, and listening there again fails with `AddrInUse` until somebody has removed the file.
/// A server that is the only one of its name removes it before it listens.
///
/// # Shard
///
/// Belongs to the shard it was bound on, and so do the connections it takes.
pub struct UnixListener {
    /// Before the socket, so that it is given up before the socket closes.
    accepting: Option<IoFuture<NetDone>>,
    socket: Socket<UnixAddress>,
}

impl UnixListener {
    /// Makes a socket of that path, and listens.
    ///
    /// # Errors
    ///
    /// What the operating system says: `AddrInUse` when there is such a file, whatever it is,
    /// `NotFound` without its directory; `InvalidInput` for a path that is too long for a socket's
    /// (107 bytes on Linux); `NotConnected` outside any shard.
    ///
    /// # Cancel safety
    ///
    /// A listener that comes to be although its future was dropped is closed; its file stays.
    pub async fn bind(path: impl Into<PathBuf>) -> io::Result<Self> {
        Self::bind_to(UnixAddress::Path(path.into())).await
    }

    /// Listens at any name, with room for [`BACKLOG`] connections that nobody has accepted.
    ///
    /// # Errors
    ///
    /// As [`UnixListener::bind`]; `Unsupported` or `InvalidInput` for an abstract name on a system
    /// that has none.
    ///
    /// # Cancel safety
    ///
    /// As [`UnixListener::bind`].
    pub async fn bind_to(address: UnixAddress) -> io::Result<Self> {
        match net(NetRequest::ListenUnix { address: address.clone(), backlog: BACKLOG }).await? {
            NetDone::ListeningUnix { listener } => {
                let socket = Socket::new(listener, address.clone(), address)?;
                Ok(Self { accepting: None, socket })
            }
            other => Err(unexpected(&other)),
        }
    }

    /// Takes one connection, waiting for one where there is none. Gives the other end's name, which
    /// it seldom has.
    ///
    /// # Errors
    ///
    /// What the operating system says, of one attempt; see [`crate::TcpListener::accept`].
    ///
    /// # Cancel safety
    ///
    /// A connection that arrives although the future was dropped is kept for the next accept. When
    /// there is none, because the listener is closed or dropped, the connection is closed.
    pub async fn accept(&mut self) -> io::Result<(UnixStream, UnixAddress)> {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, UnixAddress)>> {
        let accepting = match &mut self.accepting {
            Some(accepting) => accepting,
            none => none.insert(self.socket.start(|listener| NetRequest::Accept { listener })?),
        };
        let done = ready!(Pin::new(accepting).poll(cx));
        self.accepting = None;
        Poll::Ready(match done? {
            NetDone::AcceptedUnix { stream, peer } => {
                let socket = Socket::new(stream, self.local_addr().clone(), peer.clone())?;
                Ok((UnixStream::of(socket), peer))
            }
            other => Err(unexpected(&other)),
        })
    }

    /// The name this listens at.
    #[must_use]
    pub const fn local_addr(&self) -> &UnixAddress {
        self.socket.local()
    }

    /// Closes the listener. When this returns, an abstract name is free; a path is when its file
    /// has been removed.
    ///
    /// # Errors
    ///
    /// What the operating system says; the listener is gone all the same.
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

impl fmt::Debug for UnixListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnixListener").field("socket", &self.socket).finish_non_exhaustive()
    }
}
