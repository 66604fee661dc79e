//! The half that receives.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use greenroom_core::io::IoFuture;
use greenroom_core::runtime::{Buffer, NetDone, NetRequest, UnixAddress};

use super::{Stream, WriteHalf};
use crate::adapter::PollReader;
use crate::limits::RECEIVE_BYTES;
use crate::socket::{Socket, unexpected};
use crate::transport::Receive;

/// The receiving half of a [`Stream`].
///
/// Dropping it does not end the connection: what the peer goes on sending fills the buffers in
/// between until the peer has to wait. The connection is closed when the other half is gone too.
pub struct ReadHalf<A = SocketAddr> {
    /// Before the socket, so that it is given up before the socket closes.
    receiving: Option<IoFuture<NetDone>>,
    pub(super) socket: Rc<Socket<A>>,
    /// The peer has ended its side.
    ended: bool,
}

impl<A> ReadHalf<A> {
    pub(super) const fn new(socket: Rc<Socket<A>>) -> Self {
        Self { receiving: None, socket, ended: false }
    }

    /// Receives what is there, waiting for the first byte where there is none. At the end of the
    /// stream the buffer is empty, from then on every time.
    ///
    /// Dropping the buffer gives its memory back to the shard's pool.
    ///
    /// # Errors
    ///
    /// What the transport says, such as `ConnectionReset`.
    ///
    /// # Cancel safety
    ///
    /// Safe. The receive goes on in this half, and the next one takes what it brings.
    pub async fn receive(&mut self) -> io::Result<Buffer> {
        poll_fn(|cx| self.poll_receive(cx)).await
    }

    /// Puts the two halves of a stream together again.
    ///
    /// # Errors
    ///
    /// Gives both back when they belong to different streams.
    pub fn reunite(self, write: WriteHalf<A>) -> Result<Stream<A>, (Self, WriteHalf<A>)> {
        if Rc::ptr_eq(&self.socket, &write.socket) {
            Ok(Stream { read: self, write })
        } else {
            Err((self, write))
        }
    }

    /// This half for crates that want [`futures_io::AsyncRead`].
    #[must_use]
    pub const fn into_poll(self) -> PollReader<Self> {
        PollReader::new(self)
    }

    /// Gives up a receive under way.
    pub(super) fn cancel(&mut self) {
        self.receiving = None;
    }
}

impl ReadHalf {
    /// The address of the other end.
    #[must_use]
    pub fn peer_addr(&self) -> SocketAddr {
        *self.socket.peer()
    }

    /// The address of this end; see [`Stream::local_addr`].
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        *self.socket.local()
    }
}

impl ReadHalf<UnixAddress> {
    /// The name of the other end.
    #[must_use]
    pub fn peer_addr(&self) -> &UnixAddress {
        self.socket.peer()
    }

    /// The name of this end.
    #[must_use]
    pub fn local_addr(&self) -> &UnixAddress {
        self.socket.local()
    }
}

impl<A> Receive for ReadHalf<A> {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Buffer>> {
        if self.ended {
            return Poll::Ready(Ok(Buffer::new(Vec::new())));
        }
        let receiving = match &mut self.receiving {
            Some(receiving) => receiving,
            none => none.insert(
                self.socket.start(|stream| NetRequest::Receive { stream, max: RECEIVE_BYTES })?,
            ),
        };
        let done = ready!(Pin::new(receiving).poll(cx));
        self.receiving = None;
        Poll::Ready(match done? {
            NetDone::Received(buffer) => {
                self.ended = buffer.is_empty();
                Ok(buffer)
            }
            other => Err(unexpected(&other)),
        })
    }
}

impl<A: fmt::Debug> fmt::Debug for ReadHalf<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf")
            .field("socket", &self.socket)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
