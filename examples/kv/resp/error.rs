//! How a byte stream can fail to be RESP.

use super::Writer;

/// A request that cannot be read. What follows it has no known boundary, so the connection
/// answers with the error and closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProtocolError {
    /// The array's length is no integer, or more than [`super::Limits::args_max`].
    MultibulkLength,
    /// The string's length is no integer, negative, or more than
    /// [`super::Limits::bulk_bytes_max`].
    BulkLength,
    /// An array's element is not a bulk string; holds the byte found in place of its `$`.
    ExpectedBulk(u8),
    /// An inline command has no line end within 64 KiB.
    InlineTooBig,
    /// A quote of an inline command is never closed, or closed in the middle of a word.
    UnbalancedQuotes,
    /// An array's header has no line end within 64 KiB.
    MultibulkHeaderTooBig,
    /// A string's header has no line end within 64 KiB.
    BulkHeaderTooBig,
    /// The command is, or announces to be, longer than [`super::Limits::command_bytes_max`].
    /// Redis closes such a connection without a word; this text is ours.
    CommandTooBig,
}

impl ProtocolError {
    /// Appends the error reply.
    pub(crate) fn encode(self, out: &mut Writer) {
        let text = match self {
            Self::MultibulkLength => "invalid multibulk length",
            Self::BulkLength => "invalid bulk length",
            Self::InlineTooBig => "too big inline request",
            Self::UnbalancedQuotes => "unbalanced quotes in request",
            Self::MultibulkHeaderTooBig => "too big mbulk count string",
            Self::BulkHeaderTooBig => "too big bulk count string",
            Self::CommandTooBig => "too big command",
            Self::ExpectedBulk(found) => {
                let head = b"ERR Protocol error: expected '$', got '";
                return out.error(&[head, &[found], b"'"]);
            }
        };
        out.error(&[b"ERR Protocol error: ", text.as_bytes()]);
    }
}
