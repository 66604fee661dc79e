//! Clients nobody here wrote, against the server on real cores: `redis-cli` and `redis-benchmark`.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::process::{Command, Output};
use std::time::Duration;

use greenroom::{Builder, ShardId};

use crate::server;
use crate::settings::Settings;

/// Runs `clients` beside a server of so many shards on a port of its own, then drains the server.
fn beside_a_server(shards: u16, clients: impl FnOnce(SocketAddr)) {
    let shards = NonZeroU16::new(shards).unwrap();
    let settings = Settings { port: 0, ..Settings::new(shards) };
    let running = Builder::new().name("kv").shards(shards.get().into()).start().unwrap();
    let (stop, stopped) = futures_channel::oneshot::channel::<()>();
    let (told, address) = std::sync::mpsc::channel();
    let served = running.handle().run_on(ShardId(0), async move |system| {
        let server = server::start(system, &settings).await.unwrap();
        told.send(server.addresses()[0]).unwrap();
        // The sender is dropped where a client fails: the server ends all the same.
        let _ended = stopped.await;
        server.drain(Duration::from_secs(5)).await;
    });
    let address = address.recv().expect("the server starts");
    clients(address);
    stop.send(()).expect("the server runs");
    served.wait().expect("the server drains");
    assert!(running.shutdown(Duration::from_secs(5)).is_clean());
}

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
                let arguments = [
                    "-t",
                    "ping,set,get,incr,mset",
                    "-n",
                    "4000",
                    "-r",
                    "100",
                    "-q",
                    "-P",
                    pipeline,
                ];
                let output = run("redis-benchmark", address, &arguments);
                let said = String::from_utf8_lossy(&output.stdout);
                assert!(output.status.success(), "{output:?}");
                assert!(!said.contains("ERR") && output.stderr.is_empty(), "{output:?}");
                assert!(said.matches("requests per second").count() >= 6, "{said}");
            }
            let keys: u32 = cli(address, &["DBSIZE"]).parse().unwrap();
            assert!(keys > 0, "nothing was written");
        });
    }
}
