//! Which way commands go.

use std::num::NonZeroU16;

use super::words::{wire, words};
use crate::command;
use crate::exec::Request;
use crate::resp::{Decoder, Limits, Writer};
use crate::route::{Fanout, Route, ShardMap};

/// The way of `line` over `shards` shards, in short.
fn way(line: &str, shards: u16) -> String {
    let bytes = wire(&words(line));
    let mut decoder = Decoder::new(Limits::default());
    let mut batch = decoder.batch(&bytes);
    let args = batch.next_command().unwrap().unwrap();
    let map = ShardMap::new(NonZeroU16::new(shards).unwrap());
    let part = |request: &Request| match request {
        Request::Keys { keys, .. } => {
            keys.iter().map(|key| key.escape_ascii().to_string()).collect::<Vec<_>>().join(" ")
        }
        Request::SetAll(records) => {
            let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
            let pair = |(key, value): (&[u8], &[u8])| format!("{}={}", shown(key), shown(value));
            let pairs = records.iter().map(|record| pair((record.key(), record.value())));
            pairs.collect::<Vec<_>>().join(" ")
        }
        other => format!("{other:?}"),
    };
    let fanout = match map.route(command::look_up(args, 0).unwrap().parse().unwrap()) {
        Route::Local(_) => return "local".to_owned(),
        Route::Keyed { shard, .. } => return format!("shard {shard}"),
        Route::Scatter(command) => Fanout::scatter(command, map),
        Route::All(command) => Fanout::broadcast(command, map),
        Route::Refused(error) => {
            let mut out = Writer::default();
            error.encode(&mut out);
            return String::from_utf8(out.take()).unwrap().trim_end().to_owned();
        }
    };
    let parts = fanout.parts.iter();
    let shown = parts.map(|each| format!("{}: {}", each.shard, part(&each.request)));
    shown.collect::<Vec<_>>().join(", ")
}

#[test]
fn commands_go_to_the_owners_of_their_keys() {
    // Slots as Redis Cluster has them: a 15495, b 3300, c 7365, d 11298, foo 12182, bar 5061.
    let table = [
        ("PING", "local"),
        ("ECHO a", "local"),
        ("CONFIG GET save", "local"),
        ("CLIENT ID", "local"),
        ("COMMAND", "local"),
        ("QUIT", "local"),
        ("GET a", "shard 3"),
        ("SET b v", "shard 0"),
        ("INCR c", "shard 1"),
        ("EXPIRE d 5", "shard 2"),
        ("TTL foo", "shard 2"),
        ("PTTL bar", "shard 1"),
        ("GET x{a}y", "shard 3"),
        ("DEL a", "shard 3"),
        ("MGET {a}1 {a}2 a", "shard 3"),
        ("MSET {b}1 x {b}2 y", "shard 0"),
        ("EXISTS foo d", "shard 2"),
        ("MGET d a b c a foo", "0: b, 1: c, 2: d foo, 3: a a"),
        ("DEL a b", "0: b, 3: a"),
        ("EXISTS bar a bar", "1: bar bar, 3: a"),
        ("MSET a 1 b 2 a 3", "0: b=2, 3: a=1 a=3"),
        ("LPUSH a x y", "shard 3"),
        ("SINTER {b}1 {b}2", "shard 0"),
        ("SUNION a b", "0: b, 3: a"),
        ("RENAME {b}1 {b}2", "shard 0"),
        ("RENAME a b", "-CROSSSLOT Keys in request don't hash to the same slot"),
        ("SCAN 0", "shard 0"),
        ("SCAN 6", "shard 2"),
        ("SCAN x", "shard 0"),
        ("SUBSCRIBE a b", "local"),
        ("HELLO 3", "local"),
        ("DBSIZE", "0: Stats, 1: Stats, 2: Stats, 3: Stats"),
        ("FLUSHALL", "0: Flush, 1: Flush, 2: Flush, 3: Flush"),
        ("INFO", "0: Stats, 1: Stats, 2: Stats, 3: Stats"),
    ];
    for (line, expected) in table {
        assert_eq!(way(line, 4), expected, "{line}");
    }
}

#[test]
fn one_shard_owns_everything() {
    for line in ["GET a", "MGET a b c", "MSET a 1 b 2", "DEL a b c"] {
        assert_eq!(way(line, 1), "shard 0");
    }
}
