//! What there is too much or too little of.

use std::time::Duration;

use greenroom::ExitReason;

use super::client::{Client, pipeline};
use super::rig::campaign;
use crate::route::slot;
use crate::server::ServerLimits;

#[test]
fn clients_beyond_the_bound_are_told_so() {
    // Each shard takes one: of five clients on one shard or two, some find no room.
    let limits = ServerLimits { clients_max: 1, ..ServerLimits::default() };
    campaign("limits::clients_beyond_the_bound_are_told_so", &limits, |rig| {
        let shards = usize::from(rig.shards());
        rig.run(async move |address| {
            let mut served = Vec::new();
            let mut refused = 0;
            for _ in 0..shards + 4 {
                let mut client = Client::connect(address).await;
                match client.call("PING").await.as_str() {
                    "+PONG\r\n" => served.push(client),
                    "-ERR max number of clients reached\r\n" => {
                        refused += 1;
                        // The refusal may have crossed the command, whose bytes are then unread.
                        drop(client.rest().await);
                    }
                    other => panic!("{other}"),
                }
            }
            assert!(refused >= 4 && !served.is_empty());
            for client in &mut served {
                assert_eq!(client.call("PING").await, "+PONG\r\n");
                assert_eq!(client.call("QUIT").await, "+OK\r\n");
                assert_eq!(client.rest().await.unwrap(), "");
            }
        });
    });
}

#[test]
fn a_shard_that_does_not_answer_fails_its_commands_alone() {
    // No time at all for other shards.
    let limits = ServerLimits { answer_limit: Duration::ZERO, ..ServerLimits::default() };
    let test = "limits::a_shard_that_does_not_answer_fails_its_commands_alone";
    campaign(test, &limits, |rig| {
        let shards = rig.shards();
        rig.run(async move |address| {
            let mut client = Client::connect(address).await;
            let keys: Vec<String> = (0..20).map(|number| format!("key{number}")).collect();
            let lines: String = keys.iter().map(|key| format!("SET {key} v\nPING\n")).collect();
            let replies = client.exchange(pipeline(&lines), 40).await;
            let mut answered = Vec::new();
            for (key, pair) in keys.iter().zip(replies.chunks(2)) {
                assert_eq!(pair[1], b"+PONG\r\n");
                match pair[0].as_slice() {
                    b"+OK\r\n" => answered.push(owner(key, shards)),
                    error => assert!(error.starts_with(b"-ERR shard unavailable: "), "{key}"),
                }
            }
            answered.dedup();
            assert_eq!(answered.len(), 1, "the connection's own shard, and no other: {answered:?}");
            let size = client.call("DBSIZE").await;
            assert_eq!(size.starts_with("-ERR shard unavailable: "), shards > 1, "{size}");
        });
    });
}

#[test]
fn a_shard_whose_keeper_has_ended_is_no_part_of_the_server() {
    let test = "limits::a_shard_whose_keeper_has_ended_is_no_part_of_the_server";
    campaign(test, &ServerLimits::default(), |rig| {
        let (shards, last) = (rig.shards(), rig.shards() - 1);
        let clients = rig.connected(6);
        let keeper = rig.server().keepers()[usize::from(last)];
        let server = rig.server().clone();
        rig.on_server(async move |_| {
            keeper.stop();
            assert_eq!(server.broken().await, ExitReason::Normal);
        });
        for mut client in clients {
            rig.run(async move |_| {
                let mut answered = 0;
                for number in 0..20 {
                    let key = format!("key{number}");
                    // Without a reply: the connection was one of that shard's own.
                    let Some(reply) = client.try_call(&format!("SET {key} v")).await else { break };
                    let fails = owner(&key, shards) == last;
                    let expected = if fails { "-ERR shard unavailable: the actor " } else { "+OK" };
                    assert!(reply.starts_with(expected), "{key}: {reply}");
                    answered += 1;
                }
                assert!(answered == 0 || answered == 20 && shards > 1, "{answered} of {shards}");
            });
        }
    });
}

fn owner(key: &str, shards: u16) -> u16 {
    (u32::from(slot(key.as_bytes())) * u32::from(shards) / 16_384) as u16
}
