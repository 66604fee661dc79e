//! What a command costs in allocations.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::rc::Rc;
use std::sync::Arc;

use allocation_counter::measure;
use greenroom::System;
use greenroom_testkit::TestRuntime;

use super::super::clients::Clients;
use super::super::shard::Plan;
use super::super::spares::Spares;
use super::*;
use crate::exec::State;
use crate::facts::Facts;
use crate::pubsub::{Outbox, Subscriptions};
use crate::route::ShardMap;
use crate::server::ServerLimits;
use crate::store::{Place, Store};

/// Commands of a stream, in batches of [`PIPELINED`].
const COMMANDS: usize = 1_024;
const PIPELINED: usize = 16;

/// A shard of that many, and the state of another one.
fn shard(system: System, shards: u16) -> (Shard, State) {
    let address = SocketAddr::from(([127, 0, 0, 1], 6379));
    let limits = ServerLimits::default();
    let [state, other] = [0, 1].map(|shard| State::new(Store::new(1, Place { shard, shards })));
    let command = limits.command;
    let shard = Shard {
        system,
        number: 0,
        state: Rc::new(RefCell::new(state)),
        plan: Arc::new(Plan {
            keepers: Vec::new(),
            map: ShardMap::new(NonZeroU16::new(shards).unwrap()),
            started_ms: 0,
            limits,
        }),
        facts: Facts {
            bind: address.ip(),
            port: address.port(),
            shards,
            started_ms: 0,
            limits: command,
        },
        clients: Rc::new(Clients::new(1, 1)),
        spares: Spares::default(),
    };
    (shard, other)
}

fn pipeline(shard: &Shard) -> Pipeline {
    let address = SocketAddr::from(([127, 0, 0, 1], 6379));
    let topics = shard.state.borrow().topics.clone();
    let subscriptions = Subscriptions::new(0, Rc::new(Outbox::new(1)), topics);
    Pipeline::new(shard, Session::new(1, (address, address), 0, subscriptions))
}

/// The batches of a stream of one command on many keys, the second as often as the first.
fn batches(command: impl Fn(&str) -> String) -> Vec<Vec<u8>> {
    let commands: Vec<String> =
        (0..COMMANDS).map(|number| command(&format!("key:{:012}", number * 7 % 100))).collect();
    let wire = |line: &String| {
        let words: Vec<&str> = line.split(' ').collect();
        let bulks = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len()));
        format!("*{}\r\n{}", words.len(), bulks.collect::<String>())
    };
    let batches = commands.chunks(PIPELINED);
    batches.map(|batch| batch.iter().map(wire).collect::<String>().into_bytes()).collect()
}

/// Runs each batch as a connection does, in whose place `other` answers for the other shard; returns
/// the length of all replies.
fn run(pipeline: &mut Pipeline, here: &Shard, other: &mut State, batches: &[Vec<u8>]) -> usize {
    let mut replies = 0;
    for batch in batches {
        let (consumed, stop) = pipeline.run(here, batch);
        assert!(consumed == batch.len() && matches!(stop, Stop::Starved));
        pipeline.collected.answer_with(other, here, &mut pipeline.out);
        let mut sent = pipeline.take_batch();
        replies += sent.len();
        sent.clear();
        pipeline.reuse(sent);
    }
    replies
}

#[test]
fn a_command_on_a_key_that_is_there_allocates_nothing() {
    // Longer than what a message could hold by itself.
    let value = "v".repeat(64);
    let sets = batches(|key| format!("SET {key} {value}"));
    let gets = batches(|key| format!("GET {key}"));
    for shards in [1, 2] {
        let (sets, gets) = (sets.clone(), gets.clone());
        let mut sim = TestRuntime::builder().seed(1).build();
        sim.run(async move |system| {
            let (here, mut other) = shard(system, shards);
            let mut pipeline = pipeline(&here);
            for (batches, reply_len) in [(&sets, 5), (&gets, 5 + 64 + 2)] {
                // The keys come to be, and buffers grow to their size.
                run(&mut pipeline, &here, &mut other, batches);
                let mut replies = 0;
                let counted = measure(|| replies = run(&mut pipeline, &here, &mut other, batches));
                assert_eq!(replies, COMMANDS * reply_len);
                assert_eq!(counted.count_total, 0, "{shards} shards: {counted:?}");
            }
            assert!(shards == 1 || other.store.len() > 30, "the other shard has its part");
        });
    }
}
