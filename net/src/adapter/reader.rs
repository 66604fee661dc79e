//! Reading.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncBufRead, AsyncRead};
use greenroom_core::runtime::Buffer;

use crate::transport::Receive;

/// A source as [`AsyncRead`] and [`AsyncBufRead`].
///
/// # Cancel safety
///
/// A read that was polled and dropped has read nothing; what it would have brought is there for
/// the next.
pub struct PollReader<R> {
    source: R,
    /// What was received last, and how much of it was read.
    chunk: Option<(Buffer, usize)>,
}

impl<R> PollReader<R> {
    /// Reads from `source`.
    #[must_use]
    pub const fn new(source: R) -> Self {
        Self { source, chunk: None }
    }

    /// The source, and the bytes that were received and not read.
    #[must_use]
    pub fn into_parts(self) -> (R, Vec<u8>) {
        let left = self.chunk.map(|(chunk, taken)| chunk[taken..].to_vec());
        (self.source, left.unwrap_or_default())
    }
}

impl<R: Receive> PollReader<R> {
    /// Receives a chunk unless there is one with unread bytes; empty at the end of the stream.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        if self.chunk.as_ref().is_none_or(|(chunk, taken)| *taken == chunk.len()) {
            // Gives the old buffer back before asking for the next.
            self.chunk = None;
            self.chunk = Some((ready!(self.source.poll_receive(cx))?, 0));
        }
        let unread = self.chunk.as_ref().map_or(&[][..], |(chunk, taken)| &chunk[*taken..]);
        Poll::Ready(Ok(unread))
    }

    fn take(&mut self, amount: usize) {
        if let Some((chunk, taken)) = &mut self.chunk {
            *taken = taken.saturating_add(amount).min(chunk.len());
        }
    }
}

impl<R: Receive + Unpin> AsyncRead for PollReader<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if out.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let unread = ready!(self.poll_fill(cx))?;
        let amount = unread.len().min(out.len());
        out[..amount].copy_from_slice(&unread[..amount]);
        self.take(amount);
        Poll::Ready(Ok(amount))
    }
}

impl<R: Receive + Unpin> AsyncBufRead for PollReader<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.get_mut().poll_fill(cx)
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        self.take(amount);
    }
}

impl<R: fmt::Debug> fmt::Debug for PollReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unread = self.chunk.as_ref().map_or(0, |(chunk, taken)| chunk.len() - taken);
        f.debug_struct("PollReader").field("source", &self.source).field("unread", &unread).finish()
    }
}
