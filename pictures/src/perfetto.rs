//! A run for trace viewers: the JSON that Perfetto (<https://ui.perfetto.dev>) and Chrome read.
//!
//! A node is a process, a shard a thread, a turn and a sleep a slice; all other events are instants
//! inside of them, and a message is an arrow from the slice it left to the one it was handed to.
//! Times are microseconds since the first event. Virtual time stands still during a turn, so a
//! turn's slice lasts until the shard does something else.

use std::collections::BTreeMap;

use super::json::{list, string};
use super::table::shards;
use super::{NO_SHARD, Record, Trace, Words};

/// The thread of a node's own events, behind all shards.
const NODE_THREAD: u32 = 1 << 16;

/// The JSON of those events.
pub(crate) fn chrome_trace(trace: &Trace, words: &Words<'_>, chosen: &[usize]) -> String {
    let mut events = named(trace);
    let origin = trace.records.first().map_or(0, |record| record.time);
    let ends = slice_ends(trace, words);
    for &index in chosen {
        let record = &trace.records[index];
        events.push(event(trace, words, record, origin, ends.get(&index).copied()));
        if words.kind(record) == "Delivered"
            && let Some(cause) = trace.cause_of(record)
        {
            events.push(flow("s", cause, record.seq, origin, ""));
            events.push(flow("f", record, record.seq, origin, ",\"bp\":\"e\""));
        }
    }
    let about = format!(
        "{{\"test\":{},\"seed\":\"{:#x}\",\"policy\":{}}}",
        string(&trace.test),
        trace.seed,
        string(&trace.policy)
    );
    let events = list(events);
    format!("{{\"displayTimeUnit\":\"ns\",\"otherData\":{about},\"traceEvents\":{events}}}\n")
}

/// What processes and threads are called.
fn named(trace: &Trace) -> Vec<String> {
    let name = |what: &str, pid: u16, tid: u32, name: &str| {
        let name = string(name);
        format!(
            "{{\"ph\":\"M\",\"name\":\"{what}\",\"pid\":{pid},\"tid\":{tid},\"args\":{{\"name\":{name}}}}}"
        )
    };
    let mut events = Vec::new();
    for node in 0..trace.shards.len() as u16 {
        events.push(name("process_name", node, 0, &format!("node {node}")));
        events.push(name("thread_name", node, NODE_THREAD, "network and faults"));
    }
    for (node, shard) in shards(trace) {
        events.push(name("thread_name", node, shard.into(), &format!("shard {shard}")));
    }
    events
}

/// Where the slices of turns and sleeps end: at the shard's next turn, sleep or wake-up.
fn slice_ends(trace: &Trace, words: &Words<'_>) -> BTreeMap<usize, u64> {
    let (mut open, mut ends) = (BTreeMap::new(), BTreeMap::new());
    for (index, record) in trace.records.iter().enumerate() {
        let kind = words.kind(record);
        if !matches!(kind, "Turn" | "Parked" | "Woken" | "Announced") {
            continue;
        }
        let place = (record.node, record.shard);
        if let Some(begun) = open.remove(&place) {
            ends.insert(begun, record.time);
        }
        if matches!(kind, "Turn" | "Parked") {
            open.insert(place, index);
        }
    }
    let last = trace.records.last().map_or(0, |record| record.time);
    ends.extend(open.into_values().map(|begun| (begun, last)));
    ends
}

fn event(
    trace: &Trace,
    words: &Words<'_>,
    record: &Record,
    origin: u64,
    end: Option<u64>,
) -> String {
    let (kind, detail) = (words.kind(record), words.detail(record));
    let name = match (kind, detail.is_empty()) {
        ("Turn", _) => "turn".to_owned(),
        ("Parked", _) => "asleep".to_owned(),
        (_, true) => kind.to_owned(),
        (_, false) => format!("{kind}: {detail}"),
    };
    let phase = match end {
        // A slice without length is not shown.
        Some(end) => format!("\"ph\":\"X\",\"dur\":{}", micros((end - record.time).max(1))),
        None if kind == "Fault" => "\"ph\":\"i\",\"s\":\"p\"".into(),
        None => "\"ph\":\"i\",\"s\":\"t\"".into(),
    };
    let mut args = format!("\"event\":{}", record.seq);
    if let Some(cause) = trace.cause_of(record) {
        args.push_str(&format!(",\"because of\":{}", cause.seq));
    }
    if let Some(mishap) = trace.mishap.as_ref().filter(|mishap| mishap.at == record.seq) {
        args.push_str(&format!(",\"failure\":{}", string(&mishap.message)));
    }
    let place = place(record, origin);
    format!(
        "{{{phase},\"name\":{},\"cat\":{},{place},\"args\":{{{args}}}}}",
        string(&name),
        string(kind)
    )
}

fn flow(phase: &str, record: &Record, id: u64, origin: u64, more: &str) -> String {
    let place = place(record, origin);
    format!(
        "{{\"ph\":\"{phase}\",\"id\":{id},\"name\":\"message\",\"cat\":\"message\",{place}{more}}}"
    )
}

fn place(record: &Record, origin: u64) -> String {
    let thread = if record.shard == NO_SHARD { NODE_THREAD } else { record.shard.into() };
    let time = micros(record.time.saturating_sub(origin));
    format!("\"pid\":{},\"tid\":{thread},\"ts\":{time}", record.node)
}

fn micros(nanos: u64) -> String {
    format!("{}.{:03}", nanos / 1000, nanos % 1000)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn nodes_are_processes_shards_threads_and_messages_arrows() {
        let trace = sample::trace();
        let all: Vec<usize> = (0..trace.records.len()).collect();
        let text = chrome_trace(&trace, &Words::of(&trace), &all);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let events = json["traceEvents"].as_array().unwrap();
        let of = |phase: &str| events.iter().filter(|e| e["ph"] == phase).collect::<Vec<_>>();
        assert_eq!(of("M").len(), 2 + 2 + 3);
        let (start, finish) = (of("s"), of("f"));
        assert_eq!((start.len(), finish.len()), (1, 1));
        assert_eq!(start[0]["id"], finish[0]["id"]);
        assert_eq!((&start[0]["tid"], &finish[0]["tid"]), (&0.into(), &1.into()));
        let slices = of("X");
        // Two turns and a sleep, of which the first turn ends when its shard sleeps.
        assert_eq!(slices.len(), 3);
        assert_eq!((&slices[0]["ts"], &slices[0]["dur"]), (&0.0.into(), &0.5.into()));
        let failing = of("i").into_iter().find(|e| e["args"]["event"] == 997).unwrap();
        assert!(failing["args"]["failure"].as_str().unwrap().contains("</script>"));
        let fault = of("i").into_iter().find(|e| e["name"] == "Fault: PowerLoss").unwrap();
        assert_eq!((&fault["pid"], &fault["s"]), (&1.into(), &"p".into()));
    }
}
