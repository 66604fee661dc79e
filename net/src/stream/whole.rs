//! Both halves of a connection.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll};

use greenroom_core::io::net;
use greenroom_core::runtime::{Buffer, NetDone, NetRequest, ShutdownSide};

use super::{ReadHalf, WriteHalf};
use crate::adapter::PollStream;
use crate::socket::{Socket, unexpected};
use crate::target::Target;
use crate::transport::{Receive, Transmit};

/// A connection whose ends have names of type `A`: a [`TcpStream`] or a
/// [`UnixStream`](crate::UnixStream). Closed when dropped.
///
/// # Shard
///
/// Belongs to the shard it was made on.
pub struct Stream<A> {
    pub(crate) read: ReadHalf<A>,
    pub(super) write: WriteHalf<A>,
}

/// A TCP connection.
pub type TcpStream = Stream<SocketAddr>;

impl TcpStream {
    /// Connects to an address, or to a host by name: its addresses are tried one after the other,
    /// in the order in which the name service gives them.
    ///
    /// # Errors
    ///
    /// What the transport says of the last address, `ConnectionRefused` above all; what the name
    /// service says; `InvalidInput` for text that names no target.
    ///
    /// # Cancel safety
    ///
    /// A connection that comes about although the future was dropped is closed.
    pub async fn connect(target: impl Into<Target>) -> io::Result<Self> {
        let mut last = None;
        for address in target.into().addresses().await? {
            match net(NetRequest::Connect { address }).await {
                Ok(NetDone::Connected { stream, local }) => {
                    return Ok(Self::of(Socket::new(stream, local, address)?));
                }
                Ok(other) => last = Some(unexpected(&other)),
                Err(error) => last = Some(error),
            }
        }
        let none = || io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        Err(last.unwrap_or_else(none))
    }

    /// The address of the other end.
    #[must_use]
    pub fn peer_addr(&self) -> SocketAddr {
        self.read.peer_addr()
    }

    /// The address of this end. Of a connection that was accepted, the address its listener is
    /// bound to, whose host may be the unspecified one.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.read.local_addr()
    }
}

impl<A> Stream<A> {
    pub(crate) fn of(socket: Socket<A>) -> Self {
        let socket = Rc::new(socket);
        Self { read: ReadHalf::new(socket.clone()), write: WriteHalf::new(socket) }
    }

    /// Receives what is there; see [`ReadHalf::receive`].
    ///
    /// # Errors
    ///
    /// What the transport says, such as `ConnectionReset`.
    ///
    /// # Cancel safety
    ///
    /// Safe: the next receive takes what this one would have brought.
    pub async fn receive(&mut self) -> io::Result<Buffer> {
        self.read.receive().await
    }

    /// Sends all of `data`, and gives the buffer back, empty; see [`WriteHalf::send`].
    ///
    /// # Errors
    ///
    /// What the transport says; nothing can be sent any more.
    ///
    /// # Cancel safety
    ///
    /// None: a send that is dropped under way tears the stream, see [`WriteHalf::send`].
    pub async fn send(&mut self, data: Vec<u8>) -> io::Result<Vec<u8>> {
        self.write.send(data).await
    }

    /// Whether a send left a part of its data unsent; see [`WriteHalf::is_torn`].
    #[must_use]
    pub const fn is_torn(&self) -> bool {
        self.write.is_torn()
    }

    /// Ends one or both sides of the connection.
    ///
    /// # Errors
    ///
    /// What the transport says, such as `NotConnected` when the peer is gone.
    ///
    /// # Cancel safety
    ///
    /// Once polled it takes effect, whether or not somebody waits.
    pub async fn shutdown(&mut self, side: ShutdownSide) -> io::Result<()> {
        self.write.shutdown(side).await
    }

    /// Closes the connection, giving up what is under way on it. When this returns, the driver has
    /// let go of it.
    ///
    /// # Errors
    ///
    /// What the transport says; the connection is gone all the same.
    ///
    /// # Cancel safety
    ///
    /// The connection is closed whether or not somebody waits.
    pub async fn close(mut self) -> io::Result<()> {
        self.read.cancel();
        self.write.cancel();
        self.read.socket.close()?.await
    }

    /// The two halves, to be used by two tasks of the shard. [`ReadHalf::reunite`] puts them
    /// together again.
    #[must_use]
    pub fn split(self) -> (ReadHalf<A>, WriteHalf<A>) {
        (self.read, self.write)
    }

    /// This stream for crates that want [`futures_io::AsyncRead`] and [`futures_io::AsyncWrite`].
    #[must_use]
    pub fn into_poll(self) -> PollStream<A>
    where
        A: Clone,
    {
        PollStream::new(self)
    }
}

impl<A> Receive for Stream<A> {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Buffer>> {
        self.read.poll_receive(cx)
    }
}

impl<A> Transmit for Stream<A> {
    fn send(&mut self, data: Vec<u8>) -> impl Future<Output = io::Result<Vec<u8>>> {
        self.write.send(data)
    }
}

impl<A: fmt::Debug> fmt::Debug for Stream<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("read", &self.read).field("write", &self.write).finish()
    }
}
