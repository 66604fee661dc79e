//! The production runtime of Greenroom: executors pinned to cores, SPSC rings, io_uring.

#![deny(unsafe_code)]

pub mod mesh;
mod sync;
