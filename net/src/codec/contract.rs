//! What a codec is.

use bytes::BytesMut;

/// Takes items out of bytes.
pub trait Decode {
    /// What the bytes mean.
    type Item;

    /// Bytes that mean nothing. The place of the next item is lost with them.
    type Error;

    /// Most bytes one item takes, framing included. Given that many, [`Decode::decode`] finds an
    /// item or an error; a reader that buffered them in vain gives up.
    fn item_bytes_max(&self) -> usize;

    /// Takes the first item off the front of `bytes`, with its framing; `None` when it is not
    /// complete. Called again with the same bytes and more behind them, until an item is found.
    ///
    /// # Errors
    ///
    /// When the bytes cannot be the beginning of an item, or of none within the bound.
    fn decode(&mut self, bytes: &mut BytesMut) -> Result<Option<Self::Item>, Self::Error>;

    /// Takes the first item off `bytes` when nothing will come behind them. Called until it finds
    /// none; bytes that are left then are an item that was cut off.
    ///
    /// # Errors
    ///
    /// As [`Decode::decode`].
    fn decode_end(&mut self, bytes: &mut BytesMut) -> Result<Option<Self::Item>, Self::Error> {
        self.decode(bytes)
    }
}

/// Writes items as bytes.
pub trait Encode<Item> {
    /// An item that cannot be written.
    type Error;

    /// Writes `item` with its framing behind what `out` holds.
    ///
    /// # Errors
    ///
    /// When the other end could not read it back; what was written of it is taken off `out` again
    /// by the caller.
    fn encode(&mut self, item: Item, out: &mut Vec<u8>) -> Result<(), Self::Error>;
}
