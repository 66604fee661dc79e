//! What clients are answered.

use std::fmt::Write;
use std::time::Duration;

use greenroom::{System, sleep};

use super::client::{Client, pipeline};
use super::rig::campaign;
use crate::server::ServerLimits;
use crate::tests::machine::{Machine, Way};
use crate::tests::random::Commands;
use crate::tests::reply;
use crate::tests::words::{Words, assert_alike, wire};

fn small_batches() -> ServerLimits {
    ServerLimits { batch_commands_max: 7, batch_bytes_max: 100, ..ServerLimits::default() }
}

#[test]
fn replies_come_in_the_order_of_the_commands() {
    let test = "commands::replies_come_in_the_order_of_the_commands";
    campaign(test, &small_batches(), |rig| {
        rig.run(async |address| {
            let mut client = Client::connect(address).await;
            let (mut commands, mut expected) = (String::new(), Vec::new());
            for number in 0..60 {
                write!(commands, "SET key{number} {number}\nGET key{number}\n").unwrap();
                expected.push("+OK\r\n".to_owned());
                let len = number.to_string().len();
                expected.push(format!("${len}\r\n{number}\r\n"));
            }
            let replies = client.exchange(pipeline(&commands), expected.len()).await;
            let replies: Vec<_> = replies.into_iter().map(String::from_utf8).collect();
            let expected: Vec<_> = expected.into_iter().map(Ok).collect();
            assert_eq!(replies, expected);
        });
    });
}

#[test]
fn random_commands_are_answered_as_by_one_store() {
    for (name, limits) in [("small", small_batches()), ("large", ServerLimits::default())] {
        let test = "commands::random_commands_are_answered_as_by_one_store";
        campaign(test, &limits, |rig| {
            let seed = rig.sim.draw(u64::MAX);
            rig.run(async move |address| {
                let mut client = Client::connect(address).await;
                let mut commands = Commands::new(seed);
                let mut machine = Machine::new(1, Way::Mixed);
                for _ in 0..3 {
                    let pipeline: Vec<Words> = (0..30).map(|_| commands.next_command()).collect();
                    let bytes: Vec<u8> = pipeline.iter().flat_map(|words| wire(words)).collect();
                    let now_ms = System::current().unwrap().wall().0.as_millis() as u64;
                    let expected = reply::split(&machine.feed(now_ms, &bytes));
                    let replies = client.exchange(bytes, expected.len()).await;
                    assert_alike(&pipeline, &replies, &expected, name);
                }
            });
        });
    }
}

#[test]
fn increments_of_several_clients_add_up() {
    let test = "commands::increments_of_several_clients_add_up";
    campaign(test, &small_batches(), |rig| {
        const CLIENTS: usize = 5;
        const ROUNDS: usize = 10;
        let keys = ["a", "b", "c", "d"];
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                rig.begin(async move |address| {
                    let mut client = Client::connect(address).await;
                    let lines: String = keys.map(|key| format!("INCR {key}\n")).concat();
                    let lines = lines.repeat(ROUNDS);
                    client.exchange(pipeline(&lines), keys.len() * ROUNDS).await
                })
            })
            .collect();
        let mut seen = vec![Vec::new(); keys.len()];
        for client in clients {
            for (number, reply) in rig.sim.finish(client).into_iter().enumerate() {
                let reply = String::from_utf8(reply).unwrap();
                seen[number % keys.len()].push(reply[1..].trim_end().parse::<usize>().unwrap());
            }
        }
        for mut values in seen {
            values.sort_unstable();
            assert!(values.into_iter().eq(1..=CLIENTS * ROUNDS), "each value is seen once");
        }
    });
}

#[test]
fn commands_over_several_shards_act_after_those_before_them() {
    let test = "commands::commands_over_several_shards_act_after_those_before_them";
    campaign(test, &ServerLimits::default(), |rig| {
        rig.run(async |address| {
            let mut client = Client::connect(address).await;
            let lines = "SET a 1\nSET b 2\nMGET a b c d\nMSET a 5 c 6 d 7\nINCR d\nDBSIZE\n\
                DEL a b x\nMGET d c b a\nEXISTS a c d\nFLUSHALL\nDBSIZE\nSET z 1\nDBSIZE\nGET z";
            let expected = "+OK\r\n+OK\r\n*4\r\n$1\r\n1\r\n$1\r\n2\r\n$-1\r\n$-1\r\n+OK\r\n:8\r\n\
                :4\r\n:2\r\n*4\r\n$1\r\n8\r\n$1\r\n6\r\n$-1\r\n$-1\r\n:2\r\n+OK\r\n:0\r\n+OK\r\n\
                :1\r\n$1\r\n1\r\n";
            let replies = client.exchange(pipeline(lines), 14).await;
            assert_eq!(String::from_utf8(replies.concat()).unwrap(), expected);
        });
    });
}

#[test]
fn keys_die_in_virtual_time() {
    let test = "commands::keys_die_in_virtual_time";
    campaign(test, &ServerLimits::default(), |rig| {
        rig.run(async |address| {
            let mut client = Client::connect(address).await;
            for key in ["a", "b", "c", "d", "e", "f"] {
                assert_eq!(client.call(&format!("SET {key} v EX 100")).await, "+OK\r\n");
            }
            assert_eq!(client.call("SET g v").await, "+OK\r\n");
            let ttl: u64 = client.call("TTL a").await[1..].trim_end().parse().unwrap();
            assert!((60..=100).contains(&ttl), "{ttl}");
            assert_eq!(client.call("EXPIRE g 500").await, ":1\r\n");
            sleep(Duration::from_secs(40)).await;
            assert_eq!(client.call("EXISTS a b c d e f g").await, ":7\r\n");
            sleep(Duration::from_secs(70)).await;
            // Nobody has touched the dead: the keepers have removed them.
            assert_eq!(client.call("DBSIZE").await, ":1\r\n");
            assert_eq!(client.call("GET a").await, "$-1\r\n");
            let info = client.call("INFO stats").await;
            assert!(info.contains("expired_keys:6"), "{info}");
            assert_eq!(client.call("GET g").await, "$1\r\nv\r\n");
        });
    });
}
