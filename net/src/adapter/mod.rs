//! Poll-style reading and writing, for crates that know [`futures_io`] and nothing of completions.
//!
//! The poll style lends a slice for the length of one call; a driver wants bytes that it owns until
//! the operation has completed. So each direction is copied once: out of the received buffer into
//! the reader's slice, and out of the writer's slice into a batch that is sent *behind* the writer,
//! as the operating system's own socket buffer would be.

mod line;
mod reader;
mod stream;
mod writer;

pub use reader::PollReader;
pub use stream::PollStream;
pub use writer::PollWriter;
