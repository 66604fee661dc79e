//! A run as a sequence diagram for Mermaid: what shards send each other, what goes wrong, and the
//! failure. Fit for a shrunk run; a long one is told by other pictures.

use std::fmt::Write;

use super::table::shards;
use super::{NO_SHARD, Record, Trace, Words};

/// Lines beyond which nobody reads a diagram, and Mermaid itself gives up.
const LINES_MAX: usize = 400;

/// The text of the diagram of those events.
///
/// # Errors
///
/// When it would be too long to be read.
pub(crate) fn diagram(
    trace: &Trace,
    words: &Words<'_>,
    chosen: &[usize],
) -> Result<String, String> {
    let records = || chosen.iter().map(|&index| &trace.records[index]);
    let mut lines: Vec<String> =
        records().filter_map(|record| line(trace, words, record)).collect();
    let failed = trace.mishap.as_ref().filter(|mishap| records().any(|it| it.seq == mishap.at));
    if let Some(mishap) = failed {
        // Behind what happened before it.
        let before = records().filter(|record| record.seq <= mishap.at);
        let place = before.filter_map(|record| line(trace, words, record)).count();
        let message = mishap.message.lines().next().unwrap_or("failed");
        let at = trace.at(mishap.at).map_or_else(|| "n0_0".into(), participant);
        lines.insert(place, format!("Note over {at}: FAILED: {}", plain(message)));
    }
    if lines.len() > LINES_MAX {
        let count = lines.len();
        return Err(format!("a diagram of {count} lines is none: use --last, --around or --actor"));
    }
    let mut text = format!("%% {} seed {:#x}\nsequenceDiagram\n", plain(&trace.test), trace.seed);
    for (node, shard) in shards(trace) {
        let _ = writeln!(text, "    participant n{node}_{shard} as n{node}.{shard}");
    }
    lines.iter().for_each(|line| text.extend(["    ", line.as_str(), "\n"]));
    Ok(text)
}

/// The line of an event, if it has one.
fn line(trace: &Trace, words: &Words<'_>, record: &Record) -> Option<String> {
    let here = participant(record);
    let (kind, detail) = (words.kind(record), plain(&words.detail(record)));
    let from = || trace.cause_of(record).filter(|cause| cause.kind != record.kind);
    let arrow = |way: &str, what: &str| {
        let from = from().map(participant).filter(|from| *from != here)?;
        Some(format!("{from}{way}{here}: {what}"))
    };
    match kind {
        "Delivered" => {
            let what = words.actor(record).map_or_else(|| "system packet".into(), plain);
            arrow("->>", &what)
        }
        "BellHeard" => arrow("--)", "doorbell"),
        "Net" => arrow("-->>", "bytes"),
        "Parked" => Some(format!("Note over {here}: asleep")),
        "TimersFired" => Some(format!("Note over {here}: {detail}")),
        "Fault" | "Exited" | "Refused" | "Undelivered" | "CallExpired" | "CycleFound" => {
            Some(format!("Note over {here}: {kind} {detail}"))
        }
        _ => None,
    }
}

/// A node's own events are told at its first shard.
fn participant(record: &Record) -> String {
    let shard = if record.shard == NO_SHARD { 0 } else { record.shard };
    format!("n{}_{shard}", record.node)
}

/// Text without what means something to Mermaid.
fn plain(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || " _-.,:+*/()'!?=".contains(c);
    text.chars().map(|c| if is_plain(c) { c } else { ' ' }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn messages_are_arrows_and_the_failure_is_a_note() {
        let trace = sample::trace();
        let all: Vec<usize> = (0..trace.records.len()).collect();
        let text = diagram(&trace, &Words::of(&trace), &all).unwrap();
        let expected = "%% bank::transfer seed 0x1f3\nsequenceDiagram\n    \
            participant n0_0 as n0.0\n    participant n0_1 as n0.1\n    participant n1_0 as n1.0\n    \
            Note over n0_0: asleep\n    n0_0--)n0_1: doorbell\n    n0_0->>n0_1: vault\n    \
            Note over n0_1: FAILED: odd:  n is no line\n    Note over n1_0: Fault PowerLoss\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_failure_beyond_the_events_has_no_note() {
        let trace = sample::trace();
        let told = |last: usize| {
            let chosen: Vec<usize> = (0..=last).collect();
            diagram(&trace, &Words::of(&trace), &chosen).unwrap().contains("FAILED")
        };
        // The run failed behind event 997, which is the eleventh.
        assert_eq!((told(9), told(10)), (false, true));
    }

    #[test]
    fn a_diagram_that_nobody_would_read_is_refused() {
        let mut trace = sample::trace();
        let parked = trace.records[4];
        trace.records = vec![parked; LINES_MAX + 1];
        let all: Vec<usize> = (0..trace.records.len()).collect();
        let refused = diagram(&trace, &Words::of(&trace), &all).unwrap_err();
        assert!(refused.contains("--last"), "{refused}");
    }
}
