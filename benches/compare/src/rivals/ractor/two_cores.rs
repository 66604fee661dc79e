//! ractor on two cores: its actors are tasks, on tokio's multi-threaded runtime.
//!
//! A node spawns its children in `post_start`, which runs in its own task, and awaits each as
//! `spawn` has it. (`spawn_instant` does without the wait and starts a second task for it.)

use super::{ALIVE, Ractor};
use crate::rivals::{OnTwoCores, run_on_two_of_tokio};
use crate::workloads::{big, skynet::TreeNode};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::pin::Pin;
use std::sync::Arc;

struct Tree;
struct Peer;

type TreeRef = ActorRef<u64>;
type PeerRef = ActorRef<Message>;

pub(in crate::rivals) enum Message {
    Meet(Arc<[PeerRef]>),
    Begin(u64),
    Ping(usize),
    Pong,
}

/// Boxed, because a node's future would hold its children's, and those theirs.
fn spawn_tree(node: TreeNode<TreeRef>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let (_tree, _task) = Actor::spawn(None, Tree, node).await.expect("it starts");
    })
}

fn report(state: &TreeNode<TreeRef>, sum: u64, myself: &TreeRef) -> Result<(), ActorProcessingErr> {
    if let Some(parent) = state.parent.report(sum) {
        parent.cast(sum)?;
    }
    myself.stop(None);
    Ok(())
}

impl Actor for Tree {
    type Msg = u64;
    type State = TreeNode<TreeRef>;
    type Arguments = TreeNode<TreeRef>;

    async fn pre_start(
        &self,
        _: ActorRef<Self::Msg>,
        node: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(node)
    }

    async fn post_start(
        &self,
        myself: ActorRef<Self::Msg>,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        if let Some(number) = state.leaf() {
            return report(state, number, &myself);
        }
        for child in state.children(myself) {
            spawn_tree(child).await;
        }
        Ok(())
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        sum: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match state.add(sum) {
            Some(sum) => report(state, sum, &myself),
            None => Ok(()),
        }
    }
}

impl Actor for Peer {
    type Msg = Message;
    type State = big::Peer<PeerRef>;
    type Arguments = big::Peer<PeerRef>;

    async fn pre_start(
        &self,
        _: ActorRef<Self::Msg>,
        state: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(state)
    }

    async fn handle(
        &self,
        _: ActorRef<Self::Msg>,
        message: Self::Msg,
        state: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        let place = state.place;
        let next = match message {
            Message::Ping(from) => return Ok(state.others[from].cast(Message::Pong)?),
            Message::Meet(others) => {
                state.others = others;
                None
            }
            Message::Begin(pings) => state.begin(pings),
            Message::Pong => state.next(),
        };
        if let Some(other) = next {
            other.cast(Message::Ping(place))?;
        }
        Ok(())
    }
}

impl OnTwoCores for Ractor {
    type Peer = PeerRef;
    type Tree = TreeRef;

    fn run_on_two<C, F>(client: C) -> F::Output
    where
        C: FnOnce(Self) -> F,
        F: Future<Output: Send> + Send + 'static,
    {
        run_on_two_of_tokio(|| client(Self))
    }

    async fn tree(&self, node: TreeNode<TreeRef>) {
        spawn_tree(node).await;
    }

    async fn peer(&self, _: usize, state: big::Peer<PeerRef>) -> PeerRef {
        let (peer, _task) = Actor::spawn(None, Peer, state).await.expect("it starts");
        peer
    }

    async fn meet(peer: &PeerRef, others: Arc<[PeerRef]>) {
        peer.cast(Message::Meet(others)).expect(ALIVE);
    }

    async fn begin(peer: &PeerRef, pings: u64) {
        peer.cast(Message::Begin(pings)).expect(ALIVE);
    }
}
