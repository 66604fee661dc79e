//! A key and its value in one block.

/// A key and its value in one allocation: the key's length, the key, the value. Two words, so
/// that it travels between shards inside a request without a box of its own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record(Box<[u8]>);

impl Record {
    /// Bytes at the start of the block that hold the key's length.
    pub(super) const HEAD: usize = size_of::<u32>();

    /// Copies both into one new block.
    ///
    /// # Panics
    ///
    /// If the key has 4 GiB or more; the decoder's limits are far below that.
    pub(crate) fn new(key: &[u8], value: &[u8]) -> Self {
        let key_len = u32::try_from(key.len()).expect("a key is shorter than 4 GiB");
        let mut block = Vec::with_capacity(Self::HEAD + key.len() + value.len());
        block.extend_from_slice(&key_len.to_ne_bytes());
        block.extend_from_slice(key);
        block.extend_from_slice(value);
        Self(block.into_boxed_slice())
    }

    /// The key.
    pub(crate) fn key(&self) -> &[u8] {
        &self.0[Self::HEAD..self.value_start()]
    }

    /// The value.
    pub(crate) fn value(&self) -> &[u8] {
        &self.0[self.value_start()..]
    }

    /// Replaces the value: in place if the length stays, else by growing or shrinking the block.
    pub(crate) fn set_value(&mut self, value: &[u8]) {
        let start = self.value_start();
        if self.0.len() - start == value.len() {
            self.0[start..].copy_from_slice(value);
            return;
        }
        self.rewrite(|block, start| {
            block.truncate(start);
            block.reserve_exact(value.len());
            block.extend_from_slice(value);
        });
    }

    /// Hands the block to `change`, and where the value begins in it, before which nothing may
    /// change.
    pub(super) fn rewrite(&mut self, change: impl FnOnce(&mut Vec<u8>, usize)) {
        let start = self.value_start();
        let mut block = std::mem::take(&mut self.0).into_vec();
        change(&mut block, start);
        self.0 = block.into_boxed_slice();
    }

    /// Bytes of key and value.
    pub(crate) fn payload_len(&self) -> usize {
        self.0.len() - Self::HEAD
    }

    fn value_start(&self) -> usize {
        // A record is never shorter than its head.
        let head =
            self.0.first_chunk::<{ Self::HEAD }>().map_or(0, |head| u32::from_ne_bytes(*head));
        Self::HEAD + head as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_any_bytes() {
        for (key, value) in [("", ""), ("k", ""), ("", "v"), ("key", "value")] {
            let record = Record::new(key.as_bytes(), value.as_bytes());
            assert_eq!((record.key(), record.value()), (key.as_bytes(), value.as_bytes()));
            assert_eq!(record.payload_len(), key.len() + value.len());
        }
    }

    #[test]
    fn replaces_the_value_alone() {
        let mut record = Record::new(b"key", b"value");
        for value in ["other", "", "v", "a longer value", "a longer value"] {
            record.set_value(value.as_bytes());
            assert_eq!((record.key(), record.value()), (b"key".as_slice(), value.as_bytes()));
        }
    }
}
