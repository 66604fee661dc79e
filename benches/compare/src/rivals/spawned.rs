//! spawned-concurrency, in its `tasks` mode.
//!
//! Its mailboxes are unbounded. An ask is `request`, the verb its guide uses, with the default time
//! limit of 5 s; messages go to `Handler`s directly, which costs one box less than the `#[protocol]`
//! methods. The runtime is ours rather than `spawned_rt::tasks::run`, which starts a multi-threaded
//! one and installs a log subscriber that every message would pay for.

mod two_cores;

use super::{Rival, run_on_tokio};
use crate::probe::{Resident, STARTED};
use crate::workloads::ring::Finish;
use spawned_concurrency::message::Message;
use spawned_concurrency::tasks::{Actor, ActorRef, ActorStart, Context, Handler};

const ALIVE: &str = "the actor is alive";

/// The framework.
#[derive(Clone)]
pub(super) struct Spawned;

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

macro_rules! messages {
    ($($message:ty => $result:ty),*) => {
        $(impl Message for $message {
            type Result = $result;
        })*
    };
}
messages!(Add => (), Ask => u64, Link => (), Token => (), Visits => u64);

impl Actor for Counter {}

impl Handler<Add> for Counter {
    async fn handle(&mut self, Add(amount): Add, _: &Context<Self>) {
        self.total += amount;
    }
}

impl Handler<Ask> for Counter {
    async fn handle(&mut self, Ask(amount): Ask, _: &Context<Self>) -> u64 {
        self.total += amount;
        self.total
    }
}

impl Actor for Node {}

impl Handler<Link> for Node {
    async fn handle(&mut self, Link(next): Link, _: &Context<Self>) {
        self.next = Some(next);
    }
}

impl Handler<Token> for Node {
    async fn handle(&mut self, Token(left): Token, _: &Context<Self>) {
        self.visits += 1;
        match &self.next {
            Some(next) if left > 0 => next.send(Token(left - 1)).expect(ALIVE),
            _ => self.finish.tell(),
        }
    }
}

impl Handler<Visits> for Node {
    async fn handle(&mut self, _: Visits, _: &Context<Self>) -> u64 {
        self.visits
    }
}

impl Actor for Idle {
    async fn started(&mut self, _: &Context<Self>) {
        STARTED.add_one();
    }
}

impl Handler<Add> for Idle {
    async fn handle(&mut self, Add(amount): Add, _: &Context<Self>) {
        self.0.handle(amount);
    }
}

impl Rival for Spawned {
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
        Counter { total: 0 }.start()
    }

    async fn ask(counter: &Self::Counter, amount: u64) -> u64 {
        counter.request(Ask(amount)).await.expect(ALIVE)
    }

    async fn cast(counter: &Self::Counter, amount: u64) {
        counter.send(Add(amount)).expect(ALIVE);
    }

    async fn node(&self, finish: Finish) -> Self::Node {
        Node { next: None, visits: 0, finish }.start()
    }

    async fn link(node: &Self::Node, next: &Self::Node) {
        node.send(Link(next.clone())).expect(ALIVE);
    }

    async fn token(node: &Self::Node, left: u64) {
        node.send(Token(left)).expect(ALIVE);
    }

    async fn visits(node: &Self::Node) -> u64 {
        node.request(Visits).await.expect(ALIVE)
    }

    async fn idle(&self) -> Self::Idle {
        Idle(Resident::new()).start()
    }

    async fn poke(idle: &Self::Idle, amount: u64) {
        idle.send(Add(amount)).expect(ALIVE);
    }

    /// Only a context can stop an actor; a reference hands one out.
    async fn spawn_and_stop(&self) {
        let actor = self.idle().await;
        actor.context().stop();
        actor.join().await;
    }
}
