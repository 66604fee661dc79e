//! A run as one page that needs nothing else: no network, no file beside it.
//!
//! What an event says is worked out here, once for each different text; the page draws, searches
//! and follows causes. Its events are packed into 24 bytes each, as base64 in a script element
//! that is no script.

use std::collections::BTreeMap;

use super::json::{list, string};
use super::table::shards;
use super::{NO_SHARD, Record, Selection, Trace, Words, base64};

/// Events that a page holds at most; a browser draws them at once.
const EVENTS_MAX: usize = 300_000;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/style.css");
/// In the order in which they are read.
const SCRIPTS: [&str; 5] = [
    include_str!("page/data.js"),
    include_str!("page/view.js"),
    include_str!("page/draw.js"),
    include_str!("page/panel.js"),
    include_str!("page/input.js"),
];

/// The page of a stretch of the run, which looks at first for what else was asked for.
pub(crate) fn page(trace: &Trace, words: &Words<'_>, selection: &Selection) -> String {
    let chosen = selection.stretch().of(trace, words);
    let chosen = &chosen[shown(trace, &chosen)];
    let find = &selection.as_query();
    let packed = Packed::of(trace, words, chosen);
    let script = format!("\"use strict\";\n(() => {{\n{}}})();\n", SCRIPTS.join("\n"));
    let head = head(trace, chosen, &packed, find);
    // In one pass: what is put in holds no places of its own.
    let parts = [
        ("{{title}}", escaped(&format!("{} {:#x}", trace.test, trace.seed))),
        ("{{style}}", STYLE.to_owned()),
        ("{{head}}", head),
        ("{{events}}", base64::encoded(&packed.bytes)),
        ("{{script}}", script),
    ];
    let (mut page, mut rest) = (String::new(), PAGE);
    for (place, content) in parts {
        let (before, after) = rest.split_once(place).expect("the page has each place, in order");
        page.push_str(before);
        page.push_str(&content);
        rest = after;
    }
    page.push_str(rest);
    page
}

/// Which of the events: all, or as many as a page holds, most of them before the failure.
fn shown(trace: &Trace, chosen: &[usize]) -> std::ops::Range<usize> {
    let after = EVENTS_MAX / 10;
    let failed = trace.mishap.as_ref().map(|mishap| mishap.at);
    let place = failed.map(|at| chosen.partition_point(|&index| trace.records[index].seq <= at));
    let end = place.map_or(chosen.len(), |place| chosen.len().min(place + after));
    let start = end.saturating_sub(EVENTS_MAX);
    start..chosen.len().min(start + EVENTS_MAX)
}

/// What the page has to know beside the events.
fn head(trace: &Trace, chosen: &[usize], packed: &Packed<'_>, find: &str) -> String {
    let strings = |texts: &[&str]| list(texts.iter().map(|text| string(text)));
    let lanes = packed.lanes.iter().map(|&Lane(node, shard)| match shard {
        0 => format!("[{node},null]"),
        _ => format!("[{node},{}]", shard - 1),
    });
    let first = chosen.first().map_or(0, |&index| trace.records[index].seq);
    let failed = trace.mishap.as_ref().map_or_else(
        || "null".to_owned(),
        |mishap| {
            // Which of the page's events it is; -1 for none of them.
            let place = chosen.iter().position(|&index| trace.records[index].seq == mishap.at);
            let place = place.map_or(-1, |place| place as i64);
            let message = string(&mishap.message);
            format!("{{\"at\":{},\"place\":{place},\"message\":{message}}}", mishap.at)
        },
    );
    format!(
        "{{\"test\":{},\"seed\":\"{:#x}\",\"policy\":{},\"hash\":{},\"events\":{},\"first\":{first},\
         \"count\":{},\"failed\":{failed},\"find\":{},\"lanes\":{},\"kinds\":{},\"texts\":{},\
         \"actors\":{}}}",
        string(&trace.test),
        trace.seed,
        string(&trace.policy),
        string(&trace.hash),
        trace.events,
        chosen.len(),
        string(find),
        list(lanes),
        strings(&packed.kinds.words),
        list(packed.texts.words.iter().map(|text| string(text))),
        strings(&packed.actors.words),
    )
}

/// Different words, each with a number.
#[derive(Debug)]
struct Numbered<T> {
    words: Vec<T>,
    numbers: BTreeMap<T, u32>,
}

impl<T: Ord + Clone> Numbered<T> {
    const fn new() -> Self {
        Self { words: Vec::new(), numbers: BTreeMap::new() }
    }

    fn number(&mut self, word: T) -> u32 {
        if let Some(number) = self.numbers.get(&word) {
            return *number;
        }
        let number = self.words.len() as u32;
        self.words.push(word.clone());
        self.numbers.insert(word, number);
        number
    }
}

/// The events as the page reads them.
struct Packed<'a> {
    /// As `data.js` says.
    bytes: Vec<u8>,
    lanes: Vec<Lane>,
    kinds: Numbered<&'a str>,
    texts: Numbered<String>,
    /// Number 0 is nobody.
    actors: Numbered<&'a str>,
}

impl<'a> Packed<'a> {
    fn of(trace: &'a Trace, words: &Words<'a>, chosen: &[usize]) -> Self {
        let mut packed = Self {
            bytes: Vec::with_capacity(chosen.len() * 24),
            lanes: lanes(trace),
            kinds: Numbered::new(),
            texts: Numbered::new(),
            actors: Numbered::new(),
        };
        packed.actors.number("");
        let first = chosen.first().map_or(0, |&index| trace.records[index].seq);
        for &index in chosen {
            packed.add(words, &trace.records[index], first);
        }
        packed
    }

    fn add(&mut self, words: &Words<'a>, record: &Record, first: u64) {
        let lane = Lane::of(record.node, record.shard);
        let lane = self.lanes.binary_search(&lane).unwrap_or(0) as u16;
        let kind = self.kinds.number(words.kind(record)) as u16;
        let text = self.texts.number(words.detail(record));
        let actor = self.actors.number(words.actor(record).unwrap_or(""));
        // A cause that is not on the page is none.
        let on_page = u64::from(record.cause) <= record.seq - first;
        let cause = if on_page { record.cause } else { 0 };
        self.bytes.extend(record.time.to_le_bytes());
        for word in [text, cause, actor] {
            self.bytes.extend(word.to_le_bytes());
        }
        self.bytes.extend(lane.to_le_bytes());
        self.bytes.extend(kind.to_le_bytes());
    }
}

/// A node, and a shard counted from 1: 0 is the node's own lane, above those of its shards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Lane(u16, u16);

impl Lane {
    const fn of(node: u16, shard: u16) -> Self {
        Self(node, if shard == NO_SHARD { 0 } else { shard + 1 })
    }
}

/// All lanes, from top to bottom.
fn lanes(trace: &Trace) -> Vec<Lane> {
    let nodes = (0..trace.shards.len() as u16).map(|node| (node, NO_SHARD));
    let mut lanes: Vec<Lane> =
        nodes.chain(shards(trace)).map(|(node, shard)| Lane::of(node, shard)).collect();
    lanes.sort_unstable();
    lanes
}

/// Text as HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn sample_page() -> (Trace, String) {
        let trace = sample::trace();
        let selection = Selection { actor: Some("va\"ult".into()), ..Selection::default() };
        let page = page(&trace, &Words::of(&trace), &selection);
        (trace, page)
    }

    /// What stands in the element of that id.
    fn element<'a>(page: &'a str, id: &str) -> &'a str {
        let (_, rest) = page.split_once(&format!("id=\"{id}\">")).expect("an element");
        rest.split_once("</script>").expect("its end").0
    }

    #[test]
    fn what_the_page_holds_is_json_whatever_the_run_said() {
        let (trace, page) = sample_page();
        let head: serde_json::Value = serde_json::from_str(element(&page, "head")).unwrap();
        assert_eq!(head["failed"]["message"], trace.mishap.as_ref().unwrap().message);
        assert_eq!((&head["failed"]["at"], &head["first"]), (&997.into(), &987.into()));
        assert_eq!(head["failed"]["place"], 10);
        assert_eq!((&head["count"], &head["find"]), (&13.into(), &"va\"ult".into()));
        let lanes = serde_json::json!([[0, null], [0, 0], [0, 1], [1, null], [1, 0]]);
        assert_eq!(head["lanes"], lanes);
        assert_eq!(head["actors"], serde_json::json!(["", "teller", "gone", "vault"]));
        // The failure of the sample ends a script.
        assert_eq!(page.matches("<script").count(), 3);
        assert_eq!(page.matches("</script>").count(), 3);
    }

    #[test]
    fn a_failure_beyond_the_page_marks_none_of_its_events() {
        let trace = sample::trace();
        let place = |around| {
            let selection = Selection { around: Some(around), ..Selection::default() };
            let page = page(&trace, &Words::of(&trace), &selection);
            let head: serde_json::Value = serde_json::from_str(element(&page, "head")).unwrap();
            assert_eq!(head["failed"]["at"], 997);
            head["failed"]["place"].as_i64()
        };
        // Event 997, where the page begins at 987 and at 990; and where it ends before.
        assert_eq!((place(1000), place(1040), place(940)), (Some(10), Some(7), Some(-1)));
    }

    #[test]
    fn the_events_are_packed_as_the_page_unpacks_them() {
        let trace = sample::trace();
        let all: Vec<usize> = (0..trace.records.len()).collect();
        let words = Words::of(&trace);
        let packed = Packed::of(&trace, &words, &all);
        assert_eq!(packed.bytes.len(), 13 * 24);
        let delivered = &packed.bytes[8 * 24..9 * 24];
        let word = |at: usize| u32::from_le_bytes(delivered[at..at + 4].try_into().unwrap());
        assert_eq!((word(0), word(12)), (2000, 6));
        assert_eq!(packed.texts.words[word(8) as usize], "message for vault from n0.0");
        assert_eq!(packed.actors.words[word(16) as usize], "vault");
        assert_eq!(packed.kinds.words[usize::from(delivered[22])], "Delivered");
        assert!(packed.lanes[usize::from(delivered[20])] == Lane(0, 2));
        // The first event's cause is before it.
        assert_eq!(Packed::of(&trace, &words, &all[8..]).bytes[12..16], [0; 4]);
    }

    #[test]
    fn the_page_asks_nobody_for_anything() {
        let (_, page) = sample_page();
        for word in ["http:", "https:", "src=", "href=", "@import", "url(", "fetch(", "innerHTML"] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn a_long_run_is_cut_around_its_failure() {
        let mut trace = sample::trace();
        let one = trace.records[0];
        let records = (0..EVENTS_MAX as u64 * 3).map(|seq| Record { seq, ..one });
        trace.records = records.collect();
        let all: Vec<usize> = (0..trace.records.len()).collect();
        let failed = |trace: &mut Trace, at| {
            trace.mishap.as_mut().unwrap().at = at;
            shown(trace, &all)
        };
        let max = EVENTS_MAX;
        assert_eq!(failed(&mut trace, 0), 0..max);
        assert_eq!(failed(&mut trace, 3 * max as u64 - 1), 2 * max..3 * max);
        assert_eq!(failed(&mut trace, 2 * max as u64 - 1), max + max / 10..2 * max + max / 10);
        trace.mishap = None;
        assert_eq!(shown(&trace, &all), 2 * max..3 * max);
    }
}
