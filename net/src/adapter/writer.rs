//! Writing.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_io::AsyncWrite;

use super::line::Line;
use crate::stream::WriteHalf;

/// A write half as [`AsyncWrite`].
///
/// A write copies its bytes into a batch of at most [`crate::limits::POLL_WRITE_BYTES`], waiting
/// only when that is full; a task of the shard sends batch after batch, whether or not the writer
/// is polled. [`AsyncWrite::poll_flush`] waits until all is sent, [`AsyncWrite::poll_close`]
/// flushes and ends the send side.
///
/// As with a socket's own buffer, what was written is still sent when the writer is dropped, for
/// at most [`crate::limits::POLL_LINGER`]; whether it was, only a flush tells.
///
/// # Errors
///
/// A send that fails is reported by the next write, flush or close, and every later one fails with
/// `BrokenPipe`.
///
/// # Cancel safety
///
/// A write that was polled and dropped has written nothing.
pub struct PollWriter<A = SocketAddr> {
    line: Rc<Line>,
    /// The half, until the first write gives it to the line's task.
    half: Option<WriteHalf<A>>,
    peer: A,
}

impl PollWriter {
    /// The address of the other end.
    #[must_use]
    pub const fn peer_addr(&self) -> SocketAddr {
        self.peer
    }
}

impl<A: Clone> PollWriter<A> {
    pub(crate) fn new(half: WriteHalf<A>) -> Self {
        let peer = half.peer().clone();
        Self { line: Rc::default(), half: Some(half), peer }
    }
}

impl<A: 'static> PollWriter<A> {
    /// Makes sure that somebody carries away what is written.
    fn start(&mut self) -> io::Result<()> {
        match self.half.take() {
            Some(half) => self.line.carry_with(half),
            None => Ok(()),
        }
    }
}

impl<A: Unpin + 'static> AsyncWrite for PollWriter<A> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.start()?;
        self.line.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.poll_sent(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.start()?;
        self.line.poll_ended(cx)
    }
}

impl<A> Drop for PollWriter<A> {
    fn drop(&mut self) {
        self.line.abandon();
    }
}

impl<A: fmt::Debug> fmt::Debug for PollWriter<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollWriter").field("peer", &self.peer).finish_non_exhaustive()
    }
}
