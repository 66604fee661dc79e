//! Deadlines of keys: setting, reading, and collecting the dead.

use std::hash::BuildHasher;

use super::keyspace::{Live, wide};
use super::{Condition, Deadline, Store};

/// How a new deadline must lie to the one the key has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Anyhow.
    Any,
    /// Later (`GT`). No deadline counts as infinitely late.
    Later,
    /// Earlier (`LT`).
    Earlier,
}

/// When a deadline may be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeadlineCondition {
    /// Whether the key must have a deadline already.
    pub(crate) existing: Condition,
    /// How the new one must lie to it.
    pub(crate) order: Order,
}

impl DeadlineCondition {
    /// A plain `EXPIRE`.
    #[cfg(test)]
    pub(crate) const ALWAYS: Self = Self { existing: Condition::Always, order: Order::Any };

    fn allows(self, current_ms: Option<u64>, new_ms: i64) -> bool {
        let new_ms = i128::from(new_ms);
        let current_ms = current_ms.map(i128::from);
        self.existing.allows(current_ms.is_some())
            && match self.order {
                Order::Any => true,
                Order::Later => current_ms.is_some_and(|current_ms| new_ms > current_ms),
                Order::Earlier => current_ms.is_none_or(|current_ms| new_ms < current_ms),
            }
    }
}

/// How long a key has to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ttl {
    /// There is no such key.
    Missing,
    /// It has no deadline.
    Persistent,
    /// Milliseconds to its deadline.
    Left(u64),
}

impl<S: BuildHasher> Store<S> {
    /// Sets the deadline of `key` to `at_ms` of unix time; whether it was set. A deadline that
    /// has been reached, or lies before 1970, removes the key at once.
    pub(crate) fn expire(
        &mut self,
        now_ms: u64,
        key: &[u8],
        at_ms: i64,
        condition: DeadlineCondition,
    ) -> bool {
        let Some(Live { entry, ledger }) = self.live(now_ms, key) else { return false };
        if !condition.allows(entry.deadline.unix_ms(), at_ms) {
            return false;
        }
        match u64::try_from(at_ms) {
            Ok(at_ms) if at_ms > now_ms => ledger.set_deadline(entry, Deadline::at_ms(at_ms)),
            _ => {
                self.remove(now_ms, key);
            }
        }
        true
    }

    /// Gives `key` another deadline; whether it changed. One that has been reached removes the key
    /// at once.
    pub(crate) fn set_deadline(&mut self, now_ms: u64, key: &[u8], deadline: Deadline) -> bool {
        let Some(Live { entry, ledger }) = self.live(now_ms, key) else { return false };
        let changed = entry.deadline != deadline;
        ledger.set_deadline(entry, deadline);
        if deadline.unix_ms().is_some_and(|at_ms| at_ms <= now_ms) {
            self.remove(now_ms, key);
        }
        changed
    }

    /// How long `key` has to live.
    pub(crate) fn ttl(&mut self, now_ms: u64, key: &[u8]) -> Ttl {
        match self.live(now_ms, key).map(|live| live.entry.deadline.unix_ms()) {
            None => Ttl::Missing,
            Some(None) => Ttl::Persistent,
            Some(Some(at_ms)) => Ttl::Left(at_ms - now_ms),
        }
    }

    /// Removes dead keys, those first that died first, but at most `keys_max`; returns how many.
    /// A result of `keys_max` says that there may be more: come back soon.
    pub(crate) fn expire_some(&mut self, now_ms: u64, keys_max: usize) -> usize {
        for removed in 0..keys_max {
            let Some((deadline, ticket, hash)) = self.ledger.pop_past(now_ms) else {
                return removed;
            };
            let place = self.table.find_entry(wide(hash), |entry| {
                entry.deadline == deadline && entry.ticket == ticket && entry.hash == hash
            });
            let Ok(place) = place else { unreachable!("every deadline in the books has an entry") };
            let (entry, _) = place.remove();
            self.ledger.strike(&entry);
            self.ledger.expired_total += 1;
        }
        keys_max
    }
}

#[cfg(test)]
#[path = "expiry_tests.rs"]
mod tests;
