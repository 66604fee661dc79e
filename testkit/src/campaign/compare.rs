//! Two runs of one seed must be one.
//!
//! The checkpoints of two runs say between which of them they part: the hash rolls, so two that
//! have parted stay apart, and where they did is found by bisection. Then both runs are made again
//! with every event kept from the checkpoint on, each with its hash, and the first that differs is
//! found in the same way. A run that does not repeat may part elsewhere the next time, or not at
//! all, so that is tried a few times.

use std::fmt::Write;

use super::one::{Keeps, Outcome};
use crate::trace::{CHECKPOINT_EVENTS, Close};

/// Pairs of runs in which the first event that differs is looked for.
const PAIRS: u32 = 4;

/// Says where two runs of one seed differ, if they do; `again` makes further runs of that seed.
pub(super) fn difference(
    first: &Outcome,
    second: &Outcome,
    again: impl Fn(Keeps) -> Outcome,
) -> Option<String> {
    if is_same(first, second) {
        return None;
    }
    Some(format!("{}\n{ADVICE}", parted(first, second, again)))
}

/// What to look for.
const ADVICE: &str = "  what a test does must follow from its seed: look for the order of a std HashMap or HashSet \
    (`DetHashMap` has the seed's), addresses, a static that outlives a run, another thread, a file";

fn parted(first: &Outcome, second: &Outcome, again: impl Fn(Keeps) -> Outcome) -> String {
    let (a, b) = (&first.checkpoints, &second.checkpoints);
    let mut agreed = agreed(first, second);
    let mut report = format!("two runs of one seed differ: {} and {} events", a.events, b.events);
    match (a.hashes.get(agreed), b.hashes.get(agreed)) {
        (Some(x), Some(y)) => {
            let _ = write!(report, ", checkpoint {agreed} is {x:#018x} and {y:#018x}");
        }
        _ => {
            let _ = write!(report, ", the end is {:#018x} and {:#018x}", a.last, b.last);
        }
    }
    let _ = write!(report, "; the first {} events agree", agreed as u64 * CHECKPOINT_EVENTS);
    if a == b {
        report.push_str("; so do all others, but only one of the runs failed");
        return report;
    }
    for _ in 0..PAIRS {
        let keeps = Keeps::Closely(agreed as u64 * CHECKPOINT_EVENTS);
        let (first, second) = (again(keeps), again(keeps));
        if let Some(parting) = parting(&first.close, &second.close) {
            report.push_str(&parting);
            return report;
        }
        if first.checkpoints != second.checkpoints {
            agreed = self::agreed(&first, &second);
        }
    }
    let _ = write!(report, "\n  the first event that differs was not met in {PAIRS} further pairs");
    report
}

fn is_same(first: &Outcome, second: &Outcome) -> bool {
    first.checkpoints == second.checkpoints && first.failure.is_some() == second.failure.is_some()
}

/// How many checkpoints agree.
fn agreed(first: &Outcome, second: &Outcome) -> usize {
    let (a, b) = (&first.checkpoints.hashes, &second.checkpoints.hashes);
    bisect(a.len().min(b.len()), |index| a[index] == b[index])
}

/// The first index below `len` at which `same` does not hold; it holds nowhere behind it.
fn bisect(len: usize, same: impl Fn(usize) -> bool) -> usize {
    let (mut least, mut most) = (0, len);
    while least < most {
        let middle = usize::midpoint(least, most);
        if same(middle) {
            least = middle + 1;
        } else {
            most = middle;
        }
    }
    least
}

/// The first events that differ, of both.
fn parting(first: &[Close], second: &[Close]) -> Option<String> {
    let len = first.len().min(second.len());
    let at = bisect(len, |index| first[index].hash == second[index].hash);
    let (a, b) = (first.get(at), second.get(at));
    if a.is_none() && b.is_none() {
        return None;
    }
    let mut said = format!("\n  the first run went on with {}", told(first, a));
    let _ = write!(said, "\n  the second run went on with {}", told(second, b));
    if a.zip(b).is_some_and(|(a, b)| a.record == b.record) {
        said.push_str("\n  the records agree: what differs is a payload");
    }
    Some(said)
}

/// An event with its cause, as far as that is known.
fn told(events: &[Close], event: Option<&Close>) -> String {
    let Some(Close { record, .. }) = event else { return "nothing".into() };
    let cause = record.seq.wrapping_sub(u64::from(record.cause));
    match events.iter().find(|other| record.cause > 0 && other.record.seq == cause) {
        Some(cause) => format!("{record:?}, which is {:?}", cause.record),
        None => format!("{record:?}"),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::trace::{Kind, Place, Reach, Trace};

    /// A run of `events` events of which that one is another.
    fn run(events: u64, odd: u64, keeps: Keeps) -> Outcome {
        let closely = match keeps {
            Keeps::Closely(event) => Some(event),
            _ => None,
        };
        let trace = Trace::new(1, Reach { closely, ..Reach::default() });
        for seq in 0..events {
            let detail = if seq == odd { 1 << 40 } else { 0 };
            trace.note(seq, Place { node: 0, shard: 1 }, Kind::Turn, u32::from(seq > 9), detail);
            trace.because_of(seq);
        }
        let (checkpoints, close) = (trace.checkpoints(), trace.close());
        Outcome { checkpoints, close, ..Outcome::default() }
    }

    #[test]
    fn the_first_event_that_differs_is_found_however_far_back_it_is() {
        for odd in [0, 1023, 1024, 5000, 199_998] {
            let turn = RefCell::new(0);
            let again = |keeps| {
                *turn.borrow_mut() += 1;
                run(200_000, if *turn.borrow() % 2 == 1 { odd } else { u64::MAX }, keeps)
            };
            let (first, second) = (again(Keeps::Little), again(Keeps::Little));
            let said = difference(&first, &second, again).expect("they differ");
            assert!(said.contains(&format!("the first run went on with #{odd} ")), "{said}");
            assert!(said.contains("what differs is a payload"), "{said}");
            assert_eq!(said.contains(", which is #"), odd % 1024 > 0, "{said}");
        }
    }

    #[test]
    fn a_run_that_ends_early_goes_on_with_nothing() {
        let turn = RefCell::new(0);
        let again = |keeps| {
            *turn.borrow_mut() += 1;
            run(if *turn.borrow() % 2 == 1 { 3000 } else { 2500 }, u64::MAX, keeps)
        };
        let (first, second) = (again(Keeps::Little), again(Keeps::Little));
        let said = difference(&first, &second, again).expect("they differ");
        assert!(said.contains("the first run went on with #2500 "), "{said}");
        assert!(said.contains("the second run went on with nothing"), "{said}");
    }

    #[test]
    fn what_does_not_come_again_is_said_to_be_rare() {
        let again = |keeps| run(3000, u64::MAX, keeps);
        let (first, second) = (run(3000, 7, Keeps::Little), again(Keeps::Little));
        let said = difference(&first, &second, again).expect("they differ");
        assert!(said.contains("was not met in 4 further pairs"), "{said}");
        assert!(difference(&second, &again(Keeps::Little), again).is_none());
    }
}
