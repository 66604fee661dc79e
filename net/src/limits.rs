//! Every default and bound of this crate, each with its reason.

use std::time::Duration;

use greenroom_core::limits::BUFFER_BYTES;

/// Most bytes one receive takes: the pool's buffers are that large.
pub const RECEIVE_BYTES: usize = BUFFER_BYTES;

/// Most bytes a poll-style writer gathers while the batch before is sent: what a socket's send
/// buffer holds at first, more or less. Twice as much per connection is in memory at most.
pub const POLL_WRITE_BYTES: usize = 64 * 1024;

/// Longest time for which what a poll-style writer wrote is still sent after the writer was
/// dropped. A peer that has taken nothing for so long keeps no connection alive.
pub const POLL_LINGER: Duration = Duration::from_secs(5);

/// Longest line of a [`crate::LinesCodec`] unless it is told otherwise, in bytes without the line
/// break: what HTTP servers allow a header line.
pub const LINE_MAX: usize = 8 * 1024;

/// Longest frame of a [`crate::LengthDelimitedCodec`] unless it is told otherwise, in bytes without
/// the length field. A peer can make a reader hold this much; a thousand such peers, a thousand
/// times as much.
pub const FRAME_MAX: usize = 1024 * 1024;

/// Bytes of encoded frames at which a [`crate::FrameSink`] wants to be flushed. Well over the size
/// from which a larger send saves nothing, and little enough for every connection to have it.
pub const BATCH_BYTES: usize = 64 * 1024;

/// Connections a server serves at a time unless it is told otherwise.
pub const CONNECTIONS_MAX: usize = 10_000;

/// First pause after an accept failed for want of something.
pub const ACCEPT_BACKOFF_MIN: Duration = Duration::from_millis(5);

/// Longest such pause: each failure doubles it up to here. One attempt a second costs nothing, and
/// a server is back within a second of the shortage's end.
pub const ACCEPT_BACKOFF_MAX: Duration = Duration::from_secs(1);

/// First pause of a connect to a Unix socket whose backlog is full.
pub const KNOCK_MIN: Duration = Duration::from_millis(1);

/// Longest such pause: each doubles up to here.
pub const KNOCK_MAX: Duration = Duration::from_millis(100);

const _: () = assert!(KNOCK_MIN.as_nanos() < KNOCK_MAX.as_nanos());
const _: () = assert!(LINE_MAX < RECEIVE_BYTES);
const _: () = assert!(ACCEPT_BACKOFF_MIN.as_nanos() < ACCEPT_BACKOFF_MAX.as_nanos());
