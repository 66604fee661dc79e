//! coerce.
//!
//! Its mailboxes are unbounded. An ask is `send`, one way is `notify`. Actors are anonymous and share
//! a name, as in its own benches: that spares registering them, and drawing a random name for each.

mod supervision;
mod two_cores;

use super::{Rival, run_on_tokio};
use crate::probe::{Resident, STARTED};
use crate::workloads::ring::Finish;
use async_trait::async_trait;
use coerce::actor::context::ActorContext;
use coerce::actor::message::{Handler, Message};
use coerce::actor::scheduler::ActorType;
use coerce::actor::system::ActorSystem;
use coerce::actor::{Actor, LocalActorRef};

const ALIVE: &str = "the actor is alive";

/// The framework: actors are spawned in a system.
#[derive(Clone)]
pub(super) struct Coerce {
    system: ActorSystem,
}

pub(super) struct Counter {
    total: u64,
}

pub(super) struct Node {
    next: Option<LocalActorRef<Self>>,
    visits: u64,
    finish: Finish,
}

pub(super) struct Idle(Resident);

struct Add(u64);
struct Ask(u64);
struct Link(LocalActorRef<Node>);
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

#[async_trait]
impl Handler<Add> for Counter {
    async fn handle(&mut self, Add(amount): Add, _: &mut ActorContext) {
        self.total += amount;
    }
}

#[async_trait]
impl Handler<Ask> for Counter {
    async fn handle(&mut self, Ask(amount): Ask, _: &mut ActorContext) -> u64 {
        self.total += amount;
        self.total
    }
}

impl Actor for Node {}

#[async_trait]
impl Handler<Link> for Node {
    async fn handle(&mut self, Link(next): Link, _: &mut ActorContext) {
        self.next = Some(next);
    }
}

#[async_trait]
impl Handler<Token> for Node {
    async fn handle(&mut self, Token(left): Token, _: &mut ActorContext) {
        self.visits += 1;
        match &self.next {
            Some(next) if left > 0 => next.notify(Token(left - 1)).expect(ALIVE),
            _ => self.finish.tell(),
        }
    }
}

#[async_trait]
impl Handler<Visits> for Node {
    async fn handle(&mut self, _: Visits, _: &mut ActorContext) -> u64 {
        self.visits
    }
}

#[async_trait]
impl Actor for Idle {
    async fn started(&mut self, _: &mut ActorContext) {
        STARTED.add_one();
    }
}

#[async_trait]
impl Handler<Add> for Idle {
    async fn handle(&mut self, Add(amount): Add, _: &mut ActorContext) {
        self.0.handle(amount);
    }
}

impl Coerce {
    async fn spawn<A: Actor>(&self, actor: A) -> LocalActorRef<A> {
        self.system.new_actor("actor", actor, ActorType::Anonymous).await.expect("it starts")
    }
}

impl Rival for Coerce {
    type Counter = LocalActorRef<Counter>;
    type Node = LocalActorRef<Node>;
    type Idle = LocalActorRef<Idle>;

    fn run<C, F>(client: C) -> F::Output
    where
        C: FnOnce(Self) -> F,
        F: Future<Output: Send> + Send + 'static,
    {
        run_on_tokio(|| client(Self { system: ActorSystem::new() }))
    }

    async fn counter(&self) -> Self::Counter {
        self.spawn(Counter { total: 0 }).await
    }

    async fn ask(counter: &Self::Counter, amount: u64) -> u64 {
        counter.send(Ask(amount)).await.expect(ALIVE)
    }

    async fn cast(counter: &Self::Counter, amount: u64) {
        counter.notify(Add(amount)).expect(ALIVE);
    }

    async fn node(&self, finish: Finish) -> Self::Node {
        self.spawn(Node { next: None, visits: 0, finish }).await
    }

    async fn link(node: &Self::Node, next: &Self::Node) {
        node.notify(Link(next.clone())).expect(ALIVE);
    }

    async fn token(node: &Self::Node, left: u64) {
        node.notify(Token(left)).expect(ALIVE);
    }

    async fn visits(node: &Self::Node) -> u64 {
        node.send(Visits).await.expect(ALIVE)
    }

    async fn idle(&self) -> Self::Idle {
        self.spawn(Idle(Resident::new())).await
    }

    async fn poke(idle: &Self::Idle, amount: u64) {
        idle.notify(Add(amount)).expect(ALIVE);
    }

    async fn spawn_and_stop(&self) {
        let actor = self.idle().await;
        actor.stop().await.expect(ALIVE);
    }
}
