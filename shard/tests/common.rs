//! Actors and settings that several tests use.

use std::sync::{Arc, Mutex};

use greenroom_core::{Actor, Context, ExitReason, Flow, Pid, Reply, Reporter};
use greenroom_shard::{Builder, IdleStrategy, Pin};

/// A system for a test: tests run side by side, so none is bound to a core.
pub(crate) fn system(shards: usize) -> Builder {
    Builder::new().shards(shards).pin(Pin::None).idle(IdleStrategy::Park)
}

pub(crate) enum Count {
    Add(u64),
    Total(Reply<u64>),
    /// Keeps the port for ever.
    Keep(Reply<u64>),
    /// Calls that counter and answers with its total.
    Ask(greenroom_core::ActorRef<Counter>, Reply<u64>),
    Panic,
    Hang,
}

/// Adds up what it is sent.
#[derive(Default)]
pub(crate) struct Counter {
    total: u64,
    kept: Vec<Reply<u64>>,
}

impl Actor for Counter {
    type Message = Count;

    async fn handle(&mut self, message: Count, _: &Context<Self>) -> Flow {
        match message {
            Count::Add(n) => self.total += n,
            Count::Total(reply) => reply.send(self.total),
            Count::Keep(reply) => self.kept.push(reply),
            Count::Ask(to, reply) => {
                if let Ok(total) = to.call(Count::Total).await {
                    reply.send(total);
                }
            }
            Count::Panic => panic!("asked to"),
            Count::Hang => std::future::pending().await,
        }
        Flow::Continue
    }
}

/// Keeps what is reported.
#[derive(Clone, Default)]
pub(crate) struct Notes(pub(crate) Arc<Mutex<Vec<(String, ExitReason)>>>);

impl Reporter for Notes {
    fn actor_failed(&self, _: Pid, name: &str, reason: &ExitReason) {
        self.0.lock().unwrap().push((name.into(), reason.clone()));
    }
}
