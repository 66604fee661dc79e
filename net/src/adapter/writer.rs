//! Writing.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::AsyncWrite;
use greenroom_core::runtime::ShutdownSide;

use crate::limits::POLL_WRITE_BYTES;
use crate::socket::Finishing;
use crate::stream::WriteHalf;

/// A write half as [`AsyncWrite`].
///
/// A write copies its bytes and sends them while the writer goes on; the next write waits until
/// they have left. [`AsyncWrite::poll_flush`] waits for the same. [`AsyncWrite::poll_close`]
/// flushes and ends the send side.
///
/// # Errors
///
/// A send that fails is reported by the next write, flush or close.
///
/// # Cancel safety
///
/// A write that was polled and dropped has written nothing, or was done. Dropping the writer
/// without a flush may lose what was written last.
pub struct PollWriter {
    half: WriteHalf,
    /// The buffer for the next write.
    spare: Vec<u8>,
    closing: Option<Finishing>,
}

impl PollWriter {
    pub(crate) const fn new(half: WriteHalf) -> Self {
        Self { half, spare: Vec::new(), closing: None }
    }

    /// The half; `None` while bytes are under way, until a flush.
    #[must_use]
    pub fn into_inner(self) -> Option<WriteHalf> {
        (!self.half.is_sending()).then_some(self.half)
    }

    /// Waits until what was written has left.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.half.is_sending() {
            self.spare = ready!(self.half.poll_sent(cx))?;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for PollWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_idle(cx))?;
        let amount = bytes.len().min(POLL_WRITE_BYTES);
        if amount == 0 {
            return Poll::Ready(Ok(0));
        }
        let mut data = std::mem::take(&mut self.spare);
        data.extend_from_slice(&bytes[..amount]);
        self.half.start_send(data)?;
        Poll::Ready(Ok(amount))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_idle(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let writer = self.get_mut();
        ready!(writer.poll_idle(cx))?;
        let closing = match &mut writer.closing {
            Some(closing) => closing,
            // Closing twice is no error.
            None if writer.half.is_send_ended() => return Poll::Ready(Ok(())),
            none => none.insert(writer.half.start_shutdown(ShutdownSide::Send)?),
        };
        let done = ready!(Pin::new(closing).poll(cx));
        writer.closing = None;
        Poll::Ready(done)
    }
}

impl fmt::Debug for PollWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollWriter").field("half", &self.half).finish_non_exhaustive()
    }
}
