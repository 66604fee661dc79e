//! Both directions.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncBufRead, AsyncRead, AsyncWrite};

use super::{PollReader, PollWriter};
use crate::stream::{ReadHalf, TcpStream};

/// A stream as [`AsyncRead`], [`AsyncBufRead`] and [`AsyncWrite`]; see [`PollReader`] and
/// [`PollWriter`].
#[derive(Debug)]
pub struct PollStream {
    reader: PollReader<ReadHalf>,
    writer: PollWriter,
}

impl PollStream {
    pub(crate) fn new(stream: TcpStream) -> Self {
        let (read, write) = stream.split();
        Self { reader: read.into_poll(), writer: write.into_poll() }
    }

    /// The two directions, to be used by two tasks of the shard.
    #[must_use]
    pub fn split(self) -> (PollReader<ReadHalf>, PollWriter) {
        (self.reader, self.writer)
    }
}

impl AsyncRead for PollStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.reader).poll_read(cx, out)
    }
}

impl AsyncBufRead for PollStream {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Pin::new(&mut self.get_mut().reader).poll_fill_buf(cx)
    }

    fn consume(mut self: Pin<&mut Self>, amount: usize) {
        Pin::new(&mut self.reader).consume(amount);
    }
}

impl AsyncWrite for PollStream {
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
