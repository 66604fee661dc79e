//! kameo on two cores: its actors are tasks, on tokio's multi-threaded runtime.
//!
//! An actor of the tree ends when the last reference to it is dropped: a leaf's is when it has
//! started, and the last to refer to a node is the last of its children.

use super::{ALIVE, Kameo};
use crate::rivals::{OnTwoCores, run_on_two_of_tokio};
use crate::workloads::{big, skynet::TreeNode};
use kameo::actor::{Actor, ActorRef, Spawn};
use kameo::error::Infallible;
use kameo::message::{Context, Message};
use std::sync::Arc;

pub(in crate::rivals) struct Tree(TreeNode<ActorRef<Self>>);

pub(in crate::rivals) struct Peer(big::Peer<ActorRef<Self>>);

struct Report(u64);
struct Meet(Arc<[ActorRef<Peer>]>);
struct Begin(u64);
struct Ping(usize);
struct Pong;

impl Tree {
    async fn report(&self, sum: u64) {
        if let Some(parent) = self.0.parent.report(sum) {
            parent.tell(Report(sum)).send().await.expect(ALIVE);
        }
    }
}

impl Actor for Tree {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(state: Self, me: ActorRef<Self>) -> Result<Self, Self::Error> {
        if let Some(number) = state.0.leaf() {
            state.report(number).await;
        } else {
            for child in state.0.children(me) {
                Self::spawn(Self(child));
            }
        }
        Ok(state)
    }
}

impl Message<Report> for Tree {
    type Reply = ();

    async fn handle(&mut self, Report(sum): Report, _: &mut Context<Self, ()>) {
        if let Some(sum) = self.0.add(sum) {
            self.report(sum).await;
        }
    }
}

impl Actor for Peer {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(state: Self, _: ActorRef<Self>) -> Result<Self, Self::Error> {
        Ok(state)
    }
}

async fn ping(other: Option<&ActorRef<Peer>>, from: usize) {
    if let Some(other) = other {
        other.tell(Ping(from)).send().await.expect(ALIVE);
    }
}

impl Message<Meet> for Peer {
    type Reply = ();

    async fn handle(&mut self, Meet(others): Meet, _: &mut Context<Self, ()>) {
        self.0.others = others;
    }
}

impl Message<Begin> for Peer {
    type Reply = ();

    async fn handle(&mut self, Begin(pings): Begin, _: &mut Context<Self, ()>) {
        let place = self.0.place;
        ping(self.0.begin(pings), place).await;
    }
}

impl Message<Ping> for Peer {
    type Reply = ();

    async fn handle(&mut self, Ping(from): Ping, _: &mut Context<Self, ()>) {
        self.0.others[from].tell(Pong).send().await.expect(ALIVE);
    }
}

impl Message<Pong> for Peer {
    type Reply = ();

    async fn handle(&mut self, _: Pong, _: &mut Context<Self, ()>) {
        let place = self.0.place;
        ping(self.0.next(), place).await;
    }
}

impl OnTwoCores for Kameo {
    type Peer = ActorRef<Peer>;
    type Tree = ActorRef<Tree>;

    fn run_on_two<C, F>(client: C) -> F::Output
    where
        C: FnOnce(Self) -> F,
        F: Future<Output: Send> + Send + 'static,
    {
        run_on_two_of_tokio(|| client(Self))
    }

    async fn tree(&self, node: TreeNode<Self::Tree>) {
        Tree::spawn(Tree(node));
    }

    async fn peer(&self, _: usize, state: big::Peer<Self::Peer>) -> Self::Peer {
        Peer::spawn(Peer(state))
    }

    async fn meet(peer: &Self::Peer, others: Arc<[Self::Peer]>) {
        peer.tell(Meet(others)).send().await.expect(ALIVE);
    }

    async fn begin(peer: &Self::Peer, pings: u64) {
        peer.tell(Begin(pings)).send().await.expect(ALIVE);
    }
}
