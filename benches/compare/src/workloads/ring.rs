//! `ring`: a token round 1,000 actors on one core.

use super::{Outcome, meter::Meter};
use crate::rivals::Rival;
use tokio::sync::mpsc;

/// Actors in the ring.
const NODES: u64 = 1_000;
/// Hops of one token: a multiple of [`NODES`], so that all are visited equally often.
const HOPS_PER_LAP: u64 = 100 * NODES;

/// How the actor with whom a token ends tells the client.
#[derive(Clone)]
pub(crate) struct Finish(mpsc::UnboundedSender<()>);

impl Finish {
    /// One that tells whoever holds the other end.
    pub(super) const fn new(client: mpsc::UnboundedSender<()>) -> Self {
        Self(client)
    }

    /// Tells the client that its token has made all its hops.
    pub(crate) fn tell(&self) {
        // A client that has gone has reported its own error already.
        let _ = self.0.send(());
    }
}

pub(super) async fn hops<R: Rival>(rival: R, secs: f64) -> Outcome {
    let (finish, mut finished) = mpsc::unbounded_channel();
    let nodes = build(&rival, Finish::new(finish)).await?;
    let mut meter = Meter::start(secs);
    let mut hops = 0;
    while meter.more() {
        R::token(&nodes[0], HOPS_PER_LAP - 1).await;
        finished.recv().await.ok_or("the ring is gone")?;
        hops += HOPS_PER_LAP;
        meter.count(HOPS_PER_LAP);
    }
    for node in &nodes {
        check_visits(R::visits(node).await, hops / NODES)?;
    }
    Ok(meter.ns_each())
}

fn check_visits(visits: u64, expected: u64) -> Result<(), String> {
    if visits == expected {
        Ok(())
    } else {
        Err(format!("an actor had {visits} visits, expected {expected}"))
    }
}

/// Spawns and links the actors; all are ready when it returns.
async fn build<R: Rival>(rival: &R, finish: Finish) -> Result<Vec<R::Node>, String> {
    let mut nodes = Vec::with_capacity(NODES as usize);
    for _ in 0..NODES {
        nodes.push(rival.node(finish.clone()).await);
    }
    for (index, node) in nodes.iter().enumerate() {
        let next = &nodes[(index + 1) % nodes.len()];
        R::link(node, next).await;
    }
    for node in &nodes {
        check_visits(R::visits(node).await, 0)?;
    }
    Ok(nodes)
}
