//! The half that sends.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use greenroom_core::io::IoFuture;
use greenroom_core::runtime::{NetDone, NetRequest, ShutdownSide, UnixAddress};

use crate::adapter::PollWriter;
use crate::socket::{Socket, unexpected};
use crate::transport::Transmit;

/// The sending half of a [`Stream`](super::Stream).
///
/// Dropping it ends its side of the connection: the peer reads end of stream after what was sent.
pub struct WriteHalf<A = SocketAddr> {
    /// Before the socket, so that it is given up before the socket closes.
    state: State,
    pub(super) socket: Rc<Socket<A>>,
}

enum State {
    Idle,
    /// `sent` bytes of the data have left; the operation has the rest.
    UnderWay {
        operation: IoFuture<NetDone>,
        sent: usize,
    },
    /// A part of some data has left and its rest never will.
    Torn,
}

impl<A> WriteHalf<A> {
    pub(super) const fn new(socket: Rc<Socket<A>>) -> Self {
        Self { state: State::Idle, socket }
    }

    /// Sends all of `data`, waiting for the peer where it does not keep up, and gives the buffer
    /// back, empty, to be filled again. "Sent" means handed to the transport: that the peer has
    /// read it only the peer can tell.
    ///
    /// # Errors
    ///
    /// What the transport says; a part of `data` may have left. This half is then torn: every
    /// later send fails with `BrokenPipe`, as it does after the send side was shut down.
    ///
    /// # Cancel safety
    ///
    /// None. Before its first poll a dropped send has done nothing. After that a part of `data` may
    /// have left and the rest will not: this half is torn ([`WriteHalf::is_torn`]), every later
    /// send fails with `BrokenPipe`, and the connection can only be closed. To bound a slow peer,
    /// drop the send when its time is over and then the stream.
    pub async fn send(&mut self, data: Vec<u8>) -> io::Result<Vec<u8>> {
        self.start_send(data)?;
        let sending = Sending(self);
        poll_fn(|cx| sending.0.poll_sent(cx)).await
    }

    /// Whether a part of some data has left and its rest never will, because its send failed or
    /// was dropped under way. Nothing can be sent any more.
    #[must_use]
    pub const fn is_torn(&self) -> bool {
        matches!(self.state, State::Torn)
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
        self.socket.shutdown(side)?.await
    }

    /// This half for crates that want [`futures_io::AsyncWrite`].
    #[must_use]
    pub fn into_poll(self) -> PollWriter<A>
    where
        A: Clone,
    {
        PollWriter::new(self)
    }

    /// Begins to send `data`; [`WriteHalf::poll_sent`] carries on. None may be under way.
    fn start_send(&mut self, data: Vec<u8>) -> io::Result<()> {
        let refused = |why| Err(io::Error::new(io::ErrorKind::BrokenPipe, why));
        if self.is_torn() {
            return refused("an earlier send left a part of its data unsent");
        }
        if self.socket.is_send_ended() {
            return refused("the send side was shut down");
        }
        debug_assert!(matches!(self.state, State::Idle), "two sends at a time");
        let operation = self.submit(data, 0)?;
        self.state = State::UnderWay { operation, sent: 0 };
        Ok(())
    }

    /// Waits until all is sent, and gives the buffer back, empty; an empty one when no send is
    /// under way. A poll that is not followed by another leaves the rest unsent.
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Vec<u8>>> {
        loop {
            let State::UnderWay { operation, sent } = &mut self.state else {
                return Poll::Ready(Ok(Vec::new()));
            };
            let done = ready!(Pin::new(operation).poll(cx));
            let sent = *sent;
            // Every way out of here but success leaves the half torn.
            self.state = State::Torn;
            let (mut data, written) = match done? {
                NetDone::Sent { data, written } => (data, written),
                other => return Poll::Ready(Err(unexpected(&other))),
            };
            let sent = sent + written;
            if written == 0 && sent < data.len() {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            if sent >= data.len() {
                self.state = State::Idle;
                data.clear();
                return Poll::Ready(Ok(data));
            }
            let operation = self.submit(data, sent)?;
            self.state = State::UnderWay { operation, sent };
        }
    }

    pub(crate) fn peer(&self) -> &A {
        self.socket.peer()
    }

    pub(crate) fn is_send_ended(&self) -> bool {
        self.socket.is_send_ended()
    }

    fn submit(&self, data: Vec<u8>, start: usize) -> io::Result<IoFuture<NetDone>> {
        self.socket.start(|stream| NetRequest::Send { stream, data, start })
    }

    /// Gives up a send under way.
    pub(super) fn cancel(&mut self) {
        if matches!(self.state, State::UnderWay { .. }) {
            self.state = State::Torn;
        }
    }
}

/// Tears the half when a send is dropped under way.
struct Sending<'a, A>(&'a mut WriteHalf<A>);

impl<A> Drop for Sending<'_, A> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl WriteHalf {
    /// The address of the other end.
    #[must_use]
    pub fn peer_addr(&self) -> SocketAddr {
        *self.socket.peer()
    }

    /// The address of this end; see [`Stream::local_addr`](super::Stream::local_addr).
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        *self.socket.local()
    }
}

impl WriteHalf<UnixAddress> {
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

impl<A> Transmit for WriteHalf<A> {
    fn send(&mut self, data: Vec<u8>) -> impl Future<Output = io::Result<Vec<u8>>> {
        Self::send(self, data)
    }
}

impl<A> Drop for WriteHalf<A> {
    fn drop(&mut self) {
        self.cancel();
        // Without the other half the socket closes anyhow, which says the same to the peer.
        let other_half_lives = Rc::strong_count(&self.socket) > 1;
        if other_half_lives && !self.socket.is_send_ended() && !self.socket.is_closed() {
            drop(self.socket.shutdown(ShutdownSide::Send));
        }
    }
}

impl<A: fmt::Debug> fmt::Debug for WriteHalf<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteHalf")
            .field("socket", &self.socket)
            .field("torn", &self.is_torn())
            .finish_non_exhaustive()
    }
}
