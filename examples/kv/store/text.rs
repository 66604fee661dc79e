//! Changing strings in place.

use super::keyspace::Live;
use super::value::Body;
use super::{Keyspace, Record, Refusal, SetRule};

impl Keyspace<'_> {
    /// The string under `key`.
    ///
    /// # Errors
    ///
    /// [`Refusal::WrongType`]: the key holds a collection.
    pub(crate) fn text(&mut self, key: &[u8]) -> Result<Option<&[u8]>, Refusal> {
        self.store.value(self.now_ms, key)
    }

    /// Stores a string as `rule` says; whether it did.
    pub(crate) fn set(&mut self, key: &[u8], value: &[u8], rule: SetRule) -> bool {
        self.store.set(self.now_ms, (key, value), rule)
    }

    /// Writes `part` into the string under `key` from `offset` on, where zero bytes fill what was
    /// not there; `None` for its end. The deadline stays. Returns the length it came to.
    ///
    /// # Errors
    ///
    /// [`Refusal::WrongType`]: the key holds a collection.
    pub(crate) fn splice(
        &mut self,
        key: &[u8],
        offset: Option<usize>,
        part: &[u8],
    ) -> Result<usize, Refusal> {
        let Some(Live { entry, ledger }) = self.store.live(self.now_ms, key) else {
            let value = [&vec![0; offset.unwrap_or(0)], part].concat();
            self.set(key, &value, SetRule::PLAIN);
            return Ok(value.len());
        };
        let Body::Text(record) = &mut entry.body else { return Err(Refusal::WrongType) };
        ledger.value_bytes -= record.payload_len();
        let end = record.value().len();
        record.splice(offset.unwrap_or(end), part);
        ledger.value_bytes += record.payload_len();
        Ok(record.value().len())
    }
}

impl Record {
    /// Writes `part` into the value from `offset` on.
    fn splice(&mut self, offset: usize, part: &[u8]) {
        self.rewrite(|value, start| {
            let (from, to) = (start + offset, start + offset + part.len());
            if value.len() < to {
                value.reserve_exact(to - value.len());
                value.resize(to, 0);
            }
            value[from..to].copy_from_slice(part);
        });
    }
}
