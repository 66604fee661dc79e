//! actix.
//!
//! A mailbox takes 16 messages by default. One way is `do_send`, its fastest verb, which passes by
//! that bound; an ask is `send`, which waits for room. Actors and the client are tasks of the local
//! set of an actix `System`, one system per thread.

mod supervision;
mod two_cores;

use super::Rival;
use crate::probe::{Resident, STARTED};
use crate::workloads::ring::Finish;
use actix::{Actor, Addr, Context, Handler, Message, System};
use tokio::sync::oneshot;

const ALIVE: &str = "the actor is alive";

/// The framework.
#[derive(Clone)]
pub(super) struct Actix;

pub(super) struct Counter {
    total: u64,
}

pub(super) struct Node {
    next: Option<Addr<Self>>,
    visits: u64,
    finish: Finish,
}

pub(super) struct Idle {
    resident: Resident,
    /// Dropped with the actor, which is how others learn that it is gone: actix has no join.
    _gone: Option<oneshot::Sender<()>>,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Add(u64);

#[derive(Message)]
#[rtype(result = "u64")]
struct Ask(u64);

#[derive(Message)]
#[rtype(result = "()")]
struct Link(Addr<Node>);

#[derive(Message)]
#[rtype(result = "()")]
struct Token(u64);

#[derive(Message)]
#[rtype(result = "u64")]
struct Visits;

impl Actor for Counter {
    type Context = Context<Self>;
}

impl Handler<Add> for Counter {
    type Result = ();

    fn handle(&mut self, Add(amount): Add, _: &mut Self::Context) {
        self.total += amount;
    }
}

impl Handler<Ask> for Counter {
    type Result = u64;

    fn handle(&mut self, Ask(amount): Ask, _: &mut Self::Context) -> u64 {
        self.total += amount;
        self.total
    }
}

impl Actor for Node {
    type Context = Context<Self>;
}

impl Handler<Link> for Node {
    type Result = ();

    fn handle(&mut self, Link(next): Link, _: &mut Self::Context) {
        self.next = Some(next);
    }
}

impl Handler<Token> for Node {
    type Result = ();

    fn handle(&mut self, Token(left): Token, _: &mut Self::Context) {
        self.visits += 1;
        match &self.next {
            Some(next) if left > 0 => next.do_send(Token(left - 1)),
            _ => self.finish.tell(),
        }
    }
}

impl Handler<Visits> for Node {
    type Result = u64;

    fn handle(&mut self, _: Visits, _: &mut Self::Context) -> u64 {
        self.visits
    }
}

impl Actor for Idle {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        STARTED.add_one();
    }
}

impl Handler<Add> for Idle {
    type Result = ();

    fn handle(&mut self, Add(amount): Add, _: &mut Self::Context) {
        self.resident.handle(amount);
    }
}

impl Rival for Actix {
    type Counter = Addr<Counter>;
    type Node = Addr<Node>;
    type Idle = Addr<Idle>;

    fn run<C, F>(client: C) -> F::Output
    where
        C: FnOnce(Self) -> F,
        F: Future<Output: Send> + Send + 'static,
    {
        let client = client(Self);
        System::new()
            .block_on(async move { actix::spawn(client).await.expect("the client did not panic") })
    }

    async fn counter(&self) -> Self::Counter {
        Counter { total: 0 }.start()
    }

    async fn ask(counter: &Self::Counter, amount: u64) -> u64 {
        counter.send(Ask(amount)).await.expect(ALIVE)
    }

    async fn cast(counter: &Self::Counter, amount: u64) {
        counter.do_send(Add(amount));
    }

    async fn node(&self, finish: Finish) -> Self::Node {
        Node { next: None, visits: 0, finish }.start()
    }

    async fn link(node: &Self::Node, next: &Self::Node) {
        node.do_send(Link(next.clone()));
    }

    async fn token(node: &Self::Node, left: u64) {
        node.do_send(Token(left));
    }

    async fn visits(node: &Self::Node) -> u64 {
        node.send(Visits).await.expect(ALIVE)
    }

    async fn idle(&self) -> Self::Idle {
        Idle { resident: Resident::new(), _gone: None }.start()
    }

    async fn poke(idle: &Self::Idle, amount: u64) {
        idle.do_send(Add(amount));
    }

    /// An actor stops when its last address is dropped.
    async fn spawn_and_stop(&self) {
        let (gone, is_gone) = oneshot::channel();
        drop(Idle { resident: Resident::new(), _gone: Some(gone) }.start());
        // The answer is that the sender was dropped, which is what we wait for.
        let _ = is_gone.await;
    }
}
