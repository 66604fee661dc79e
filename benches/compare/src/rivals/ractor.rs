//! ractor, without `async-trait` (its default, and the faster one).
//!
//! Its mailboxes are unbounded. An ask is `call` without a time limit, one way is `cast`.

mod supervision;
mod two_cores;

use super::{Rival, run_on_tokio};
use crate::probe::{Resident, STARTED};
use crate::workloads::ring::Finish;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};

const ALIVE: &str = "the actor is alive";

/// The framework.
#[derive(Clone)]
pub(super) struct Ractor;

struct Counter;
struct Node;
struct Idle;

pub(super) enum CounterMessage {
    Add(u64),
    Ask(u64, RpcReplyPort<u64>),
}

pub(super) enum NodeMessage {
    Link(ActorRef<Self>),
    Token(u64),
    Visits(RpcReplyPort<u64>),
}

struct NodeState {
    next: Option<ActorRef<NodeMessage>>,
    visits: u64,
    finish: Finish,
}

impl Actor for Counter {
    type Msg = CounterMessage;
    type State = u64;
    type Arguments = ();

    async fn pre_start(
        &self,
        _: ActorRef<Self::Msg>,
        (): Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(0)
    }

    async fn handle(
        &self,
        _: ActorRef<Self::Msg>,
        message: Self::Msg,
        total: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            CounterMessage::Add(amount) => *total += amount,
            CounterMessage::Ask(amount, reply) => {
                *total += amount;
                reply.send(*total)?;
            }
        }
        Ok(())
    }
}

impl Actor for Node {
    type Msg = NodeMessage;
    type State = NodeState;
    type Arguments = Finish;

    async fn pre_start(
        &self,
        _: ActorRef<Self::Msg>,
        finish: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(NodeState { next: None, visits: 0, finish })
    }

    async fn handle(
        &self,
        _: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            NodeMessage::Link(next) => state.next = Some(next),
            NodeMessage::Token(left) => {
                state.visits += 1;
                match &state.next {
                    Some(next) if left > 0 => next.cast(NodeMessage::Token(left - 1))?,
                    _ => state.finish.tell(),
                }
            }
            NodeMessage::Visits(reply) => reply.send(state.visits)?,
        }
        Ok(())
    }
}

impl Actor for Idle {
    type Msg = u64;
    type State = Resident;
    type Arguments = ();

    async fn pre_start(
        &self,
        _: ActorRef<Self::Msg>,
        (): Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        STARTED.add_one();
        Ok(Resident::new())
    }

    async fn handle(
        &self,
        _: ActorRef<Self::Msg>,
        amount: Self::Msg,
        resident: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        resident.handle(amount);
        Ok(())
    }
}

impl Rival for Ractor {
    /// Some 8 KB each.
    const IDLE_ACTORS: usize = 100_000;

    type Counter = ActorRef<CounterMessage>;
    type Node = ActorRef<NodeMessage>;
    type Idle = ActorRef<u64>;

    fn run<C, F>(client: C) -> F::Output
    where
        C: FnOnce(Self) -> F,
        F: Future<Output: Send> + Send + 'static,
    {
        run_on_tokio(|| client(Self))
    }

    async fn counter(&self) -> Self::Counter {
        let (counter, _task) = Actor::spawn(None, Counter, ()).await.expect("it starts");
        counter
    }

    async fn ask(counter: &Self::Counter, amount: u64) -> u64 {
        let answer = counter.call(|reply| CounterMessage::Ask(amount, reply), None);
        answer.await.expect(ALIVE).expect(ALIVE)
    }

    async fn cast(counter: &Self::Counter, amount: u64) {
        counter.cast(CounterMessage::Add(amount)).expect(ALIVE);
    }

    async fn node(&self, finish: Finish) -> Self::Node {
        let (node, _task) = Actor::spawn(None, Node, finish).await.expect("it starts");
        node
    }

    async fn link(node: &Self::Node, next: &Self::Node) {
        node.cast(NodeMessage::Link(next.clone())).expect(ALIVE);
    }

    async fn token(node: &Self::Node, left: u64) {
        node.cast(NodeMessage::Token(left)).expect(ALIVE);
    }

    async fn visits(node: &Self::Node) -> u64 {
        node.call(NodeMessage::Visits, None).await.expect(ALIVE).expect(ALIVE)
    }

    async fn idle(&self) -> Self::Idle {
        let (idle, _task) = Actor::spawn(None, Idle, ()).await.expect("it starts");
        idle
    }

    async fn poke(idle: &Self::Idle, amount: u64) {
        idle.cast(amount).expect(ALIVE);
    }

    async fn spawn_and_stop(&self) {
        let (idle, task) = Actor::spawn(None, Idle, ()).await.expect("it starts");
        idle.stop(None);
        task.await.expect("the actor ended in order");
    }
}
