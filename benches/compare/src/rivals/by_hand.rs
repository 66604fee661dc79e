//! The hand-written actor: a task that owns its state and loops over a tokio channel, with a
//! `oneshot` for each answer, as tokio's own tutorial on channels has it.
//!
//! The channel is unbounded, because that is the faster of the two (no semaphore) and the frameworks
//! that do not bound by default are built on it.

mod two_cores;

use super::{Rival, run_on_tokio};
use crate::probe::{Resident, STARTED};
use crate::workloads::ring::Finish;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

const ALIVE: &str = "the actor is alive";

/// Actors as tasks, by hand.
#[derive(Clone)]
pub(super) struct ByHand;

pub(super) enum CounterMessage {
    Add(u64),
    Ask(u64, oneshot::Sender<u64>),
}

pub(super) enum NodeMessage {
    Link(UnboundedSender<Self>),
    Token(u64),
    Visits(oneshot::Sender<u64>),
}

async fn counter(mut mailbox: UnboundedReceiver<CounterMessage>) {
    let mut total = 0;
    while let Some(message) = mailbox.recv().await {
        match message {
            CounterMessage::Add(amount) => total += amount,
            CounterMessage::Ask(amount, reply) => {
                total += amount;
                // The client may have given up: nobody to tell.
                let _ = reply.send(total);
            }
        }
    }
}

async fn node(mut mailbox: UnboundedReceiver<NodeMessage>, finish: Finish) {
    let mut next = None;
    let mut visits = 0;
    while let Some(message) = mailbox.recv().await {
        match message {
            NodeMessage::Link(node) => next = Some(node),
            NodeMessage::Token(left) => {
                visits += 1;
                match &next {
                    Some(next) if left > 0 => send(next, NodeMessage::Token(left - 1)),
                    _ => finish.tell(),
                }
            }
            NodeMessage::Visits(reply) => {
                let _ = reply.send(visits);
            }
        }
    }
}

async fn idle(mut mailbox: UnboundedReceiver<CounterMessage>) {
    let mut resident = Resident::new();
    STARTED.add_one();
    while let Some(message) = mailbox.recv().await {
        match message {
            CounterMessage::Add(amount) => resident.handle(amount),
            CounterMessage::Ask(amount, reply) => {
                resident.handle(amount);
                let _ = reply.send(resident.total);
            }
        }
    }
}

fn send<M>(actor: &UnboundedSender<M>, message: M) {
    actor.send(message).expect(ALIVE);
}

impl Rival for ByHand {
    type Counter = UnboundedSender<CounterMessage>;
    type Node = UnboundedSender<NodeMessage>;
    type Idle = UnboundedSender<CounterMessage>;

    fn run<C, F>(client: C) -> F::Output
    where
        C: FnOnce(Self) -> F,
        F: Future<Output: Send> + Send + 'static,
    {
        run_on_tokio(|| client(Self))
    }

    async fn counter(&self) -> Self::Counter {
        let (sender, mailbox) = unbounded_channel();
        tokio::spawn(counter(mailbox));
        sender
    }

    async fn ask(counter: &Self::Counter, amount: u64) -> u64 {
        let (reply, answer) = oneshot::channel();
        send(counter, CounterMessage::Ask(amount, reply));
        answer.await.expect(ALIVE)
    }

    async fn cast(counter: &Self::Counter, amount: u64) {
        send(counter, CounterMessage::Add(amount));
    }

    async fn node(&self, finish: Finish) -> Self::Node {
        let (sender, mailbox) = unbounded_channel();
        tokio::spawn(node(mailbox, finish));
        sender
    }

    async fn link(node: &Self::Node, next: &Self::Node) {
        send(node, NodeMessage::Link(next.clone()));
    }

    async fn token(node: &Self::Node, left: u64) {
        send(node, NodeMessage::Token(left));
    }

    async fn visits(node: &Self::Node) -> u64 {
        let (reply, answer) = oneshot::channel();
        send(node, NodeMessage::Visits(reply));
        answer.await.expect(ALIVE)
    }

    async fn idle(&self) -> Self::Idle {
        let (sender, mailbox) = unbounded_channel();
        tokio::spawn(idle(mailbox));
        sender
    }

    async fn poke(idle: &Self::Idle, amount: u64) {
        send(idle, CounterMessage::Add(amount));
    }

    /// Dropping the last sender ends the loop; the task's handle tells when it has.
    async fn spawn_and_stop(&self) {
        let (sender, mailbox) = unbounded_channel();
        let task = tokio::spawn(idle(mailbox));
        drop(sender);
        task.await.expect("the actor ended in order");
    }
}
