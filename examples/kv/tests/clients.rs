//! Clients nobody here wrote, against the server on real cores: `redis-cli` and `redis-benchmark`.

use std::net::SocketAddr;
use std::process::{Command, Output};

use super::cores::beside_a_server;

/// Everything that `redis-benchmark` measures and this server has; each of the four `lrange`s, and
/// both kinds of `ping`, count for themselves.
const WORKLOADS: &str = "ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,\
                         lrange,mset";
const WORKLOADS_COUNT: usize = 20;

fn run(program: &str, address: SocketAddr, arguments: &[&str]) -> Output {
    let port = address.port().to_string();
    Command::new(program)
        .args(["-h", "127.0.0.1", "-p", &port])
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program} (package redis-tools): {error}"))
}

fn cli(address: SocketAddr, arguments: &[&str]) -> String {
    let output = run("redis-cli", address, arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn redis_cli_is_satisfied() {
    for shards in [1, 2] {
        beside_a_server(shards, |address| {
            let answers = [
                (&["PING"][..], "PONG"),
                (&["SET", "a", "1"], "OK"),
                (&["INCR", "a"], "2"),
                (&["MSET", "b", "x", "c", "y"], "OK"),
                (&["MGET", "a", "b", "c", "d"], "2\nx\ny"),
                (&["DEL", "a", "b", "nothing"], "2"),
                (&["DBSIZE"], "1"),
                (&["SET", "c", "z", "NX"], ""),
                (&["EXPIRE", "c", "100"], "1"),
                (&["TTL", "c"], "100"),
                (&["RPUSH", "l", "a", "b"], "2"),
                (&["LRANGE", "l", "0", "-1"], "a\nb"),
                (&["-3", "HSET", "h", "f", "v"], "1"),
                (&["-3", "HGETALL", "h"], "f v"),
                (&["ZADD", "z", "1.5", "m"], "1"),
                (&["ZRANGE", "z", "0", "-1", "WITHSCORES"], "m\n1.5"),
                (
                    &["GET", "l"],
                    "WRONGTYPE Operation against a key holding the wrong kind of value",
                ),
                (&["DEL", "l", "h", "z"], "3"),
                (&["INCR", "c"], "ERR value is not an integer or out of range"),
                (&["NOSUCH"], "ERR unknown command 'NOSUCH', with args beginning with: "),
                (&["FLUSHALL"], "OK"),
                (&["EXISTS", "c"], "0"),
            ];
            for (arguments, expected) in answers {
                assert_eq!(cli(address, arguments), expected.trim_end(), "{arguments:?}");
            }
        });
    }
}

#[test]
fn redis_benchmark_is_satisfied() {
    for shards in [1, 2] {
        beside_a_server(shards, |address| {
            for pipeline in ["1", "16"] {
                let arguments = ["-t", WORKLOADS, "-n", "2000", "-r", "100", "-q", "-P", pipeline];
                let output = run("redis-benchmark", address, &arguments);
                let said = String::from_utf8_lossy(&output.stdout);
                assert!(output.status.success(), "{output:?}");
                assert!(!said.contains("ERR") && output.stderr.is_empty(), "{output:?}");
                assert!(said.matches("requests per second").count() >= WORKLOADS_COUNT, "{said}");
            }
            let keys: u32 = cli(address, &["DBSIZE"]).parse().unwrap();
            assert!(keys > 0, "nothing was written");
        });
    }
}
