//! spawned on two cores: its actors are tasks, on tokio's multi-threaded runtime.

use super::{ALIVE, Spawned};
use crate::rivals::{OnTwoCores, run_on_two_of_tokio};
use crate::workloads::{big, skynet::TreeNode};
use spawned_concurrency::message::Message;
use spawned_concurrency::tasks::{Actor, ActorRef, ActorStart, Context, Handler};
use std::sync::Arc;

pub(in crate::rivals) struct Tree(TreeNode<ActorRef<Self>>);

pub(in crate::rivals) struct Peer(big::Peer<ActorRef<Self>>);

struct Report(u64);
struct Meet(Arc<[ActorRef<Peer>]>);
struct Begin(u64);
struct Ping(usize);
struct Pong;

macro_rules! one_way {
    ($($message:ty),*) => {
        $(impl Message for $message {
            type Result = ();
        })*
    };
}
one_way!(Report, Meet, Begin, Ping, Pong);

impl Tree {
    fn report(&self, sum: u64, ctx: &Context<Self>) {
        if let Some(parent) = self.0.parent.report(sum) {
            parent.send(Report(sum)).expect(ALIVE);
        }
        ctx.stop();
    }
}

impl Actor for Tree {
    async fn started(&mut self, ctx: &Context<Self>) {
        if let Some(number) = self.0.leaf() {
            self.report(number, ctx);
        } else {
            for child in self.0.children(ctx.actor_ref()) {
                Self(child).start();
            }
        }
    }
}

impl Handler<Report> for Tree {
    async fn handle(&mut self, Report(sum): Report, ctx: &Context<Self>) {
        if let Some(sum) = self.0.add(sum) {
            self.report(sum, ctx);
        }
    }
}

impl Actor for Peer {}

fn ping(other: Option<&ActorRef<Peer>>, from: usize) {
    if let Some(other) = other {
        other.send(Ping(from)).expect(ALIVE);
    }
}

impl Handler<Meet> for Peer {
    async fn handle(&mut self, Meet(others): Meet, _: &Context<Self>) {
        self.0.others = others;
    }
}

impl Handler<Begin> for Peer {
    async fn handle(&mut self, Begin(pings): Begin, _: &Context<Self>) {
        let place = self.0.place;
        ping(self.0.begin(pings), place);
    }
}

impl Handler<Ping> for Peer {
    async fn handle(&mut self, Ping(from): Ping, _: &Context<Self>) {
        self.0.others[from].send(Pong).expect(ALIVE);
    }
}

impl Handler<Pong> for Peer {
    async fn handle(&mut self, _: Pong, _: &Context<Self>) {
        let place = self.0.place;
        ping(self.0.next(), place);
    }
}

impl OnTwoCores for Spawned {
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
        Tree(node).start();
    }

    async fn peer(&self, _: usize, state: big::Peer<Self::Peer>) -> Self::Peer {
        Peer(state).start()
    }

    async fn meet(peer: &Self::Peer, others: Arc<[Self::Peer]>) {
        peer.send(Meet(others)).expect(ALIVE);
    }

    async fn begin(peer: &Self::Peer, pings: u64) {
        peer.send(Begin(pings)).expect(ALIVE);
    }
}
