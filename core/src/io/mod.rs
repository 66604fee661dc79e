//! I/O for code that runs on a shard: the completion traits as futures.
//!
//! The thinnest layer there is: one future an operation. Streams, codecs and files with a face are
//! built on it in other crates.

mod operations;

pub use operations::{IoFuture, Outcome, Ran, blocking, disk, net, resolve};
