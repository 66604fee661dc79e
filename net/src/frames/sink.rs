//! Writing frames.

use std::fmt;
use std::io;

use super::FeedError;
use crate::codec::Encode;
use crate::limits::BATCH_BYTES;
use crate::transport::Transmit;

/// Writes frames to a transport in batches: [`FrameSink::feed`] encodes, [`FrameSink::flush`]
/// sends.
///
/// The batch is bounded: it takes frames while it holds less than its bound, and one frame may go
/// over. A peer that does not read keeps `flush` waiting; whoever cannot wait bounds it with
/// [`greenroom_core::timeout`] and closes the stream.
pub struct FrameSink<T, E> {
    transport: T,
    encoder: E,
    batch: Vec<u8>,
    batch_bytes: usize,
}

impl<T: Transmit, E> FrameSink<T, E> {
    /// Writes to `transport` in batches of [`BATCH_BYTES`].
    #[must_use]
    pub const fn new(transport: T, encoder: E) -> Self {
        Self::with_batch_bytes(transport, encoder, BATCH_BYTES)
    }

    /// The same with batches that are full at `batch_bytes`. An empty batch takes a frame whatever
    /// its bound.
    #[must_use]
    pub const fn with_batch_bytes(transport: T, encoder: E, batch_bytes: usize) -> Self {
        Self { transport, encoder, batch: Vec::new(), batch_bytes }
    }

    /// Puts a frame into the batch; nothing leaves before [`FrameSink::flush`].
    ///
    /// # Errors
    ///
    /// [`FeedError::Full`] gives the frame back: flush, and feed it again. [`FeedError::Codec`]
    /// when it cannot be encoded. The batch is then as it was.
    pub fn feed<I>(&mut self, item: I) -> Result<(), FeedError<I, E::Error>>
    where
        E: Encode<I>,
    {
        let before = self.batch.len();
        if before > 0 && before >= self.batch_bytes {
            return Err(FeedError::Full(item));
        }
        self.encoder.encode(item, &mut self.batch).map_err(|error| {
            self.batch.truncate(before);
            FeedError::Codec(error)
        })
    }

    /// Sends the batch as one send; does nothing when it is empty.
    ///
    /// # Errors
    ///
    /// What the transport says. Nothing can be sent any more.
    ///
    /// # Cancel safety
    ///
    /// None: as with the transport's own send, a part of the batch may have left and nothing can
    /// be sent any more.
    pub async fn flush(&mut self) -> io::Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let spare = self.transport.send(std::mem::take(&mut self.batch)).await?;
        // A batch that one huge frame blew up is not kept for the connection's life.
        if spare.capacity() <= self.batch_bytes.saturating_mul(2) {
            self.batch = spare;
        }
        Ok(())
    }

    /// Bytes that wait for a flush.
    #[must_use]
    pub const fn pending_bytes(&self) -> usize {
        self.batch.len()
    }

    /// The transport, for a shutdown or a close. What was not flushed is dropped.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.transport
    }
}

impl<T: fmt::Debug, E> fmt::Debug for FrameSink<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameSink")
            .field("transport", &self.transport)
            .field("pending_bytes", &self.batch.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "sink_tests.rs"]
mod tests;
