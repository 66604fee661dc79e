//! What a run showed that no run before it did.
//!
//! A run is boiled down to numbers: for each shard the pairs of what its tasks did one after another,
//! for each event the pair with its cause, and for each assertion that was true how often, by powers of
//! two, and how high a watermark rose. A run with a number that is new did something new, and what it
//! chose is worth going on from.

use std::collections::{BTreeMap, BTreeSet};

use greenroom_core::assertions::{Asserted, Tally};
use greenroom_core::hash::mix;

use super::one::Outcome;
use crate::draws::place_of;
use crate::trace::{Kind, Record};

/// What all runs so far have shown.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeSet<u64>);

/// How new a run is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Novelty {
    None,
    /// In the order of its events.
    Edges,
    /// In what assertions saw: the test's own idea of getting further.
    Asserted,
}

impl Seen {
    /// Says how new a run is, and knows it from now on.
    pub(super) fn take(&mut self, outcome: &Outcome) -> Novelty {
        let before = self.0.len();
        self.0.extend(&outcome.edges);
        let edges = self.0.len();
        self.0.extend(asserted(&outcome.tally));
        match (edges > before, self.0.len() > edges) {
            (_, true) => Novelty::Asserted,
            (true, false) => Novelty::Edges,
            (false, false) => Novelty::None,
        }
    }
}

fn asserted(tally: &Tally) -> impl Iterator<Item = u64> {
    tally.iter().filter(|(_, count)| count.hits > 0).map(|(site, count)| {
        let place = u64::from(place_of(&site.to_string()));
        let seen = match site.asserted() {
            Asserted::Watermark => count.highest as u64,
            _ => count.hits.ilog2().into(),
        };
        mix(mix(place | 1 << 40) ^ seen)
    })
}

/// The pairs of events of a run.
pub(super) fn edges(records: &[Record]) -> Vec<u64> {
    let mut last = BTreeMap::new();
    let mut found = BTreeSet::new();
    for (index, record) in records.iter().enumerate().filter(|(_, record)| counts(record.kind)) {
        let this = what(record);
        let before = last.insert((record.node, record.shard), this).unwrap_or(0);
        found.insert(mix(before ^ this.rotate_left(1)));
        let cause = index.checked_sub(record.cause as usize).filter(|_| record.cause > 0);
        if let Some(cause) = cause {
            found.insert(mix(what(&records[cause]) ^ this.rotate_left(2)));
        }
    }
    found.into_iter().collect()
}

/// What happened, to whom, and where; not when.
fn what(record: &Record) -> u64 {
    let place = u64::from(record.node) << 16 | u64::from(record.shard);
    mix(mix(place) ^ (record.kind as u64) << 32 ^ u64::from(record.actor))
}

/// Whether it is about what a program does, not about how its shards are driven.
const fn counts(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Queued
            | Kind::Refused
            | Kind::Undelivered
            | Kind::Replied
            | Kind::CallExpired
            | Kind::Completed
            | Kind::Exited
            | Kind::CycleFound
            | Kind::RingFull
            | Kind::Fault
            | Kind::Maybe
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(seq: u64, kind: Kind, actor: u32, cause: u32) -> Record {
        Record { seq, time: seq, node: 0, shard: 1, kind, detail: 0, actor, cause }
    }

    #[test]
    fn another_order_is_new_and_another_time_is_not() {
        let queued = |seq, actor| record(seq, Kind::Queued, actor, 0);
        let mut seen = Seen::default();
        let mut take = |records: &[Record]| {
            seen.take(&Outcome { edges: edges(records), ..Outcome::default() })
        };
        assert_eq!(take(&[queued(0, 1), queued(1, 2)]), Novelty::Edges);
        assert_eq!(take(&[queued(7, 1), record(8, Kind::Turn, 0, 0), queued(9, 2)]), Novelty::None);
        assert_eq!(take(&[queued(0, 2), queued(1, 1)]), Novelty::Edges);
        let caused = record(2, Kind::Replied, 5, 1);
        assert_eq!(take(&[queued(0, 1), queued(1, 2), caused]), Novelty::Edges);
    }
}
