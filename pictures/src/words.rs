//! What events say.

use std::collections::BTreeMap;

use super::{NO_SHARD, Record, Trace};

/// The kinds and names of a trace, at hand for each event.
#[derive(Debug)]
pub(crate) struct Words<'a> {
    trace: &'a Trace,
    /// By node, shard and slot.
    names: BTreeMap<(u16, u16, u32), Vec<Since<'a>>>,
}

/// A name, and how many events there were before it was given.
type Since<'a> = (u64, &'a str);

impl<'a> Words<'a> {
    pub(crate) fn of(trace: &'a Trace) -> Self {
        let mut names: BTreeMap<_, Vec<Since<'_>>> = BTreeMap::new();
        for name in &trace.names {
            let place = (name.node, name.shard, name.slot);
            names.entry(place).or_default().push((name.since, &name.name));
        }
        Self { trace, names }
    }

    /// The kind of an event, `?` where the file does not name it.
    pub(crate) fn kind(&self, record: &Record) -> &'a str {
        self.trace.kinds.get(&record.kind).map_or("?", String::as_str)
    }

    /// Where it happened: `n0.1`, or `n0` for no shard.
    pub(crate) fn place(record: &Record) -> String {
        let Record { node, shard, .. } = record;
        if *shard == NO_SHARD { format!("n{node}") } else { format!("n{node}.{shard}") }
    }

    /// The actor it is about, if it is about one that has a name.
    pub(crate) fn actor(&self, record: &Record) -> Option<&'a str> {
        let shard = match self.kind(record) {
            "Polled" | "Spawned" | "Queued" | "Refused" | "Exited" | "CycleFound" => record.shard,
            "Delivered" if is_of_user(record) => record.shard,
            "Pushed" if is_of_user(record) => peer(record),
            _ => return None,
        };
        let known = self.names.get(&(record.node, shard, record.actor))?;
        // An actor is named right before it is spawned.
        let later = known.partition_point(|&(since, _)| since <= record.seq);
        Some(known[..later].last()?.1)
    }

    /// What it says beyond its kind.
    pub(crate) fn detail(&self, record: &Record) -> String {
        let Record { node, actor, detail, .. } = *record;
        let task = || match self.actor(record) {
            Some(name) => name.to_owned(),
            None => format!("task {actor}"),
        };
        let packet = |way: &str| {
            let other = format!("{way} n{node}.{}", peer(record));
            match is_of_user(record) {
                true => format!("message for {} {other}", task()),
                false => format!("system packet for {actor} {other}"),
            }
        };
        match self.kind(record) {
            "Pushed" => packet("to"),
            "Delivered" => packet("from"),
            "Visible" => format!("{} in sight from n{node}.{actor}", count(detail, "packet")),
            "BellRung" if detail != 0 => format!("for n{node}.{actor}, merged with one on its way"),
            "BellRung" => format!("for n{node}.{actor}"),
            "RingFull" => format!("to n{node}.{actor}, {} left", count(detail, "packet")),
            "TimersFired" => count(actor as u16, "timer"),
            "Polled" | "Spawned" => task(),
            "Queued" => format!("message for {}", task()),
            "Refused" => format!("message for {}: no room", task()),
            "Undelivered" => match detail {
                0 => "a message to an actor that ended".into(),
                1 => "a message whose deadline passed".into(),
                2 => "a message that a full mailbox dropped".into(),
                3 => "a message on its way from a shard that went down".into(),
                other => format!("a message, for reason {other}"),
            },
            "Replied" | "CallExpired" => format!("call {actor}"),
            "Exited" if detail & 1 == 1 => format!("{}, normally", task()),
            "Exited" => format!("{}, by a failure", task()),
            "CycleFound" if detail & 1 == 1 => format!("{} waits in a circle, broken", task()),
            "CycleFound" => format!("{} may wait in a circle", task()),
            "Submitted" => format!("operation {detail}"),
            "Completed" | "Completion" | "Job" if detail & 1 == 1 => {
                format!("operation {}", detail >> 1)
            }
            "Completed" | "Completion" | "Job" => format!("operation {}, failed", detail >> 1),
            "Net" if record.shard == NO_SHARD => format!("bytes reach socket {actor}"),
            "Fault" => match self.trace.faults.get(&actor) {
                Some(fault) => fault.clone(),
                None => format!("fault {actor}"),
            },
            _ => String::new(),
        }
    }
}

/// Whether a packet is of the lane of users.
fn is_of_user(record: &Record) -> bool {
    record.detail & 1 == 1
}

/// The other shard of a packet.
fn peer(record: &Record) -> u16 {
    record.detail >> 1
}

fn count(number: u16, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A time in nanoseconds as seconds, to the nanosecond.
pub(super) fn seconds(nanos: u64) -> String {
    format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn events_are_told_with_the_names_that_were_true_at_their_time() {
        let trace = sample::trace();
        let words = Words::of(&trace);
        let told = |seq| {
            let record = trace.at(seq).unwrap();
            format!("{} {} {}", Words::place(record), words.kind(record), words.detail(record))
        };
        assert_eq!(told(988), "n0.0 Polled teller");
        // Slot 5 of shard 1 was another's then.
        assert_eq!(told(989), "n0.0 Pushed message for gone to n0.1");
        assert_eq!(told(990), "n0.0 BellRung for n0.1");
        assert_eq!(told(995), "n0.1 Delivered message for vault from n0.0");
        assert_eq!(told(998), "n1 Fault PowerLoss");
        assert_eq!(seconds(1_000_002_000), "1.000002000");
    }

    #[test]
    fn every_reason_of_the_undelivered_has_its_words() {
        let mut trace = sample::trace();
        trace.kinds.insert(77, "Undelivered".into());
        let one = trace.records[0];
        let words = Words::of(&trace);
        let told = |detail| words.detail(&Record { kind: 77, detail, ..one });
        assert_eq!(told(3), "a message on its way from a shard that went down");
        assert!((0..4).all(|reason| !told(reason).contains("for reason")));
        assert_eq!(told(4), "a message, for reason 4");
    }
}
