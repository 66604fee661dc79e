//! One round of a shard: what came in, a turn, what goes out. Production drivers run nothing else.

use super::{Next, Shard, TurnPolicy};
use crate::pid::ShardId;
use crate::runtime::{Doorbell, Injected, Lane, Mesh};
use crate::time::Instant;

/// Packets taken from one ring before the next is looked at, so that one peer cannot hold up the
/// rest.
const RING_BATCH: usize = 256;

/// Carries packets between a shard and its rings.
///
/// Rings are read round robin, beginning one peer further each round; in each pair the system lane
/// goes first. Each outbox is published at most once a round, and its peer's bell rung at most once
/// for it.
#[derive(Debug)]
pub struct Pump<M, D> {
    mesh: M,
    doorbell: D,
    first_peer: u16,
}

/// What a round came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pumped {
    /// When the shard wants its next turn.
    pub next: Next,
    /// Packets that came in.
    pub received: usize,
    /// Packets that went out.
    pub sent: usize,
    /// Packets are left in an outbox, because a ring is full.
    pub blocked: bool,
}

impl<M: Mesh, D: Doorbell> Pump<M, D> {
    /// A pump over these rings.
    pub const fn new(mesh: M, doorbell: D) -> Self {
        Self { mesh, doorbell, first_peer: 0 }
    }

    /// Runs one round at `now`. The shard must be entered.
    pub fn round<P: TurnPolicy>(&mut self, shard: &Shard, now: Instant, policy: &mut P) -> Pumped {
        let received = self.receive(shard);
        let next = shard.turn(now, policy);
        let sent = self.send(shard);
        Pumped { next, received, sent, blocked: !shard.outboxes.is_empty() }
    }

    /// Whether a packet waits in a ring to this shard.
    pub fn pending(&self) -> bool {
        self.mesh.pending()
    }

    /// Takes in what waits in the rings.
    fn receive(&mut self, shard: &Shard) -> usize {
        let peers = shard.shards();
        if peers == 1 || !self.mesh.pending() {
            return 0;
        }
        let mut received = 0;
        for lane in Lane::ALL {
            for step in 0..peers {
                let peer = ShardId((self.first_peer + step) % peers);
                if peer != shard.id() {
                    let mut sink = |packet| shard.deliver(peer, packet);
                    received += self.mesh.pop(peer, lane, RING_BATCH, &mut sink);
                }
            }
        }
        self.first_peer = (self.first_peer + 1) % peers;
        received
    }

    /// Moves out what waits in the outboxes.
    pub fn send(&mut self, shard: &Shard) -> usize {
        let peers = shard.shards();
        if peers == 1 {
            return 0;
        }
        let mut sent = 0;
        for peer in (0..peers).map(ShardId) {
            if shard.outboxes.is_empty_to(peer) {
                continue;
            }
            let mut went = 0;
            for lane in Lane::ALL {
                went += shard.flush(peer, lane, |packets| self.mesh.push(peer, lane, packets));
            }
            if went > 0 {
                self.doorbell.ring(peer);
            }
            sent += went;
        }
        sent
    }
}

impl Shard {
    /// Output: lets `send` move packets for a peer out of the front of an outbox; it returns how
    /// many it took. Senders that waited for the room go on.
    pub fn flush(
        &self,
        peer: ShardId,
        lane: Lane,
        send: impl FnOnce(&mut std::collections::VecDeque<crate::mesh::Packet>) -> usize,
    ) -> usize {
        let (sent, waiting) = self.outboxes.flush(peer, lane, send);
        for (_, waker) in waiting {
            self.guarded("a sender's waker", || waker.wake());
        }
        sent
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
