//! `skynet`: a tree of actors that come, report and go.

use super::{Outcome, meter::Meter};
use crate::probe::ENDED;
use crate::rivals::OnTwoCores;
use tokio::sync::mpsc;

/// Leaves of the tree; a power of [`CHILDREN`].
const LEAVES: u64 = 1_000_000;
/// Children of a node that is no leaf.
const CHILDREN: u64 = 10;
/// Nodes of the tree, leaves included.
const NODES: u64 = 1_111_111;

/// The state of a node, whose end is counted; `R` is a reference to one.
pub(crate) struct TreeNode<R> {
    /// Whom it reports to.
    pub(crate) parent: Parent<R>,
    /// The number of the first leaf below it.
    first: u64,
    leaves: u64,
    sum: u64,
    missing: u64,
}

/// Whom a node reports to.
#[derive(Clone)]
pub(crate) enum Parent<R> {
    Node(R),
    Client(mpsc::UnboundedSender<u64>),
}

impl<R> Parent<R> {
    /// Reports to the client, or returns the node that is to be told.
    pub(crate) fn report(&self, sum: u64) -> Option<&R> {
        match self {
            Self::Node(node) => return Some(node),
            // A client that has gone has reported its own error already.
            Self::Client(client) => drop(client.send(sum)),
        }
        None
    }
}

impl<R: Clone> TreeNode<R> {
    /// The number of a leaf; `None` for a node that has children.
    pub(crate) fn leaf(&self) -> Option<u64> {
        (self.leaves == 1).then_some(self.first)
    }

    /// Whether it is the root.
    pub(crate) fn is_root(&self) -> bool {
        matches!(self.parent, Parent::Client(_))
    }

    /// The states of its children, which report to `me`.
    pub(crate) fn children(&self, me: R) -> impl Iterator<Item = Self> + use<R> {
        let (first, leaves) = (self.first, self.leaves / CHILDREN);
        (0..CHILDREN).map(move |child| {
            let parent = Parent::Node(me.clone());
            let first = first + child * leaves;
            Self { parent, first, leaves, sum: 0, missing: CHILDREN }
        })
    }

    /// Adds what a child reports. When it was the last, the sum to report; the node is to end then.
    pub(crate) fn add(&mut self, sum: u64) -> Option<u64> {
        self.sum += sum;
        self.missing -= 1;
        (self.missing == 0).then_some(self.sum)
    }
}

impl<R> Drop for TreeNode<R> {
    fn drop(&mut self) {
        ENDED.add_one();
    }
}

pub(super) async fn trees<R: OnTwoCores>(rival: R, secs: f64) -> Outcome {
    let mut meter = Meter::start(secs);
    let mut grown = 0;
    while meter.more() {
        let (client, mut report) = mpsc::unbounded_channel();
        let parent = Parent::Client(client);
        rival.tree(TreeNode { parent, first: 0, leaves: LEAVES, sum: 0, missing: CHILDREN }).await;
        let sum = report.recv().await.ok_or("the tree is gone")?;
        if sum != LEAVES * (LEAVES - 1) / 2 {
            return Err(format!("the tree's sum is {sum}"));
        }
        grown += 1;
        meter.count(1);
    }
    ENDED.wait_for(grown * NODES, "nodes are gone").await?;
    Ok(meter.ns_each() / 1e6)
}
