//! By hand on two cores: tasks and channels as on one, on tokio's multi-threaded runtime.

use super::{ByHand, send};
use crate::rivals::{OnTwoCores, run_on_two_of_tokio};
use crate::workloads::{big, skynet::TreeNode};
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

type Tree = UnboundedSender<u64>;
type Peer = UnboundedSender<Message>;

pub(in crate::rivals) enum Message {
    Meet(Arc<[Peer]>),
    Begin(u64),
    Ping(usize),
    Pong,
}

fn spawn_tree(state: TreeNode<Tree>) {
    let (sender, mailbox) = unbounded_channel();
    tokio::spawn(tree(state, sender, mailbox));
}

async fn tree(mut state: TreeNode<Tree>, me: Tree, mut mailbox: UnboundedReceiver<u64>) {
    let mut sum = state.leaf();
    if sum.is_none() {
        state.children(me).for_each(spawn_tree);
    }
    while sum.is_none() {
        let Some(report) = mailbox.recv().await else { return };
        sum = state.add(report);
    }
    let sum = sum.unwrap_or_default();
    if let Some(parent) = state.parent.report(sum) {
        send(parent, sum);
    }
}

async fn peer(mut state: big::Peer<Peer>, mut mailbox: UnboundedReceiver<Message>) {
    while let Some(message) = mailbox.recv().await {
        let place = state.place;
        let next = match message {
            Message::Ping(from) => {
                send(&state.others[from], Message::Pong);
                continue;
            }
            Message::Meet(others) => {
                state.others = others;
                continue;
            }
            Message::Begin(pings) => state.begin(pings),
            Message::Pong => state.next(),
        };
        if let Some(other) = next {
            send(other, Message::Ping(place));
        }
    }
}

impl OnTwoCores for ByHand {
    type Peer = Peer;
    type Tree = Tree;

    fn run_on_two<C, F>(client: C) -> F::Output
    where
        C: FnOnce(Self) -> F,
        F: Future<Output: Send> + Send + 'static,
    {
        run_on_two_of_tokio(|| client(Self))
    }

    async fn tree(&self, node: TreeNode<Tree>) {
        spawn_tree(node);
    }

    async fn peer(&self, _: usize, state: big::Peer<Peer>) -> Peer {
        let (sender, mailbox) = unbounded_channel();
        tokio::spawn(peer(state, mailbox));
        sender
    }

    async fn meet(peer: &Peer, others: Arc<[Peer]>) {
        send(peer, Message::Meet(others));
    }

    async fn begin(peer: &Peer, pings: u64) {
        send(peer, Message::Begin(pings));
    }
}
