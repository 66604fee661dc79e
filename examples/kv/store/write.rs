//! Writing values.

use std::hash::BuildHasher;

use hashbrown::hash_table::Entry as Found;

use super::keyspace::{Entry, Live, wide};
use super::value::Body;
use super::{Deadline, Record, Refusal, Store};
use crate::decimal::{self, Decimal};

/// What must be there for a write to happen: the key for `SET`, the deadline for `EXPIRE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Nothing.
    Always,
    /// It must be absent (`NX`).
    Absent,
    /// It must be present (`XX`).
    Present,
}

impl Condition {
    /// Whether the write may happen.
    pub(super) fn allows(self, present: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Absent => !present,
            Self::Present => present,
        }
    }
}

/// What a write does to the key's deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// Leaves it (`KEEPTTL`).
    Keep,
    /// Replaces it; a plain `SET` replaces it by [`Deadline::NEVER`].
    Replace(Deadline),
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SetRule {
    /// When.
    pub(crate) condition: Condition,
    /// With which deadline.
    pub(crate) expiry: Expiry,
}

impl SetRule {
    /// A plain `SET`.
    pub(crate) const PLAIN: Self =
        Self { condition: Condition::Always, expiry: Expiry::Replace(Deadline::NEVER) };
}

/// A key and a value that are about to be stored: borrowed from a connection's buffer, or a
/// record that another shard built.
pub(crate) trait Payload {
    /// The key.
    fn key(&self) -> &[u8];
    /// The record to store under a new key.
    fn into_record(self) -> Record;
    /// Replaces the value of the same key's `record`.
    fn write_to(self, record: &mut Record);
}

impl Payload for (&[u8], &[u8]) {
    fn key(&self) -> &[u8] {
        self.0
    }

    fn into_record(self) -> Record {
        Record::new(self.0, self.1)
    }

    fn write_to(self, record: &mut Record) {
        record.set_value(self.1);
    }
}

impl Payload for Record {
    fn key(&self) -> &[u8] {
        self.key()
    }

    fn into_record(self) -> Record {
        self
    }

    fn write_to(self, record: &mut Record) {
        *record = self;
    }
}

impl<S: BuildHasher> Store<S> {
    /// Stores a string as `rule` says, in place of whatever was there; whether it did. Costs at most the one allocation of the
    /// record, and none if the value it replaces has the same length.
    pub(crate) fn set(&mut self, now_ms: u64, payload: impl Payload, rule: SetRule) -> bool {
        let hash = self.hash(payload.key());
        let is_key = |entry: &Entry| entry.is(hash, payload.key());
        match self.table.entry(wide(hash), is_key, |entry| wide(entry.hash)) {
            Found::Occupied(place) => {
                let dead = place.get().deadline.is_past(now_ms);
                if !rule.condition.allows(!dead) {
                    return false;
                }
                let entry = place.into_mut();
                self.ledger.value_bytes -= entry.body.used_bytes();
                match &mut entry.body {
                    Body::Text(record) => payload.write_to(record),
                    body @ Body::Collection(_) => *body = Body::Text(payload.into_record()),
                }
                self.ledger.value_bytes += entry.body.used_bytes();
                self.ledger.expired_total += u64::from(dead);
                match rule.expiry {
                    Expiry::Replace(deadline) => self.ledger.set_deadline(entry, deadline),
                    Expiry::Keep if dead => self.ledger.set_deadline(entry, Deadline::NEVER),
                    Expiry::Keep => {}
                }
            }
            Found::Vacant(place) => {
                if !rule.condition.allows(false) {
                    return false;
                }
                let body = Body::Text(payload.into_record());
                self.ledger.value_bytes += body.used_bytes();
                let entry = Entry { body, deadline: Deadline::NEVER, hash, ticket: 0 };
                let entry = place.insert(entry).into_mut();
                if let Expiry::Replace(deadline) = rule.expiry {
                    self.ledger.set_deadline(entry, deadline);
                }
            }
        }
        true
    }

    /// Adds `delta` to the integer under `key` (0 if there is none) and returns the sum. The
    /// deadline stays.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: the value is unchanged.
    pub(crate) fn incr_by(&mut self, now_ms: u64, key: &[u8], delta: i64) -> Result<i64, Refusal> {
        let Some(Live { entry, ledger }) = self.live(now_ms, key) else {
            self.set(now_ms, (key, Decimal::new(delta).as_bytes()), SetRule::PLAIN);
            return Ok(delta);
        };
        let Body::Text(record) = &mut entry.body else { return Err(Refusal::WrongType) };
        let current = decimal::parse_i64(record.value()).ok_or(Refusal::NotInteger)?;
        let sum = current.checked_add(delta).ok_or(Refusal::Overflow)?;
        ledger.value_bytes -= record.payload_len();
        record.set_value(Decimal::new(sum).as_bytes());
        ledger.value_bytes += record.payload_len();
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Place;

    fn store_with(value: &str) -> Store {
        let mut store = Store::new(1, Place::ALONE);
        store.set(0, (&b"k"[..], value.as_bytes()), SetRule::PLAIN);
        store
    }

    #[test]
    fn a_counter_starts_at_zero() {
        let mut store = Store::new(1, Place::ALONE);
        assert_eq!(store.incr_by(0, b"k", 1), Ok(1));
        assert_eq!(store.incr_by(0, b"k", -12), Ok(-11));
        assert_eq!(store.value(0, b"k"), Ok(Some(&b"-11"[..])));
        assert_eq!(store.incr_by(0, b"other", i64::MIN), Ok(i64::MIN));
        assert_eq!(store.value(0, b"other"), Ok(Some(&b"-9223372036854775808"[..])));
    }

    #[test]
    fn a_counter_stays_within_an_i64() {
        let max = i64::MAX.to_string();
        let min = i64::MIN.to_string();
        let table = [
            (max.as_str(), 1, Err(Refusal::Overflow)),
            (&max, i64::MAX, Err(Refusal::Overflow)),
            (&max, 0, Ok(i64::MAX)),
            (&max, i64::MIN, Ok(-1)),
            (&min, -1, Err(Refusal::Overflow)),
            (&min, i64::MIN, Err(Refusal::Overflow)),
            (&min, i64::MAX, Ok(-1)),
        ];
        for (value, delta, result) in table {
            let mut store = store_with(value);
            assert_eq!(store.incr_by(0, b"k", delta), result);
            let after = result.map_or_else(|_| value.to_owned(), |sum| sum.to_string());
            assert_eq!(store.value(0, b"k"), Ok(Some(after.as_bytes())), "unchanged by an error");
        }
    }

    #[test]
    fn a_counter_is_canonical_text() {
        for value in ["", " 1", "1 ", "+1", "01", "-0", "1.0", "x", "9223372036854775808"] {
            let mut store = store_with(value);
            assert_eq!(store.incr_by(0, b"k", 1), Err(Refusal::NotInteger), "{value:?}");
        }
    }

    #[test]
    fn conditions_on_the_key() {
        use Condition::{Absent, Always, Present};
        for (condition, on_absent, on_present) in
            [(Always, true, true), (Absent, true, false), (Present, false, true)]
        {
            let rule = SetRule { condition, ..SetRule::PLAIN };
            let mut store = Store::new(1, Place::ALONE);
            assert_eq!(store.set(0, (&b"k"[..], &b"new"[..]), rule), on_absent);
            assert_eq!(store.contains(0, b"k"), on_absent);
            let mut store = store_with("old");
            assert_eq!(store.set(0, (&b"k"[..], &b"new"[..]), rule), on_present);
            let value: &[u8] = if on_present { b"new" } else { b"old" };
            assert_eq!(store.value(0, b"k"), Ok(Some(value)));
        }
    }

    #[test]
    fn a_value_of_the_same_length_stays_in_its_block() {
        let mut store = store_with("one");
        let block = store.value(0, b"k").unwrap().map(<[u8]>::as_ptr);
        store.set(0, (&b"k"[..], &b"two"[..]), SetRule::PLAIN);
        assert_eq!(store.value(0, b"k"), Ok(Some(&b"two"[..])));
        assert_eq!(store.value(0, b"k").unwrap().map(<[u8]>::as_ptr), block);
    }

    #[test]
    fn a_record_of_another_shard_is_adopted() {
        let record = Record::new(b"k", b"value");
        let block = record.value().as_ptr();
        let mut store = Store::new(1, Place::ALONE);
        assert!(store.set(0, record, SetRule::PLAIN));
        assert_eq!(store.value(0, b"k").unwrap().map(<[u8]>::as_ptr), Some(block));
    }
}
