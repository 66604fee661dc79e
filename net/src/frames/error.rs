//! Why there is no frame.

use std::fmt;
use std::io;

/// The next frame cannot be read. The reader is at its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum FrameError<E> {
    /// The transport failed.
    Io(io::Error),
    /// The decoder refused the bytes.
    Codec(E),
    /// That many bytes were buffered and the decoder found no frame in them.
    TooLong {
        /// Most bytes that may be buffered.
        buffer_max: usize,
    },
    /// The stream ended within a frame.
    Truncated {
        /// Bytes of the frame that had arrived.
        left: usize,
    },
}

impl<E: fmt::Display> fmt::Display for FrameError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Codec(error) => error.fmt(f),
            Self::TooLong { buffer_max } => write!(f, "no frame in {buffer_max} bytes"),
            Self::Truncated { left } => {
                write!(f, "the stream ended within a frame, {left} bytes into it")
            }
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for FrameError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Codec(error) => Some(error),
            Self::TooLong { .. } | Self::Truncated { .. } => None,
        }
    }
}

/// A frame was not taken into the batch, which is as it was.
#[derive(Clone, PartialEq, Eq)]
pub enum FeedError<I, E> {
    /// The batch is full: flush it. The frame is given back.
    Full(I),
    /// The frame cannot be encoded.
    Codec(E),
}

impl<I, E: fmt::Debug> fmt::Debug for FeedError<I, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("Full(..)"),
            Self::Codec(error) => f.debug_tuple("Codec").field(error).finish(),
        }
    }
}

impl<I, E: fmt::Display> fmt::Display for FeedError<I, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("the batch is full and has to be flushed"),
            Self::Codec(error) => error.fmt(f),
        }
    }
}

impl<I, E: std::error::Error> std::error::Error for FeedError<I, E> {}
