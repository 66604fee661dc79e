//! `big`: actors that ping one another at random.

use super::{Outcome, meter::Meter, ring::Finish};
use crate::rivals::OnTwoCores;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Actors.
const ACTORS: usize = 200;
/// Pings of each between two looks at the clock.
const PINGS_PER_LAP: u64 = 500;

/// The state of an actor; `R` is a reference to one.
///
/// It answers pings while it awaits the answer to its own, or two that pinged each other would wait
/// for ever: so the answer is a message like any other.
pub(crate) struct Peer<R> {
    /// All of them; a ping names its sender by the place in here.
    pub(crate) others: Arc<[R]>,
    /// Its own place.
    pub(crate) place: usize,
    left: u64,
    random: u64,
    finish: Finish,
}

impl<R> Peer<R> {
    fn new(place: usize, finish: Finish) -> Self {
        let random = (place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self { others: Arc::new([]), place, left: 0, random, finish }
    }

    /// Sets out to ping so many.
    pub(crate) fn begin(&mut self, pings: u64) -> Option<&R> {
        self.left = pings;
        self.next()
    }

    /// Whom to ping next. When it is through, it tells the client instead.
    pub(crate) fn next(&mut self) -> Option<&R> {
        if self.left == 0 {
            self.finish.tell();
            return None;
        }
        self.left -= 1;
        // Marsaglia's xorshift.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        Some(&self.others[(self.random % self.others.len() as u64) as usize])
    }
}

pub(super) async fn pings<R: OnTwoCores>(rival: R, secs: f64) -> Outcome {
    let (finish, mut finished) = mpsc::unbounded_channel();
    let finish = Finish::new(finish);
    let mut peers = Vec::with_capacity(ACTORS);
    for place in 0..ACTORS {
        peers.push(rival.peer(place % 2, Peer::new(place, finish.clone())).await);
    }
    let peers: Arc<[_]> = peers.into();
    for peer in &*peers {
        R::meet(peer, peers.clone()).await;
    }
    let mut meter = Meter::start(secs);
    while meter.more() {
        for peer in &*peers {
            R::begin(peer, PINGS_PER_LAP).await;
        }
        for _ in 0..ACTORS {
            finished.recv().await.ok_or("the actors are gone")?;
        }
        meter.count(ACTORS as u64 * PINGS_PER_LAP);
    }
    Ok(meter.millions_per_second())
}
