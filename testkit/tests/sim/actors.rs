//! Actors that several tests use, and what must hold when a run has come to rest.

use greenroom_core::{Actor, Context, Flow, Reply};
use greenroom_testkit::{Campaign, TestRuntime};

/// Remembers what it was told, in order.
#[derive(Default)]
pub(crate) struct Notebook {
    seen: Vec<(u32, u32)>,
}

pub(crate) enum Note {
    /// From whom, and the how-manieth.
    Write(u32, u32),
    /// The same, with an answer.
    Confirm(u32, u32, Reply<()>),
    /// All that was noted.
    Read(Reply<Vec<(u32, u32)>>),
}

impl Actor for Notebook {
    type Message = Note;

    async fn handle(&mut self, message: Note, _: &Context<Self>) -> Flow {
        match message {
            Note::Write(from, number) => self.seen.push((from, number)),
            Note::Confirm(from, number, reply) => {
                self.seen.push((from, number));
                reply.send(());
            }
            Note::Read(reply) => reply.send(self.seen.clone()),
        }
        Flow::Continue
    }
}

/// Gives the others of its shard a turn.
pub(crate) async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

/// Whether a campaign of so many seeds runs as it is, whatever the environment says.
pub(crate) fn is_whole(seeds: u64) -> bool {
    Campaign::new("sim").seeds(seeds).is_whole()
}

/// Whether each sender's notes are 0, 1, 2 and so on, in order.
pub(crate) fn in_order(seen: &[(u32, u32)], senders: u32, each: u32) -> bool {
    (0..senders).all(|sender| {
        let numbers = seen.iter().filter(|(from, _)| *from == sender).map(|(_, number)| *number);
        numbers.eq(0..each)
    })
}

/// Runs until idle and checks that every message has ended as one thing and nothing has leaked.
pub(crate) fn come_to_rest(sim: &mut TestRuntime, nodes: u16, shards: u16) {
    // Timers of calls that were answered go off once for nothing, and are forgotten.
    sim.advance(std::time::Duration::from_secs(60));
    sim.run_until_idle();
    for node in 0..nodes {
        assert_eq!(sim.packets_under_way(node), 0, "packets were left: {}", sim.report());
        for shard in 0..shards {
            let ledger = sim.ledger(node, shard);
            assert_eq!(ledger.open(), 0, "shard {shard}: {ledger:?}");
            let used = sim.in_use(node, shard);
            let leaks = (used.replies, used.records, used.timers, used.operations, used.queued);
            assert_eq!(leaks, (0, 0, 0, 0, 0), "shard {shard} leaks: {used:?}");
            assert_eq!(used.parked, 0, "shard {shard} leaks: {used:?}");
        }
    }
}
