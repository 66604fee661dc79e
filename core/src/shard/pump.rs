//! One round of a shard: what came in, a turn, what goes out. Production drivers run nothing else.

use std::cell::Cell;

use super::{Next, Shard, TurnPolicy};
use crate::actor::catch;
use crate::pid::ShardId;
use crate::runtime::{Injected, Inlet, Lane};
use crate::time::Instant;

/// Packets taken from one ring before the next is looked at, so that one peer cannot hold up the
/// rest.
const RING_BATCH: usize = 256;

/// Carries packets from its rings into a shard, and lets it have its turns.
///
/// Rings are read round robin, beginning one peer further each round; the system lanes go first.
#[derive(Debug)]
pub struct Pump<I> {
    inlet: I,
    first_peer: u16,
}

/// What a round came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pumped {
    /// When the shard wants its next turn.
    pub next: Next,
    /// Packets that came in.
    pub received: usize,
    /// Packets are left in an outbox, because a ring is full.
    pub blocked: bool,
}

impl<I: Inlet> Pump<I> {
    /// A pump over these rings.
    pub const fn new(inlet: I) -> Self {
        Self { inlet, first_peer: 0 }
    }

    /// Runs one round at `now`. The shard must be entered.
    pub fn round<P: TurnPolicy>(&mut self, shard: &Shard, now: Instant, policy: &mut P) -> Pumped {
        let received = self.receive(shard);
        let next = shard.turn(now, policy);
        if !shard.flush() {
            return Pumped { next, received, blocked: false };
        }
        // Senders that waited for room may be ready by now.
        let next = if shard.has_ready() { Next::Ready } else { next };
        Pumped { next, received, blocked: shard.is_blocked() }
    }

    /// Whether a packet waits in a ring to this shard.
    #[inline]
    pub fn pending(&self) -> bool {
        self.inlet.pending()
    }

    /// Takes in what waits in the rings.
    fn receive(&mut self, shard: &Shard) -> usize {
        if !self.inlet.pending() {
            return 0;
        }
        let (received, first) = (Cell::new(0), ShardId(self.first_peer));
        for lane in Lane::ALL {
            let mut pop = || {
                self.inlet.pop(lane, first, RING_BATCH, |from, packet| {
                    received.set(received.get() + 1);
                    packet.open(shard, from);
                });
            };
            // One net under all of them. Where it has to catch, a packet was lost to its own
            // panic, and the others are still there.
            while let Err(panic) = catch(&mut pop) {
                shard.report_drop(panic);
            }
        }
        self.first_peer = (self.first_peer + 1) % shard.shards();
        received.get()
    }
}

impl Shard {
    /// Output: moves what waits in the outboxes into the rings. Senders that waited for the room
    /// go on. Tells whether anything waited.
    #[inline]
    pub fn flush(&self) -> bool {
        let waits = !self.outboxes.is_empty();
        if waits {
            self.flush_all();
        }
        waits
    }

    fn flush_all(&self) {
        self.outboxes.flush(|waker| self.guarded("a sender's waker", || waker.wake()));
    }

    /// Whether packets are left in an outbox, or senders wait for room in one.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        !self.outboxes.is_empty()
    }

    /// Packets that wait to leave for a peer.
    #[must_use]
    pub fn outgoing(&self, peer: ShardId, lane: Lane) -> usize {
        self.outboxes.len(peer, lane)
    }

    /// Input: something from outside the shard's thread.
    pub fn inject(&self, injected: Injected) {
        match injected {
            Injected::Wake { slot, generation_low } => self.wake_task(slot, generation_low),
            Injected::Run(run) => self.guarded("injected code", || run(self)),
        }
    }
}
