//! Frames as bytes.
//!
//! A codec is a pure state machine: it sees the bytes that have arrived and takes one item off
//! their front, or writes an item behind those that wait to leave. It does no I/O and knows its own
//! bound: no item may make a reader buffer more than [`Decode::item_bytes_max`], and what a length
//! field claims is compared with the bound before anything is reserved for it. Nor is memory
//! reserved for a claim that is within the bound: a reader holds what has arrived, not what was
//! announced.

mod contract;
mod length;
mod lines;

pub use contract::{Decode, Encode};
pub use length::{ByteOrder, LengthDelimitedCodec, LengthError, LengthWidth};
pub use lines::{LineError, LinesCodec};
