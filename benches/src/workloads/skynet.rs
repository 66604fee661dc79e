//! `skynet`: a tree of actors with ten children a node, each of which sums what its children
//! report, reports the sum and ends.

use greenroom_core::{Actor, ActorRef, Context, Flow, Placement, Reply, Result, System};

use crate::meter::{Extent, Meter};

/// Leaves of the tree; a power of ten.
pub(crate) const LEAVES: u64 = 1_000_000;
/// Children of a node that is no leaf.
const CHILDREN: u64 = 10;

/// A node of the tree, above so many leaves, of which the first has the number `first`.
struct Node {
    parent: Parent,
    first: u64,
    leaves: u64,
    sum: u64,
    missing: u64,
}

/// Whom a node reports to.
enum Parent {
    Node(ActorRef<Node>),
    /// The root's.
    Client(Option<Reply<u64>>),
}

impl Node {
    const fn new(parent: Parent, first: u64, leaves: u64) -> Self {
        Self { parent, first, leaves, sum: 0, missing: CHILDREN }
    }

    fn report(&mut self, sum: u64) {
        match &mut self.parent {
            Parent::Node(parent) => parent.cast(sum).expect("the parent waits for it"),
            Parent::Client(reply) => reply.take().expect("one report").send(sum),
        }
    }
}

impl Actor for Node {
    /// The sum of a child.
    type Message = u64;

    async fn started(&mut self, ctx: &Context<Self>) -> Result {
        if self.leaves == 1 {
            self.report(self.first);
            ctx.stop();
            return Ok(());
        }
        // The root's children are spread over the shards; below them everything stays on one, so
        // that few reports cross.
        let is_root = matches!(self.parent, Parent::Client(_));
        let placement = if is_root { Placement::RoundRobin } else { Placement::Here };
        let leaves = self.leaves / CHILDREN;
        let parent = ctx.myself();
        for child in 0..CHILDREN {
            let first = self.first + child * leaves;
            let spawned =
                ctx.spawn(placement, move || Self::new(Parent::Node(parent), first, leaves));
            if is_root {
                // Not awaited: the next one begins on the other shard meanwhile.
                drop(spawned);
            } else {
                // Awaited, a child runs at once, and the leaves are gone before there are many.
                spawned.await?;
            }
        }
        Ok(())
    }

    async fn handle(&mut self, sum: u64, _: &Context<Self>) -> Flow {
        self.sum += sum;
        self.missing -= 1;
        if self.missing > 0 {
            return Flow::Continue;
        }
        let sum = self.sum;
        self.report(sum);
        Flow::Stop
    }
}

/// Starts the tree, and awaits its sum as an actor does.
struct Client;

impl Actor for Client {
    /// Of so many leaves, as often as the extent says; answered with nanoseconds a tree.
    type Message = (u64, Meter, Reply<f64>);

    async fn handle(
        &mut self,
        (leaves, mut meter, reply): Self::Message,
        ctx: &Context<Self>,
    ) -> Flow {
        loop {
            let sum = tree(ctx, leaves).await;
            assert_eq!(sum, leaves * (leaves - 1) / 2, "a report was lost");
            if !meter.lap(1) {
                break;
            }
        }
        reply.send(meter.nanos_each());
        Flow::Continue
    }
}

/// Builds one tree; its sum.
async fn tree(ctx: &Context<Client>, leaves: u64) -> u64 {
    let collector = ctx.spawn(Placement::Here, || Collector).await.expect("a collector");
    let call = collector.call(|reply| (leaves, reply)).within(super::messages::FOR_EVER);
    let sum = call.await.expect("the tree reports");
    collector.stop();
    sum
}

/// Hands a request on to the root of a tree, which is thereby known to no one else.
struct Collector;

impl Actor for Collector {
    type Message = (u64, Reply<u64>);

    async fn handle(&mut self, (leaves, reply): Self::Message, ctx: &Context<Self>) -> Flow {
        let root = || Node::new(Parent::Client(Some(reply)), 0, leaves);
        ctx.spawn_here(root).expect("a root");
        Flow::Continue
    }
}

/// Nanoseconds for a tree of `leaves` leaves.
pub(crate) async fn measure(system: System, leaves: u64, extent: Extent) -> f64 {
    let client = system.spawn(Placement::Here, || Client).await.expect("a client");
    let call = client.call(|reply| (leaves, Meter::new(extent), reply));
    call.within(super::messages::FOR_EVER).await.expect("measured")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bare, mesh};

    #[test]
    fn trees_of_every_depth_add_up_on_one_shard_and_on_two() {
        for leaves in [10, 100, 1_000] {
            let one = bare::run(async move |s| measure(s, leaves, Extent::Units(3)).await);
            let two = mesh::run_two(async move |s| measure(s, leaves, Extent::Units(3)).await);
            assert!(one > 0.0 && two > 0.0, "{leaves}");
        }
    }
}
