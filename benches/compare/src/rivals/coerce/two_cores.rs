//! coerce on two cores: its actors are tasks, on tokio's multi-threaded runtime.

use super::{ALIVE, Coerce};
use crate::rivals::{OnTwoCores, run_on_two_of_tokio};
use crate::workloads::{big, skynet::TreeNode};
use async_trait::async_trait;
use coerce::actor::context::ActorContext;
use coerce::actor::message::{Handler, Message};
use coerce::actor::scheduler::ActorType;
use coerce::actor::system::ActorSystem;
use coerce::actor::{Actor, LocalActorRef};
use std::sync::Arc;

pub(in crate::rivals) struct Tree(TreeNode<LocalActorRef<Self>>);

pub(in crate::rivals) struct Peer(big::Peer<LocalActorRef<Self>>);

struct Report(u64);
struct Meet(Arc<[LocalActorRef<Peer>]>);
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
    fn report(&self, sum: u64) {
        if let Some(parent) = self.0.parent.report(sum) {
            parent.notify(Report(sum)).expect(ALIVE);
        }
    }
}

#[async_trait]
impl Actor for Tree {
    async fn started(&mut self, ctx: &mut ActorContext) {
        if let Some(number) = self.0.leaf() {
            self.report(number);
            // Through the mailbox: an actor that stops in here counts as one that failed to start.
            return ctx.actor_ref::<Self>().notify_stop().expect(ALIVE);
        }
        for child in self.0.children(ctx.actor_ref()) {
            let spawned = ctx.system().new_actor("node", Self(child), ActorType::Anonymous);
            spawned.await.expect("it starts");
        }
    }
}

#[async_trait]
impl Handler<Report> for Tree {
    async fn handle(&mut self, Report(sum): Report, ctx: &mut ActorContext) {
        if let Some(sum) = self.0.add(sum) {
            self.report(sum);
            ctx.stop(None);
        }
    }
}

impl Actor for Peer {}

fn ping(other: Option<&LocalActorRef<Peer>>, from: usize) {
    if let Some(other) = other {
        other.notify(Ping(from)).expect(ALIVE);
    }
}

#[async_trait]
impl Handler<Meet> for Peer {
    async fn handle(&mut self, Meet(others): Meet, _: &mut ActorContext) {
        self.0.others = others;
    }
}

#[async_trait]
impl Handler<Begin> for Peer {
    async fn handle(&mut self, Begin(pings): Begin, _: &mut ActorContext) {
        let place = self.0.place;
        ping(self.0.begin(pings), place);
    }
}

#[async_trait]
impl Handler<Ping> for Peer {
    async fn handle(&mut self, Ping(from): Ping, _: &mut ActorContext) {
        self.0.others[from].notify(Pong).expect(ALIVE);
    }
}

#[async_trait]
impl Handler<Pong> for Peer {
    async fn handle(&mut self, _: Pong, _: &mut ActorContext) {
        let place = self.0.place;
        ping(self.0.next(), place);
    }
}

impl OnTwoCores for Coerce {
    type Peer = LocalActorRef<Peer>;
    type Tree = LocalActorRef<Tree>;

    fn run_on_two<C, F>(client: C) -> F::Output
    where
        C: FnOnce(Self) -> F,
        F: Future<Output: Send> + Send + 'static,
    {
        run_on_two_of_tokio(|| client(Self { system: ActorSystem::new() }))
    }

    async fn tree(&self, node: TreeNode<Self::Tree>) {
        self.spawn(Tree(node)).await;
    }

    async fn peer(&self, _: usize, state: big::Peer<Self::Peer>) -> Self::Peer {
        self.spawn(Peer(state)).await
    }

    async fn meet(peer: &Self::Peer, others: Arc<[Self::Peer]>) {
        peer.notify(Meet(others)).expect(ALIVE);
    }

    async fn begin(peer: &Self::Peer, pings: u64) {
        peer.notify(Begin(pings)).expect(ALIVE);
    }
}
