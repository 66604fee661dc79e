//! Both directions.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncBufRead, AsyncRead, AsyncWrite};

use super::{PollReader, PollWriter};
use crate::stream::{ReadHalf, Stream};

/// A stream as [`AsyncRead`], [`AsyncBufRead`] and [`AsyncWrite`]; see [`PollReader`] and
/// [`PollWriter`].
#[derive(Debug)]
pub struct PollStream<A = SocketAddr> {
    reader: PollReader<ReadHalf<A>>,
    writer: PollWriter<A>,
}

impl<A: Clone> PollStream<A> {
    pub(crate) fn new(stream: Stream<A>) -> Self {
        let (read, write) = stream.split();
        Self { reader: read.into_poll(), writer: write.into_poll() }
    }
}

impl<A> PollStream<A> {
    /// The two directions, to be used by two tasks of the shard.
    #[must_use]
    pub fn split(self) -> (PollReader<ReadHalf<A>>, PollWriter<A>) {
        (self.reader, self.writer)
    }
}

impl<A: Unpin> AsyncRead for PollStream<A> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.reader).poll_read(cx, out)
    }
}

impl<A: Unpin> AsyncBufRead for PollStream<A> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Pin::new(&mut self.get_mut().reader).poll_fill_buf(cx)
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        Pin::new(&mut self.reader).consume(amount);
    }
}

impl<A: Unpin + 'static> AsyncWrite for PollStream<A> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.writer).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_close(cx)
    }
}
