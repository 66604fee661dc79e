//! The server on real cores, driven by a client library that nobody here wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use redis::{Client, Connection, cmd, pipe};

use super::cores::beside_a_server;

fn connect(address: SocketAddr, protocol: &str) -> Connection {
    let client = Client::open(format!("redis://{address}/?protocol={protocol}")).unwrap();
    let connection = client.get_connection().unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    connection
}

/// Runs `body` over one shard and several, in both protocols.
fn everywhere(body: fn(&mut Connection, SocketAddr)) {
    for (shards, protocol) in [(1, "resp2"), (2, "resp2"), (2, "resp3")] {
        beside_a_server(shards, |address| body(&mut connect(address, protocol), address));
    }
}

#[test]
fn strings_and_keys() {
    everywhere(|con, _| {
        cmd("SET").arg("a").arg(41).exec(con).unwrap();
        assert_eq!(cmd("INCR").arg("a").query::<i64>(con).unwrap(), 42);
        assert_eq!(cmd("GET").arg("nothing").query::<Option<String>>(con).unwrap(), None);
        cmd("MSET").arg(&[("b", "1"), ("c", "2"), ("d", "3")]).exec(con).unwrap();
        let values: Vec<Option<i64>> = cmd("MGET").arg(&["d", "x", "b", "c"]).query(con).unwrap();
        assert_eq!(values, [Some(3), None, Some(1), Some(2)]);
        cmd("SETEX").arg("t").arg(100).arg("v").exec(con).unwrap();
        assert_eq!(cmd("TTL").arg("t").query::<i64>(con).unwrap(), 100);
        assert!(cmd("PERSIST").arg("t").query::<bool>(con).unwrap());
        let keys: BTreeSet<String> = cmd("KEYS").arg("*").query(con).unwrap();
        assert_eq!(keys, ["a", "b", "c", "d", "t"].map(str::to_owned).into());
        let (mut cursor, mut scanned) = (0_u64, Vec::new());
        loop {
            let (next, some): (u64, Vec<String>) =
                cmd("SCAN").arg(cursor).arg("COUNT").arg(1).query(con).unwrap();
            scanned.extend(some);
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        scanned.sort();
        assert!(scanned.iter().eq(&keys), "each key once: {scanned:?}");
        let error = cmd("LPUSH").arg("a").arg("x").query::<i64>(con).unwrap_err();
        assert_eq!(error.code(), Some("WRONGTYPE"));
        cmd("FLUSHDB").exec(con).unwrap();
        assert_eq!(cmd("DBSIZE").query::<i64>(con).unwrap(), 0);
    });
}

#[test]
fn collections() {
    everywhere(|con, _| {
        assert_eq!(cmd("RPUSH").arg("l").arg(&["a", "b", "c"]).query::<i64>(con).unwrap(), 3);
        let list: Vec<String> = cmd("LRANGE").arg("l").arg(0).arg(-1).query(con).unwrap();
        assert_eq!(list, ["a", "b", "c"]);
        assert_eq!(cmd("LPOP").arg("l").arg(2).query::<Vec<String>>(con).unwrap(), ["a", "b"]);

        cmd("HSET").arg("h").arg(&[("f", "1"), ("g", "2")]).exec(con).unwrap();
        let hash: BTreeMap<String, i64> = cmd("HGETALL").arg("h").query(con).unwrap();
        assert_eq!(hash, BTreeMap::from([("f".to_owned(), 1), ("g".to_owned(), 2)]));
        assert_eq!(cmd("HINCRBY").arg("h").arg("f").arg(9).query::<i64>(con).unwrap(), 10);

        for (key, members) in [("s1", ["a", "b", "c"]), ("s2", ["b", "c", "d"])] {
            assert_eq!(cmd("SADD").arg(key).arg(&members).query::<i64>(con).unwrap(), 3);
        }
        for (name, expected) in
            [("SINTER", &["b", "c"][..]), ("SUNION", &["a", "b", "c", "d"]), ("SDIFF", &["a"])]
        {
            let members: BTreeSet<String> = cmd(name).arg("s1").arg("s2").query(con).unwrap();
            assert!(members.iter().eq(expected), "{name}");
        }
        let popped: String = cmd("SPOP").arg("s1").query(con).unwrap();
        assert!(!cmd("SISMEMBER").arg("s1").arg(&popped).query::<bool>(con).unwrap());

        cmd("ZADD").arg("z").arg(&[(1.5, "a"), (0.5, "b"), (2.5, "c")]).exec(con).unwrap();
        let ranked: Vec<(String, f64)> =
            cmd("ZRANGE").arg("z").arg(0).arg(-1).arg("WITHSCORES").query(con).unwrap();
        let expected = [("b", 0.5), ("a", 1.5), ("c", 2.5)];
        assert_eq!(ranked, expected.map(|(member, score)| (member.to_owned(), score)));
        assert_eq!(cmd("ZSCORE").arg("z").arg("a").query::<f64>(con).unwrap(), 1.5);
        let least: Vec<(String, f64)> = cmd("ZPOPMIN").arg("z").arg(1).query(con).unwrap();
        assert_eq!(least, [("b".to_owned(), 0.5)]);
    });
}

#[test]
fn pipelines_and_transactions() {
    everywhere(|con, _| {
        let mut pipeline = pipe();
        for number in 0..1_000 {
            pipeline.cmd("SET").arg(format!("key{number}")).arg(number).ignore();
            pipeline.cmd("GET").arg(format!("key{number}"));
        }
        let values: Vec<i64> = pipeline.query(con).unwrap();
        assert!(values.into_iter().eq(0..1_000));

        let mut transaction = pipe();
        transaction.atomic();
        transaction.cmd("SET").arg("{t}a").arg(1).ignore();
        transaction.cmd("INCRBY").arg("{t}a").arg(9);
        transaction.cmd("RPUSH").arg("{t}l").arg("x").arg("y");
        let (sum, len): (i64, i64) = transaction.query(con).unwrap();
        assert_eq!((sum, len), (10, 2));
        let discarded: String = cmd("MULTI").query(con).unwrap();
        assert_eq!(discarded, "OK");
        cmd("SET").arg("{t}a").arg(0).query::<String>(con).unwrap();
        cmd("DISCARD").exec(con).unwrap();
        assert_eq!(cmd("GET").arg("{t}a").query::<i64>(con).unwrap(), 10);
    });
}

#[test]
fn publishing_and_subscribing() {
    for shards in [1, 2] {
        beside_a_server(shards, |address| {
            let mut subscriber = connect(address, "resp2");
            let mut channels = subscriber.as_pubsub();
            channels.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            channels.subscribe("news").unwrap();
            channels.psubscribe("n*").unwrap();
            let mut publisher = connect(address, "resp3");
            for number in 0..100 {
                let met = cmd("PUBLISH").arg("news").arg(number).query::<i64>(&mut publisher);
                assert_eq!(met.unwrap(), 2);
                for patterned in [false, true] {
                    let message = channels.get_message().unwrap();
                    assert_eq!(message.get_channel_name(), "news");
                    assert_eq!(message.from_pattern(), patterned);
                    assert_eq!(message.get_payload::<i64>().unwrap(), number);
                }
            }
            drop(channels);
            // The connection is one for commands again.
            cmd("SET").arg("a").arg(1).exec(&mut subscriber).unwrap();
            let met = cmd("PUBLISH").arg("news").arg(0).query::<i64>(&mut publisher).unwrap();
            assert_eq!(met, 0);
        });
    }
}
