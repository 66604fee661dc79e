//! A trace as a file.
//!
//! Text and then records: lines as in a decision log (`greenroom trace 1`, `test ..`, `seed 0x..`,
//! and so on), an empty line, and records of 32 bytes, little-endian, in the layout of [`Record`].
//! The file says what its numbers mean: the kinds and faults that occur are named in it, and so is
//! each actor, from the event on at which it was spawned. So it can be read without the program
//! that wrote it, and without this crate.

use std::fmt::{self, Write};

use super::log::Named;
use super::{Kind, Record};
use crate::faults::Fault;

/// The first line of a trace.
const MAGIC: &str = "greenroom trace 1";

/// What stands above the records.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    /// The test's full name; empty when there is none.
    pub(crate) test: &'a str,
    pub(crate) seed: u64,
    pub(crate) policy: String,
    /// The hash of the whole run.
    pub(crate) hash: u64,
    /// How many shards each node has.
    pub(crate) shards: Vec<u16>,
    /// How many events the run had; the last of them are in the file.
    pub(crate) events: u64,
    pub(crate) names: Vec<Named>,
    pub(crate) mishap: Option<Mishap>,
}

/// That the run failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Mishap {
    /// The last event before it did.
    pub(crate) at: u64,
    /// What was said.
    pub(crate) message: String,
}

/// The events of a run as a file.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct TraceFile(Vec<u8>);

impl TraceFile {
    /// What the file holds; nothing when no trace was kept.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for TraceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a trace of {} bytes", self.0.len())
    }
}

/// Makes the file.
pub(crate) fn encoded(head: &Head<'_>, records: &[Record]) -> TraceFile {
    let mut bytes = head_of(head, records).into_bytes();
    bytes.reserve(size_of_val(records));
    for record in records {
        let Record { seq, time, node, shard, kind, detail, actor, cause } = *record;
        bytes.extend(seq.to_le_bytes());
        bytes.extend(time.to_le_bytes());
        for short in [node, shard, kind as u16, detail] {
            bytes.extend(short.to_le_bytes());
        }
        bytes.extend(actor.to_le_bytes());
        bytes.extend(cause.to_le_bytes());
    }
    TraceFile(bytes)
}

fn head_of(head: &Head<'_>, records: &[Record]) -> String {
    let Head { test, seed, policy, hash, shards, events, names, mishap } = head;
    let shards: Vec<String> = shards.iter().map(u16::to_string).collect();
    let mut text = format!("{MAGIC}\ntest {}\nseed {seed:#x}\n", on_one_line(test));
    let _ = writeln!(text, "policy {policy}\nhash {hash:#018x}\nshards {}", shards.join(" "));
    let _ = writeln!(text, "events {events}");
    if let Some(Mishap { at, message }) = mishap {
        let _ = writeln!(text, "failed {at} {}", on_one_line(message));
    }
    for kind in kinds_of(records) {
        let _ = writeln!(text, "kind {} {kind:?}", kind as u16);
    }
    for fault in Fault::ALL {
        let _ = writeln!(text, "fault {} {fault:?}", fault as u8);
    }
    for Named { since, place, slot, name } in names {
        let (node, shard) = (place.node, place.shard);
        let _ = writeln!(text, "name {since} {node} {shard} {slot} {}", on_one_line(name));
    }
    let _ = write!(text, "records {}\n\n", records.len());
    text
}

/// The kinds that occur, by number.
fn kinds_of(records: &[Record]) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for record in records {
        if let Err(place) = kinds.binary_search(&record.kind) {
            kinds.insert(place, record.kind);
        }
    }
    kinds
}

/// Text with its backslashes and ends of lines written as `\\`, `\n` and `\r`.
fn on_one_line(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Place;

    #[test]
    fn a_file_is_lines_and_then_records() {
        let place = Place { node: 1, shard: 2 };
        let record = Record {
            seq: 0x0102,
            time: 3,
            node: 1,
            shard: 2,
            kind: Kind::Delivered,
            detail: 0x0506,
            actor: 7,
            cause: 8,
        };
        let head = Head {
            test: "a::b",
            seed: 31,
            policy: "pct3".into(),
            hash: 9,
            shards: vec![2, 3],
            events: 300,
            names: vec![Named { since: 4, place, slot: 7, name: "bank".into() }],
            mishap: Some(Mishap { at: 0x0102, message: "odd:\na\\b".into() }),
        };
        let file = encoded(&head, &[record, record]);
        let bytes = file.bytes();
        let (text, records) = bytes.split_at(bytes.len() - 64);
        let text = str::from_utf8(text).unwrap();
        let first = "greenroom trace 1\ntest a::b\nseed 0x1f\npolicy pct3\n\
            hash 0x0000000000000009\nshards 2 3\nevents 300\nfailed 258 odd:\\na\\\\b\n\
            kind 4 Delivered\nfault 0 Delay\n";
        assert!(text.starts_with(first), "{text}");
        assert!(text.ends_with("\nname 4 1 2 7 bank\nrecords 2\n\n"), "{text}");
        let expected = [
            [2, 1, 0, 0, 0, 0, 0, 0],
            [3, 0, 0, 0, 0, 0, 0, 0],
            [1, 0, 2, 0, 4, 0, 6, 5],
            [7, 0, 0, 0, 8, 0, 0, 0],
        ];
        assert_eq!(&records[..32], expected.as_flattened());
        assert_eq!(records[..32], records[32..]);
    }
}
