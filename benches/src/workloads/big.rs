//! `big`: many actors, each of which pings another one drawn at random, awaits its answer, and goes
//! on with the next.

use std::sync::Arc;

use greenroom_core::{Actor, ActorRef, Context, Flow, Placement, Reply, System};

use crate::meter::{Extent, Meter};

/// Actors on all shards together.
pub(crate) const ACTORS: usize = 200;
/// Pings of each actor between two looks at the clock.
pub(crate) const PINGS_PER_LAP: u64 = 500;

/// Pings others and answers them. What it awaits is a message too: while it waits, it answers, or
/// two that pinged each other would wait for ever.
struct Peer {
    others: Arc<[ActorRef<Self>]>,
    left: u64,
    finish: Option<ActorRef<Finish>>,
}

enum Message {
    Meet(Arc<[ActorRef<Peer>]>, Reply<()>),
    /// Ping so many, one after the other, then tell.
    Begin(u64, ActorRef<Finish>),
    Ping(ActorRef<Peer>),
    Pong,
}

impl Peer {
    /// Pings the next one, unless it is through.
    fn next(&mut self, ctx: &Context<Self>) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let other = self.others[(ctx.random() % self.others.len() as u64) as usize];
        // Each actor has one ping under way: no mailbox is likely to hold many.
        other.cast(Message::Ping(ctx.myself())).expect("room");
        true
    }
}

impl Actor for Peer {
    type Message = Message;

    async fn handle(&mut self, message: Message, ctx: &Context<Self>) -> Flow {
        let goes_on = match message {
            Message::Ping(from) => {
                from.cast(Message::Pong).expect("room");
                true
            }
            Message::Pong => self.next(ctx),
            Message::Begin(pings, finish) => {
                (self.left, self.finish) = (pings, Some(finish));
                self.next(ctx)
            }
            Message::Meet(others, done) => {
                self.others = others;
                done.send(());
                true
            }
        };
        if !goes_on {
            let finish = self.finish.take().expect("begun");
            // All of them may be through at once.
            finish.send(Lap::Done).await.expect("it counts");
        }
        Flow::Continue
    }
}

/// Counts those who are done.
pub(crate) struct Finish {
    missing: usize,
    waiting: Option<Reply<()>>,
}

pub(crate) enum Lap {
    /// Until so many are done.
    Wait(usize, Reply<()>),
    Done,
}

impl Finish {
    pub(crate) const fn new() -> Self {
        Self { missing: 0, waiting: None }
    }
}

impl Actor for Finish {
    type Message = Lap;

    async fn handle(&mut self, message: Lap, _: &Context<Self>) -> Flow {
        match message {
            Lap::Wait(actors, reply) => (self.missing, self.waiting) = (actors, Some(reply)),
            Lap::Done => {
                self.missing -= 1;
                if self.missing == 0 {
                    self.waiting.take().expect("somebody waits").send(());
                }
            }
        }
        Flow::Continue
    }
}

/// Nanoseconds a ping and its answer, over all `actors`, which are spread over the shards and ping
/// `pings` times in a lap.
pub(crate) async fn measure(system: System, actors: usize, pings: u64, extent: Extent) -> f64 {
    let mut peers = Vec::with_capacity(actors);
    for _ in 0..actors {
        let peer = || Peer { others: Arc::new([]), left: 0, finish: None };
        peers.push(system.spawn(Placement::RoundRobin, peer).await.expect("a peer"));
    }
    let peers: Arc<[_]> = peers.into();
    for peer in &*peers {
        let others = peers.clone();
        peer.call(|done| Message::Meet(others, done)).await.expect("met");
    }
    let finish = system.spawn(Placement::Here, Finish::new).await.expect("a finish");
    let mut meter = Meter::new(extent);
    loop {
        // The finish hears of this before any peer is done: its mailbox is in order.
        let over = finish.call(|reply| Lap::Wait(actors, reply)).within(super::messages::FOR_EVER);
        let mut over = std::pin::pin!(over);
        super::messages::send_first(over.as_mut()).await;
        for peer in &*peers {
            peer.send(Message::Begin(pings, finish)).await.expect("begun");
        }
        over.await.expect("all are done");
        if !meter.lap(actors as u64 * pings) {
            return meter.nanos_each();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh;

    #[test]
    fn every_ping_is_answered_between_two_shards() {
        let each = mesh::run_two(async move |s| measure(s, 20, 500, Extent::Units(20_000)).await);
        assert!(each > 0.0);
    }
}
