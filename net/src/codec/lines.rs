//! Lines of text.

use std::fmt;

use bytes::{Buf, BytesMut};

use super::{Decode, Encode};
use crate::limits::LINE_MAX;

/// UTF-8 lines, ended by `\n` or `\r\n`, without their ending; written with `\n`.
///
/// A last line without an ending counts as cut off, unless
/// [`LinesCodec::accept_unterminated`] says otherwise: `DELETE 10` may have been on its way to
/// `DELETE 1000`.
#[derive(Clone, Debug)]
pub struct LinesCodec {
    line_max: usize,
    unterminated: bool,
    /// Bytes at the front that are known to hold no line break.
    searched: usize,
}

/// A line that cannot be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LineError {
    /// It is longer than the codec allows.
    TooLong {
        /// Most bytes of a line, without its ending.
        line_max: usize,
    },
    /// It is not UTF-8.
    NotUtf8,
    /// It was to be written and contains a line break, or ends in `\r`: the other end would read
    /// something else.
    LineBreak,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { line_max } => write!(f, "a line of more than {line_max} bytes"),
            Self::NotUtf8 => f.write_str("a line that is not UTF-8"),
            Self::LineBreak => f.write_str("a line with a line break in it"),
        }
    }
}

impl std::error::Error for LineError {}

impl Default for LinesCodec {
    fn default() -> Self {
        Self::new(LINE_MAX)
    }
}

impl LinesCodec {
    /// Lines of at most `line_max` bytes, not counting their ending.
    #[must_use]
    pub const fn new(line_max: usize) -> Self {
        Self { line_max, unterminated: false, searched: 0 }
    }

    /// Takes a last line without an ending for a line.
    #[must_use]
    pub const fn accept_unterminated(self) -> Self {
        Self { unterminated: true, ..self }
    }

    /// Takes `length` bytes and `ending` more off the front, as a line.
    fn take(
        &mut self,
        bytes: &mut BytesMut,
        length: usize,
        ending: usize,
    ) -> Result<Option<String>, LineError> {
        self.searched = 0;
        let line = strip_return(&bytes[..length]);
        if line.len() > self.line_max {
            return Err(self.too_long());
        }
        let line = str::from_utf8(line).map_err(|_| LineError::NotUtf8)?.to_owned();
        bytes.advance(length + ending);
        Ok(Some(line))
    }

    const fn too_long(&self) -> LineError {
        LineError::TooLong { line_max: self.line_max }
    }
}

fn strip_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

impl Decode for LinesCodec {
    type Item = String;
    type Error = LineError;

    fn item_bytes_max(&self) -> usize {
        self.line_max.saturating_add(2)
    }

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<String>, LineError> {
        let searched = self.searched.min(bytes.len());
        if let Some(found) = memchr::memchr(b'\n', &bytes[searched..]) {
            return self.take(bytes, searched + found, 1);
        }
        self.searched = bytes.len();
        if strip_return(bytes).len() > self.line_max { Err(self.too_long()) } else { Ok(None) }
    }

    fn decode_end(&mut self, bytes: &mut BytesMut) -> Result<Option<String>, LineError> {
        match self.decode(bytes)? {
            None if self.unterminated && !bytes.is_empty() => self.take(bytes, bytes.len(), 0),
            line => Ok(line),
        }
    }
}

impl<S: AsRef<str>> Encode<S> for LinesCodec {
    type Error = LineError;

    fn encode(&mut self, line: S, out: &mut Vec<u8>) -> Result<(), LineError> {
        let line = line.as_ref().as_bytes();
        if line.len() > self.line_max {
            return Err(self.too_long());
        }
        if line.ends_with(b"\r") || memchr::memchr(b'\n', line).is_some() {
            return Err(LineError::LineBreak);
        }
        out.extend_from_slice(line);
        out.push(b'\n');
        Ok(())
    }
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
