//! Two runs of one seed must be one.

use std::fmt::Write;

use super::one::Outcome;
use crate::trace::{CHECKPOINT_EVENTS, Record};

/// Says where two runs of one seed differ, if they do.
pub(super) fn difference(first: &Outcome, second: &Outcome) -> Option<String> {
    let (a, b) = (&first.checkpoints, &second.checkpoints);
    if a == b && first.failure.is_some() == second.failure.is_some() {
        return None;
    }
    let pairs = a.hashes.iter().zip(&b.hashes);
    let agreed = pairs.take_while(|(first, second)| first == second).count();
    let mut report = format!("two runs of one seed differ: {} and {} events", a.events, b.events);
    match (a.hashes.get(agreed), b.hashes.get(agreed)) {
        (Some(x), Some(y)) => {
            let _ = write!(report, ", checkpoint {agreed} is {x:#018x} and {y:#018x}");
        }
        _ => {
            let _ = write!(report, ", the end is {:#018x} and {:#018x}", a.last, b.last);
        }
    }
    let from = agreed as u64 * CHECKPOINT_EVENTS;
    let _ = write!(report, "; the first {from} events agree");
    let after = |outcome: &Outcome| {
        let records = outcome.records.iter().filter(|record| record.seq >= from);
        records.copied().collect::<Vec<_>>()
    };
    let (a, b) = (after(first), after(second));
    if a.is_empty() || b.is_empty() {
        return Some(report);
    }
    let same = a.iter().zip(&b).take_while(|(first, second)| first == second).count();
    let line = |records: &[Record]| {
        let record = records.get(same).map(|record| format!("{record:?}"));
        record.unwrap_or_else(|| "nothing".into())
    };
    let _ = write!(report, "\n  the first run went on with {}", line(&a));
    let _ = write!(report, "\n  the second run went on with {}", line(&b));
    if a.get(same).is_none() || b.get(same).is_none() || a.get(same) == b.get(same) {
        report.push_str("\n  the records agree: what differs is a payload");
    }
    Some(report)
}
