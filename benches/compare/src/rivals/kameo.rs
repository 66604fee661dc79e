//! kameo.
//!
//! Its `spawn` bounds a mailbox to 64 messages, so a one-way message is `tell`, which waits for room.
//! Requests are sent with `send()`, which spares the box that awaiting the request itself makes.

mod supervision;
mod two_cores;

use super::{Rival, run_on_tokio};
use crate::probe::{Resident, STARTED};
use crate::workloads::ring::Finish;
use kameo::actor::{Actor, ActorRef, Spawn};
use kameo::error::Infallible;
use kameo::message::{Context, Message};

const ALIVE: &str = "the actor is alive";

/// The framework.
#[derive(Clone)]
pub(super) struct Kameo;

pub(super) struct Counter {
    total: u64,
}

pub(super) struct Node {
    next: Option<ActorRef<Self>>,
    visits: u64,
    finish: Finish,
}

pub(super) struct Idle(Resident);

struct Add(u64);
struct Ask(u64);
struct Link(ActorRef<Node>);
struct Token(u64);
struct Visits;

impl Actor for Counter {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(state: Self, _: ActorRef<Self>) -> Result<Self, Self::Error> {
        Ok(state)
    }
}

impl Message<Add> for Counter {
    type Reply = ();

    async fn handle(&mut self, Add(amount): Add, _: &mut Context<Self, ()>) {
        self.total += amount;
    }
}

impl Message<Ask> for Counter {
    type Reply = u64;

    async fn handle(&mut self, Ask(amount): Ask, _: &mut Context<Self, u64>) -> u64 {
        self.total += amount;
        self.total
    }
}

impl Actor for Node {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(state: Self, _: ActorRef<Self>) -> Result<Self, Self::Error> {
        Ok(state)
    }
}

impl Message<Link> for Node {
    type Reply = ();

    async fn handle(&mut self, Link(next): Link, _: &mut Context<Self, ()>) {
        self.next = Some(next);
    }
}

impl Message<Token> for Node {
    type Reply = ();

    async fn handle(&mut self, Token(left): Token, _: &mut Context<Self, ()>) {
        self.visits += 1;
        match &self.next {
            Some(next) if left > 0 => next.tell(Token(left - 1)).send().await.expect(ALIVE),
            _ => self.finish.tell(),
        }
    }
}

impl Message<Visits> for Node {
    type Reply = u64;

    async fn handle(&mut self, _: Visits, _: &mut Context<Self, u64>) -> u64 {
        self.visits
    }
}

impl Actor for Idle {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(state: Self, _: ActorRef<Self>) -> Result<Self, Self::Error> {
        STARTED.add_one();
        Ok(state)
    }
}

impl Message<Add> for Idle {
    type Reply = ();

    async fn handle(&mut self, Add(amount): Add, _: &mut Context<Self, ()>) {
        self.0.handle(amount);
    }
}

impl Rival for Kameo {
    /// Some 7 KB each.
    const IDLE_ACTORS: usize = 100_000;

    type Counter = ActorRef<Counter>;
    type Node = ActorRef<Node>;
    type Idle = ActorRef<Idle>;

    fn run<C, F>(client: C) -> F::Output
    where
        C: FnOnce(Self) -> F,
        F: Future<Output: Send> + Send + 'static,
    {
        run_on_tokio(|| client(Self))
    }

    async fn counter(&self) -> Self::Counter {
        Counter::spawn(Counter { total: 0 })
    }

    async fn ask(counter: &Self::Counter, amount: u64) -> u64 {
        counter.ask(Ask(amount)).send().await.expect(ALIVE)
    }

    async fn cast(counter: &Self::Counter, amount: u64) {
        counter.tell(Add(amount)).send().await.expect(ALIVE);
    }

    async fn node(&self, finish: Finish) -> Self::Node {
        Node::spawn(Node { next: None, visits: 0, finish })
    }

    async fn link(node: &Self::Node, next: &Self::Node) {
        node.tell(Link(next.clone())).send().await.expect(ALIVE);
    }

    async fn token(node: &Self::Node, left: u64) {
        node.tell(Token(left)).send().await.expect(ALIVE);
    }

    async fn visits(node: &Self::Node) -> u64 {
        node.ask(Visits).send().await.expect(ALIVE)
    }

    async fn idle(&self) -> Self::Idle {
        Idle::spawn(Idle(Resident::new()))
    }

    async fn poke(idle: &Self::Idle, amount: u64) {
        idle.tell(Add(amount)).send().await.expect(ALIVE);
    }

    async fn spawn_and_stop(&self) {
        let actor = self.idle().await;
        actor.stop_gracefully().await.expect(ALIVE);
        actor.wait_for_shutdown().await;
    }
}
