//! An actor to talk to, and a way to run futures on the rig.

use std::cell::RefCell;
use std::rc::Rc;

use crate::testing::Rig;
use crate::{Actor, ActorConfig, ActorRef, Context, Flow, Reply};

/// Adds numbers.
pub(crate) struct Counter {
    pub(crate) total: u64,
}

pub(crate) enum Count {
    Add(u64),
    Read(Reply<u64>),
    /// Keeps the port and never answers.
    Keep(Reply<u64>),
    /// Drops the port.
    Refuse(Reply<u64>),
    Panic,
    Stop,
}

impl Actor for Counter {
    type Message = Count;

    async fn handle(&mut self, message: Count, _: &Context<Self>) -> Flow {
        match message {
            Count::Add(n) => self.total += n,
            Count::Read(reply) => reply.send(self.total),
            Count::Keep(reply) => std::mem::forget(reply),
            Count::Refuse(reply) => drop(reply),
            Count::Panic => panic!("told to"),
            Count::Stop => return Flow::Stop,
        }
        Flow::Continue
    }
}

pub(crate) fn counter(rig: &Rig, shard: usize) -> ActorRef<Counter> {
    counter_with(rig, shard, ActorConfig::default())
}

pub(crate) fn counter_with(rig: &Rig, shard: usize, config: ActorConfig) -> ActorRef<Counter> {
    rig.on(shard, || rig.system().spawn_here(config, || Counter { total: 0 })).unwrap()
}

/// Runs a future on a shard until it has a result, or nothing moves.
pub(crate) fn run<T: 'static>(
    rig: &Rig,
    shard: usize,
    future: impl Future<Output = T> + 'static,
) -> Option<T> {
    let result = Rc::new(RefCell::new(None));
    let slot = result.clone();
    rig.on(shard, || {
        crate::spawn_local(async move {
            let value = future.await;
            *slot.borrow_mut() = Some(value);
        })
    });
    rig.settle();
    result.take()
}
