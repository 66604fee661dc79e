//! A small trace for tests.

use super::{NO_SHARD, Trace};

const KINDS: [(u16, &str); 12] = [
    (1, "Turn"),
    (2, "Pushed"),
    (4, "Delivered"),
    (5, "BellRung"),
    (6, "BellHeard"),
    (7, "Woken"),
    (9, "Parked"),
    (13, "Net"),
    (17, "Fault"),
    (32, "Polled"),
    (34, "Queued"),
    (41, "Completed"),
];

/// Time, node, shard, kind, detail, actor, cause.
const EVENTS: [(u64, u16, u16, u16, u16, u32, u32); 13] = [
    (1000, 0, 0, 1, 0, 0, 0),
    (1000, 0, 0, 32, 1, 3, 1),
    // To shard 1, lane of users.
    (1000, 0, 0, 2, 0b11, 5, 1),
    (1000, 0, 0, 5, 0, 1, 1),
    (1500, 0, 0, 9, 0, 0, 0),
    (2000, 0, 1, 6, 0, 0, 2),
    (2000, 0, 1, 7, 0, 0, 1),
    (2000, 0, 1, 1, 0, 0, 1),
    // From shard 0.
    (2000, 0, 1, 4, 0b01, 5, 6),
    (2000, 0, 1, 34, 1, 5, 1),
    (2000, 0, 1, 32, 1, 5, 1),
    (1_000_002_000, 1, NO_SHARD, 17, 9, 19, 0),
    (1_000_002_500, 1, 0, 13, 0, 0, 1),
];

/// The bytes of a file: events 987 to 999 of 1000, of two nodes.
pub(super) fn bytes() -> Vec<u8> {
    let mut text = "greenroom trace 1\ntest bank::transfer\nseed 0x1f3\npolicy pct3\n\
        hash 0x0000000000000009\nshards 2 1\nevents 1000\n\
        failed 997 odd: \\\\n is no line\\n</script><b> & \"quotes\"\n\
        fault 19 PowerLoss\nname 0 0 0 3 teller\nname 0 0 1 5 gone\nname 990 0 1 5 vault\n"
        .to_owned();
    for (number, name) in KINDS {
        text.push_str(&format!("kind {number} {name}\n"));
    }
    text.push_str(&format!("records {}\n\n", EVENTS.len()));
    let mut bytes = text.into_bytes();
    for (seq, (time, node, shard, kind, detail, actor, cause)) in (987u64..).zip(EVENTS) {
        bytes.extend(seq.to_le_bytes());
        bytes.extend(time.to_le_bytes());
        [node, shard, kind, detail].iter().for_each(|short| bytes.extend(short.to_le_bytes()));
        [actor, cause].iter().for_each(|word| bytes.extend(word.to_le_bytes()));
    }
    bytes
}

pub(super) fn trace() -> Trace {
    Trace::parse(&bytes()).expect("a trace")
}
