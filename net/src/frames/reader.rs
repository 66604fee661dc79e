//! Reading frames.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;

use super::FrameError;
use crate::codec::Decode;
use crate::transport::Receive;

/// The frames of a source, one after the other.
///
/// Holds no buffer while nothing is buffered, so an idle connection costs no memory here.
pub struct Frames<R, D> {
    source: R,
    decoder: D,
    buffer: BytesMut,
    buffer_max: usize,
    state: State,
}

/// What a step of reading comes to.
type Found<D> = Result<Option<<D as Decode>::Item>, FrameError<<D as Decode>::Error>>;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// The buffer may hold a frame.
    Decoding,
    /// It does not: more bytes are needed.
    Receiving,
    /// No more bytes will come.
    Ended,
    /// Nor will frames.
    Over,
}

impl<R: Receive, D: Decode> Frames<R, D> {
    /// Reads from `source`, buffering at most what the decoder's longest item takes and one
    /// receive.
    #[must_use]
    pub fn new(source: R, decoder: D) -> Self {
        let buffer_max = decoder.item_bytes_max();
        Self::with_buffer_max(source, decoder, buffer_max)
    }

    /// The same with a bound of its own, in bytes, on what is buffered before a receive.
    #[must_use]
    pub fn with_buffer_max(source: R, decoder: D, buffer_max: usize) -> Self {
        let state = State::Receiving;
        Self { source, decoder, buffer: BytesMut::new(), buffer_max, state }
    }

    /// The next frame; `None` when the stream has ended behind a frame.
    ///
    /// # Errors
    ///
    /// See [`FrameError`]. After an error there are no more frames.
    ///
    /// # Cancel safety
    ///
    /// Safe: nothing that was received is lost.
    pub async fn next(&mut self) -> Result<Option<D::Item>, FrameError<D::Error>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Found<D>> {
        loop {
            let found = match self.state {
                State::Over => return Poll::Ready(Ok(None)),
                State::Decoding => self.decode(),
                State::Ended => self.decode_end(),
                State::Receiving => ready!(self.poll_more(cx)).map(|()| None),
            };
            match found {
                Ok(None) => {}
                Ok(item) => return Poll::Ready(Ok(item)),
                Err(error) => {
                    self.state = State::Over;
                    self.buffer = BytesMut::new();
                    return Poll::Ready(Err(error));
                }
            }
        }
    }

    fn decode(&mut self) -> Found<D> {
        let item = self.decoder.decode(&mut self.buffer).map_err(FrameError::Codec)?;
        if item.is_none() {
            if self.buffer.len() >= self.buffer_max {
                return Err(FrameError::TooLong { buffer_max: self.buffer_max });
            }
            if self.buffer.is_empty() {
                self.buffer = BytesMut::new();
            }
            self.state = State::Receiving;
        }
        Ok(item)
    }

    fn decode_end(&mut self) -> Found<D> {
        let item = self.decoder.decode_end(&mut self.buffer).map_err(FrameError::Codec)?;
        if item.is_none() {
            let left = self.buffer.len();
            if left > 0 {
                return Err(FrameError::Truncated { left });
            }
            self.state = State::Over;
        }
        Ok(item)
    }

    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FrameError<D::Error>>> {
        let chunk = ready!(self.source.poll_receive(cx)).map_err(FrameError::Io)?;
        self.state = if chunk.is_empty() { State::Ended } else { State::Decoding };
        self.buffer.extend_from_slice(&chunk);
        Poll::Ready(Ok(()))
    }
}

impl<R, D> Frames<R, D> {
    /// The source, the decoder, and the bytes that were received and not decoded: for a protocol
    /// that goes on in another format.
    #[must_use]
    pub fn into_parts(self) -> (R, D, BytesMut) {
        (self.source, self.decoder, self.buffer)
    }
}

impl<R: fmt::Debug, D> fmt::Debug for Frames<R, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frames")
            .field("source", &self.source)
            .field("buffered", &self.buffer.len())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
