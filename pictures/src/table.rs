//! A run as lines of text.

use std::fmt::Write;

use super::words::seconds;
use super::{NO_SHARD, Trace, Words};

/// Shards that have a column each; beyond them a line says its place alone.
const COLUMNS_MAX: usize = 24;

/// A line for each of those events, under what the run was.
pub(crate) fn table(trace: &Trace, words: &Words<'_>, chosen: &[usize]) -> String {
    let mut text = headline(trace);
    let columns: Vec<(u16, u16)> = shards(trace).collect();
    let columns = if columns.len() > COLUMNS_MAX { &[][..] } else { &columns };
    for &index in chosen {
        let record = &trace.records[index];
        let _ = write!(
            text,
            "{:>9} {:>16} {:6}",
            record.seq,
            seconds(record.time),
            Words::place(record)
        );
        if !columns.is_empty() {
            text.push_str(" |");
            text.extend(columns.iter().map(|&(node, shard)| {
                let here =
                    record.node == node && (record.shard == shard || record.shard == NO_SHARD);
                if here { glyph(words.kind(record)) } else { ' ' }
            }));
            text.push('|');
        }
        let _ = write!(text, " {:12} {}", words.kind(record), words.detail(record));
        if let Some(cause) = trace.cause_of(record)
            && cause.seq + 1 != record.seq
        {
            let _ = write!(text, "  <- {} {}", cause.seq, words.kind(cause));
        }
        let line_end = text.trim_end().len();
        text.truncate(line_end);
        text.push('\n');
        if let Some(mishap) = trace.mishap.as_ref().filter(|mishap| mishap.at == record.seq) {
            for line in mishap.message.lines() {
                let _ = writeln!(text, "        ! {line}");
            }
        }
    }
    text
}

/// What the run was.
fn headline(trace: &Trace) -> String {
    let Trace { test, seed, policy, hash, events, records, .. } = trace;
    let mut text = format!("{test} seed {seed:#x}, policy {policy}, hash {hash}\n");
    let _ = write!(text, "{events} events, the last {} are here", records.len());
    let _ = match &trace.mishap {
        Some(mishap) => writeln!(text, "; it failed behind {}", mishap.at),
        None => writeln!(text, "; it passed"),
    };
    text.push_str("An event's cause is the event before it where none is named, or not known.\n");
    text
}

/// All shards of a run, as node and number there.
pub(super) fn shards(trace: &Trace) -> impl Iterator<Item = (u16, u16)> {
    let nodes = (0u16..).zip(&trace.shards);
    nodes.flat_map(|(node, &count)| (0..count).map(move |shard| (node, shard)))
}

/// What stands in a shard's column.
fn glyph(kind: &str) -> char {
    match kind {
        "Turn" => 'T',
        "Polled" => 'p',
        "Spawned" => '+',
        "Exited" => 'x',
        "Pushed" => '>',
        "Visible" => '~',
        "Delivered" => '<',
        "Queued" => 'q',
        "Replied" => 'r',
        "BellRung" | "BellHeard" => 'o',
        "Woken" => 'w',
        "Announced" => 's',
        "Parked" => 'z',
        "Submitted" => 's',
        "Completed" | "Completion" => 'c',
        "Net" | "Disk" | "Job" => '=',
        "TimersFired" | "TimeAdvanced" => 't',
        "Fault" => '!',
        "Refused" | "Undelivered" | "RingFull" | "CallExpired" | "CycleFound" => '?',
        _ => '.',
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn each_event_has_a_line_and_the_failure_stands_behind_its_own() {
        let trace = sample::trace();
        let text = table(&trace, &Words::of(&trace), &[2, 8, 10, 11]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].contains("bank::transfer seed 0x1f3, policy pct3"), "{text}");
        assert!(lines[1].ends_with("it failed behind 997"), "{text}");
        let expected = [
            "      989      0.000001000 n0.0   |>  | Pushed       message for gone to n0.1",
            "      995      0.000002000 n0.1   | < | Delivered    message for vault from n0.0  <- 989 Pushed",
            "      997      0.000002000 n0.1   | p | Polled       vault",
            "        ! odd: \\n is no line",
            "        ! </script><b> & \"quotes\"",
            "      998      1.000002000 n1     |  !| Fault        PowerLoss",
        ];
        assert_eq!(lines[3..], expected, "{text}");
    }
}
