//! Frames behind their length.

use std::fmt;

use bytes::{Buf, Bytes, BytesMut};

use super::{Decode, Encode};
use crate::limits::FRAME_MAX;

/// Frames of any bytes, each behind a length field: four bytes, big endian, unless it is told
/// otherwise. The length counts the frame alone, not the field.
///
/// A decoded frame is a slice of what was received and shares its memory: keep a copy of a small
/// frame rather than the frame, if it is kept for long.
#[derive(Clone, Debug)]
pub struct LengthDelimitedCodec {
    frame_max: usize,
    width: LengthWidth,
    order: ByteOrder,
}

/// How many bytes a length field has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LengthWidth {
    /// One byte: frames of up to 255 bytes.
    U8,
    /// Two bytes: frames of up to 64 KiB less one byte.
    U16,
    /// Four bytes.
    U32,
    /// Eight bytes.
    U64,
}

/// Which byte of a length field comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ByteOrder {
    /// The highest, as in most network protocols.
    BigEndian,
    /// The lowest.
    LittleEndian,
}

/// A frame is longer than the codec allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LengthError {
    /// Bytes of the frame: as its length field says, or as it was to be written.
    pub length: u64,
    /// Most bytes of a frame.
    pub frame_max: usize,
}

impl fmt::Display for LengthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a frame of {} bytes; at most {} are allowed", self.length, self.frame_max)
    }
}

impl std::error::Error for LengthError {}

impl LengthWidth {
    const fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::U32 => 4,
            Self::U64 => 8,
        }
    }

    /// The longest frame such a field can announce.
    const fn frame_max(self) -> u64 {
        u64::MAX >> (64 - 8 * self.bytes())
    }
}

impl Default for LengthDelimitedCodec {
    fn default() -> Self {
        Self::new(FRAME_MAX)
    }
}

impl LengthDelimitedCodec {
    /// Frames of at most `frame_max` bytes, or of what the length field can say if that is less.
    #[must_use]
    pub const fn new(frame_max: usize) -> Self {
        Self { frame_max, width: LengthWidth::U32, order: ByteOrder::BigEndian }
    }

    /// The same with a length field of another width.
    #[must_use]
    pub const fn width(self, width: LengthWidth) -> Self {
        Self { width, ..self }
    }

    /// The same with a length field in that byte order.
    #[must_use]
    pub const fn order(self, order: ByteOrder) -> Self {
        Self { order, ..self }
    }

    /// The longest frame that is allowed and can be announced.
    fn frame_max(&self) -> usize {
        usize::try_from(self.width.frame_max())
            .map_or(self.frame_max, |max| max.min(self.frame_max))
    }

    fn check(&self, length: u64) -> Result<(), LengthError> {
        let frame_max = self.frame_max();
        if length > frame_max as u64 { Err(LengthError { length, frame_max }) } else { Ok(()) }
    }

    /// The length field at the front of `bytes`, if it is complete.
    fn length(&self, bytes: &BytesMut) -> Option<u64> {
        let mut field = bytes.get(..self.width.bytes())?;
        Some(match self.order {
            ByteOrder::BigEndian => field.get_uint(self.width.bytes()),
            ByteOrder::LittleEndian => field.get_uint_le(self.width.bytes()),
        })
    }
}

impl Decode for LengthDelimitedCodec {
    type Item = Bytes;
    type Error = LengthError;

    fn item_bytes_max(&self) -> usize {
        self.frame_max().saturating_add(self.width.bytes())
    }

    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Bytes>, LengthError> {
        let Some(length) = self.length(bytes) else { return Ok(None) };
        self.check(length)?;
        let (field, length) = (self.width.bytes(), length as usize);
        if bytes.len() - field < length {
            return Ok(None);
        }
        bytes.advance(field);
        Ok(Some(bytes.split_to(length).freeze()))
    }
}

impl<B: AsRef<[u8]>> Encode<B> for LengthDelimitedCodec {
    type Error = LengthError;

    fn encode(&mut self, frame: B, out: &mut Vec<u8>) -> Result<(), LengthError> {
        let frame = frame.as_ref();
        let length = frame.len() as u64;
        self.check(length)?;
        let field = self.width.bytes();
        match self.order {
            ByteOrder::BigEndian => out.extend_from_slice(&length.to_be_bytes()[8 - field..]),
            ByteOrder::LittleEndian => out.extend_from_slice(&length.to_le_bytes()[..field]),
        }
        out.extend_from_slice(frame);
        Ok(())
    }
}

#[cfg(test)]
#[path = "length_tests.rs"]
mod tests;
