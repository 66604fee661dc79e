//! FIFO per pair, whatever the verb, the rings and the schedule.

use std::time::Duration;

use greenroom_core::{ActorRef, CallError, Context, Flow, Placement, Reply, ShardId, System};
use greenroom_testkit::{Campaign, Policy, TaskOrder, TestRuntime};

use super::actors::{Note, Notebook, come_to_rest, in_order};

const EACH: u32 = 60;

/// Sends in turn by cast, send and call, waiting out full mailboxes.
async fn write(to: ActorRef<Notebook>, from: u32) {
    for number in 0..EACH {
        match number % 3 {
            0 => to.call(|reply| Note::Confirm(from, number, reply)).await.unwrap(),
            1 => to.send(Note::Write(from, number)).await.unwrap(),
            _ => {
                let mut note = Note::Write(from, number);
                while let Err(refused) = to.cast(note) {
                    note = refused.into_message();
                    greenroom_core::sleep(Duration::from_nanos(300)).await;
                }
            }
        }
    }
}

/// One writer on each shard, one notebook on the first; returns what it holds.
async fn write_from_everywhere(system: System) -> Vec<(u32, u32)> {
    let config = greenroom_core::ActorConfig::named("notebook")
        .mailbox(greenroom_core::MailboxBound::Fixed(4));
    let notebook = system.spawn_with(config, Placement::Shard(0), Notebook::default).await.unwrap();
    let writers: Vec<_> = (0..system.shards())
        .map(|shard| {
            let from = shard.into();
            system.handle().run_on(ShardId(shard), async move |_| write(notebook, from).await)
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    loop {
        let seen = notebook.call(Note::Read).await.unwrap();
        if seen.len() == EACH as usize * usize::from(system.shards()) {
            notebook.drain();
            notebook.exit().await;
            return seen;
        }
        greenroom_core::sleep(Duration::from_micros(1)).await;
    }
}

#[test]
fn calls_casts_and_sends_keep_their_order() {
    let campaign = Campaign::new("sim::order::calls_casts_and_sends_keep_their_order").seeds(300);
    let campaign = campaign.runtime(|builder, seed| builder.shards(1 + (seed % 5) as u16));
    campaign.run(|sim| {
        let seen = sim.run(write_from_everywhere);
        let shards = 1 + (sim.seed() % 5) as u16;
        assert!(in_order(&seen, shards.into(), EACH), "out of order: {seen:?}");
        come_to_rest(sim, 1, shards);
    });
}

#[test]
fn every_policy_and_task_order_gets_there() {
    let policies = [
        Policy::Uniform,
        Policy::LockStep,
        Policy::Sticky,
        Policy::Pos,
        Policy::Pct { depth: 3 },
        Policy::Urw,
        Policy::HeavyTail,
    ];
    let orders = [TaskOrder::Fifo, TaskOrder::Lifo, TaskOrder::Random, TaskOrder::Priority];
    let mut hashes = std::collections::BTreeSet::new();
    for policy in policies {
        for order in orders {
            let builder = TestRuntime::builder().seed(5).shards(3).policy(policy);
            let mut sim = builder.task_order(order).build();
            let seen = sim.run(write_from_everywhere);
            assert!(in_order(&seen, 3, EACH), "{policy} {order:?}: {seen:?}");
            hashes.insert(sim.trace_hash());
        }
    }
    assert_eq!(hashes.len(), policies.len() * orders.len(), "two schedules were the same");
}

#[test]
fn rings_of_one_slot_full_in_both_directions_do_not_deadlock() {
    let name = "sim::order::rings_of_one_slot_full_in_both_directions_do_not_deadlock";
    let campaign = Campaign::new(name).seeds(100);
    campaign.runtime(|builder, _| builder.shards(3).ring_depth(1)).run(|sim| {
        sim.run(async |system| {
            let mut notebooks = Vec::new();
            for shard in 0..3 {
                let placed = Placement::Shard(shard);
                notebooks.push(system.spawn(placed, Notebook::default).await.unwrap());
            }
            // Every shard writes to every other at once, and asks, so that answers are under way
            // in both directions as well.
            let mut writers = Vec::new();
            for shard in 0..3u16 {
                for notebook in notebooks.clone() {
                    let write = async move |_| write(notebook, shard.into()).await;
                    writers.push(system.handle().run_on(ShardId(shard), write));
                }
            }
            for writer in writers {
                writer.await.unwrap();
            }
        });
        come_to_rest(sim, 1, 3);
    });
}

/// Calls the next one before it answers.
struct Link {
    next: Option<ActorRef<Self>>,
}

enum LinkMessage {
    Next(ActorRef<Link>, Reply<()>),
    /// Answered with what the next one said.
    Ask(Reply<Result<u32, CallError>>),
}

impl greenroom_core::Actor for Link {
    type Message = LinkMessage;

    async fn handle(&mut self, message: LinkMessage, _: &Context<Self>) -> Flow {
        match message {
            LinkMessage::Next(next, reply) => {
                self.next = Some(next);
                reply.send(());
            }
            LinkMessage::Ask(reply) => match self.next {
                Some(next) => reply.send(match next.call(LinkMessage::Ask).await {
                    Ok(answer) => answer,
                    Err(error) => Err(error),
                }),
                None => reply.send(Ok(7)),
            },
        }
        Flow::Continue
    }
}

#[test]
fn a_call_cycle_across_shards_fails_at_once_with_its_path() {
    let name = "sim::order::a_call_cycle_across_shards_fails_at_once_with_its_path";
    let campaign = Campaign::new(name).seeds(100).runtime(|builder, _| builder.shards(3));
    campaign.run(|sim| {
        let before = sim.now();
        let (links, answer) = sim.run(async |system| {
            let mut links = Vec::new();
            for shard in 0..3 {
                let link = || Link { next: None };
                links.push(system.spawn(Placement::Shard(shard), link).await.unwrap());
            }
            for (number, link) in links.iter().enumerate() {
                let next = links[(number + 1) % 3];
                link.call(|reply| LinkMessage::Next(next, reply)).await.unwrap();
            }
            let answer = links[0].call(LinkMessage::Ask).await.unwrap();
            (links, answer)
        });
        let Err(CallError::Cycle(path)) = answer else { panic!("no cycle: {answer:?}") };
        let pids: Vec<_> = links.iter().map(ActorRef::pid).collect();
        assert_eq!(path[..], [pids[1], pids[0]], "the path leads from the last to the first");
        let waited = sim.now() - before;
        assert!(waited < Duration::from_secs(5), "a time-out found it: {waited:?}");
        sim.run(async move |_| links.iter().for_each(ActorRef::drain));
        come_to_rest(sim, 1, 3);
    });
}
