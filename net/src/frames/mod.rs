//! Streams of frames: [`Frames`] reads, [`FrameSink`] writes.
//!
//! Both are bounded. A reader buffers no more than its codec's longest item and one receive, and
//! asks for more only when it needs it, so that a slow consumer slows the peer down. A writer
//! gathers frames until it is flushed, gives a frame back when its batch is full, and sends each
//! batch as one send.

mod error;
mod reader;
mod sink;

pub use error::{FeedError, FrameError};
pub use reader::Frames;
pub use sink::FrameSink;
