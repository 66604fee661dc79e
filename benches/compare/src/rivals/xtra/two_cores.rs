//! xtra on two cores: its actors are tasks, on tokio's multi-threaded runtime.
//!
//! An actor of the tree ends when the last address of it is dropped: a leaf's is when it has
//! started, and the last to hold a node's is the last of its children.

use super::{Xtra, tell};
use crate::rivals::{OnTwoCores, run_on_two_of_tokio};
use crate::workloads::{big, skynet::TreeNode};
use std::sync::Arc;
use xtra::prelude::{Actor, Address, Context, Handler, Mailbox};

pub(in crate::rivals) struct Tree {
    node: TreeNode<Address<Self>>,
    /// Its own address, until it has started.
    me: Option<Address<Self>>,
}

pub(in crate::rivals) struct Peer(big::Peer<Address<Self>>);

struct Report(u64);
struct Meet(Arc<[Address<Peer>]>);
struct Begin(u64);
struct Ping(usize);
struct Pong;

impl Tree {
    fn spawn(node: TreeNode<Address<Self>>) {
        let (address, mailbox) = Mailbox::unbounded();
        tokio::spawn(xtra::run(mailbox, Self { node, me: Some(address) }));
    }

    async fn report(&self, sum: u64) {
        if let Some(parent) = self.node.parent.report(sum) {
            tell(parent, Report(sum)).await;
        }
    }
}

impl Actor for Tree {
    type Stop = ();

    async fn started(&mut self, _: &Mailbox<Self>) -> Result<(), Self::Stop> {
        let Some(me) = self.me.take() else { return Err(()) };
        if let Some(number) = self.node.leaf() {
            self.report(number).await;
        } else {
            self.node.children(me).for_each(Self::spawn);
        }
        Ok(())
    }

    async fn stopped(self) {}
}

impl Handler<Report> for Tree {
    type Return = ();

    async fn handle(&mut self, Report(sum): Report, _: &mut Context<Self>) {
        if let Some(sum) = self.node.add(sum) {
            self.report(sum).await;
        }
    }
}

impl Actor for Peer {
    type Stop = ();

    async fn stopped(self) {}
}

async fn ping(other: Option<&Address<Peer>>, from: usize) {
    if let Some(other) = other {
        tell(other, Ping(from)).await;
    }
}

impl Handler<Meet> for Peer {
    type Return = ();

    async fn handle(&mut self, Meet(others): Meet, _: &mut Context<Self>) {
        self.0.others = others;
    }
}

impl Handler<Begin> for Peer {
    type Return = ();

    async fn handle(&mut self, Begin(pings): Begin, _: &mut Context<Self>) {
        let place = self.0.place;
        ping(self.0.begin(pings), place).await;
    }
}

impl Handler<Ping> for Peer {
    type Return = ();

    async fn handle(&mut self, Ping(from): Ping, _: &mut Context<Self>) {
        tell(&self.0.others[from], Pong).await;
    }
}

impl Handler<Pong> for Peer {
    type Return = ();

    async fn handle(&mut self, _: Pong, _: &mut Context<Self>) {
        let place = self.0.place;
        ping(self.0.next(), place).await;
    }
}

impl OnTwoCores for Xtra {
    type Peer = Address<Peer>;
    type Tree = Address<Tree>;

    fn run_on_two<C, F>(client: C) -> F::Output
    where
        C: FnOnce(Self) -> F,
        F: Future<Output: Send> + Send + 'static,
    {
        run_on_two_of_tokio(|| client(Self))
    }

    async fn tree(&self, node: TreeNode<Self::Tree>) {
        Tree::spawn(node);
    }

    async fn peer(&self, _: usize, state: big::Peer<Self::Peer>) -> Self::Peer {
        xtra::spawn_tokio(Peer(state), Mailbox::unbounded())
    }

    /// Before anything of a lower priority: xtra keeps no order within one.
    async fn meet(peer: &Self::Peer, others: Arc<[Self::Peer]>) {
        drop(peer.send(Meet(others)).priority(2).detach().await.expect(super::ALIVE));
    }

    async fn begin(peer: &Self::Peer, pings: u64) {
        tell(peer, Begin(pings)).await;
    }
}
