//! xtra, on tokio.
//!
//! It has no default mailbox; its documentation's examples use `Mailbox::unbounded()`. One way is a
//! `send` that is detached, as its documentation recommends for not waiting for the answer.
//!
//! Version 0.6.0 does not keep messages in order, though its documentation says so: the queue is a
//! binary heap that compares priorities alone, and equal ones leave it in any order. An ask would be
//! answered before messages sent ahead of it. So one-way messages go with priority 1 and asks with
//! the default 0, which puts an ask behind all of them.

mod two_cores;

use super::{Rival, run_on_tokio};
use crate::probe::{Resident, STARTED};
use crate::workloads::ring::Finish;
use xtra::prelude::{Actor, Address, Context, Handler, Mailbox};

const ALIVE: &str = "the actor is alive";

/// The framework.
#[derive(Clone)]
pub(super) struct Xtra;

pub(super) struct Counter {
    total: u64,
}

pub(super) struct Node {
    next: Option<Address<Self>>,
    visits: u64,
    finish: Finish,
}

pub(super) struct Idle(Resident);

struct Add(u64);
struct Ask(u64);
struct Link(Address<Node>);
struct Token(u64);
struct Visits;

impl Actor for Counter {
    type Stop = ();

    async fn stopped(self) {}
}

impl Handler<Add> for Counter {
    type Return = ();

    async fn handle(&mut self, Add(amount): Add, _: &mut Context<Self>) {
        self.total += amount;
    }
}

impl Handler<Ask> for Counter {
    type Return = u64;

    async fn handle(&mut self, Ask(amount): Ask, _: &mut Context<Self>) -> u64 {
        self.total += amount;
        self.total
    }
}

impl Actor for Node {
    type Stop = ();

    async fn stopped(self) {}
}

impl Handler<Link> for Node {
    type Return = ();

    async fn handle(&mut self, Link(next): Link, _: &mut Context<Self>) {
        self.next = Some(next);
    }
}

impl Handler<Token> for Node {
    type Return = ();

    async fn handle(&mut self, Token(left): Token, _: &mut Context<Self>) {
        self.visits += 1;
        match &self.next {
            Some(next) if left > 0 => tell(next, Token(left - 1)).await,
            _ => self.finish.tell(),
        }
    }
}

impl Handler<Visits> for Node {
    type Return = u64;

    async fn handle(&mut self, _: Visits, _: &mut Context<Self>) -> u64 {
        self.visits
    }
}

impl Actor for Idle {
    type Stop = ();

    async fn started(&mut self, _: &Mailbox<Self>) -> Result<(), Self::Stop> {
        STARTED.add_one();
        Ok(())
    }

    async fn stopped(self) {}
}

impl Handler<Add> for Idle {
    type Return = ();

    async fn handle(&mut self, Add(amount): Add, _: &mut Context<Self>) {
        self.0.handle(amount);
    }
}

async fn tell<A: Handler<M, Return = ()>, M: Send + 'static>(actor: &Address<A>, message: M) {
    // What is dropped is the receiver of the answer.
    drop(actor.send(message).priority(1).detach().await.expect(ALIVE));
}

impl Rival for Xtra {
    type Counter = Address<Counter>;
    type Node = Address<Node>;
    type Idle = Address<Idle>;

    fn run<C, F>(client: C) -> F::Output
    where
        C: FnOnce(Self) -> F,
        F: Future<Output: Send> + Send + 'static,
    {
        run_on_tokio(|| client(Self))
    }

    async fn counter(&self) -> Self::Counter {
        xtra::spawn_tokio(Counter { total: 0 }, Mailbox::unbounded())
    }

    async fn ask(counter: &Self::Counter, amount: u64) -> u64 {
        counter.send(Ask(amount)).await.expect(ALIVE)
    }

    async fn cast(counter: &Self::Counter, amount: u64) {
        tell(counter, Add(amount)).await;
    }

    async fn node(&self, finish: Finish) -> Self::Node {
        xtra::spawn_tokio(Node { next: None, visits: 0, finish }, Mailbox::unbounded())
    }

    async fn link(node: &Self::Node, next: &Self::Node) {
        tell(node, Link(next.clone())).await;
    }

    async fn token(node: &Self::Node, left: u64) {
        tell(node, Token(left)).await;
    }

    async fn visits(node: &Self::Node) -> u64 {
        node.send(Visits).await.expect(ALIVE)
    }

    async fn idle(&self) -> Self::Idle {
        xtra::spawn_tokio(Idle(Resident::new()), Mailbox::unbounded())
    }

    async fn poke(idle: &Self::Idle, amount: u64) {
        tell(idle, Add(amount)).await;
    }

    /// An actor stops when its last address is dropped; the task that runs it tells when it has.
    async fn spawn_and_stop(&self) {
        let (address, mailbox) = Mailbox::unbounded();
        let task = tokio::spawn(xtra::run(mailbox, Idle(Resident::new())));
        drop(address);
        task.await.expect("the actor ended in order");
    }
}
