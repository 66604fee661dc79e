//! The rings and doorbells of a whole system: every shard to every other.
//!
//! # Two lanes
//!
//! A directed pair of shards has two rings. Messages of users take the [`user`](Outgoing::user)
//! lane. Replies, credits and signals take the [`system`](Outgoing::system) lane, because they are
//! what makes room again: behind messages, in one ring that is full in both directions, they would
//! wait for room that only they can make. (Seastar calls the same thing a service group per
//! direction of a dependency.) Within a lane the order of a pair is kept; between the lanes there
//! is none, except that [`Outgoing::flush`] publishes the system lane first.
//!
//! # How deep
//!
//! A ring is transport, not policy: mailboxes and outboxes bound what may be on its way, a ring
//! only has to cover what one shard sends while the other is busy with a turn. So the depth is
//! derived from memory: see [`Depth::derive`].

use std::fmt;

use super::{
    batch::Batch,
    doorbell::{Bell, Doorbell, Sleeper},
    ring::{Consumer, Producer, ring},
    slot::slot_bytes,
};

/// What the inbound user rings of one shard may take, in bytes, until [`USER_DEPTH_MIN`] forbids
/// less.
const USER_BYTES_MAX: usize = 4 << 20;
/// More slots than this only add cache misses: what they hold is late by then.
const USER_DEPTH_MAX: usize = 4096;
/// Fewer slots than this make each flush a partial one.
const USER_DEPTH_MIN: usize = 16;
/// A system lane carries a part of what a user lane does: a message of either lane causes at most
/// one reply, and credits and signals are coalesced.
const SYSTEM_PART: usize = 4;
/// The same bound for system lanes as for user lanes.
const SYSTEM_DEPTH_MIN: usize = USER_DEPTH_MIN;

const _: () = {
    assert!(USER_DEPTH_MIN.is_power_of_two() && USER_DEPTH_MAX.is_power_of_two());
    assert!(SYSTEM_PART.is_power_of_two() && SYSTEM_DEPTH_MIN.is_power_of_two());
};

/// Slots of the rings of one directed pair, each a power of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// Slots of the system lane: a quarter of the user lane's, at least 16.
    pub system: usize,
    /// Slots of the user lane: 16 to 4096.
    pub user: usize,
}

impl Depth {
    /// The depth of every ring in a grid of `shards` shards that carries `T`.
    ///
    /// The user rings *into* one shard take at most 4 MiB together, rounded down to a power of two
    /// of slots, of which a slot takes 64 bytes for each begun 64 bytes of `T`. The bounds of 16
    /// and 4096 slots a ring go before that: with slots of 64 bytes the upper one binds up to 17
    /// shards, and the lower one beyond 4097.
    #[must_use]
    pub const fn derive<T>(shards: usize) -> Self {
        let peers = if shards > 1 { shards - 1 } else { 1 };
        let slots = USER_BYTES_MAX / slot_bytes::<T>() / peers;
        let user = if slots >= USER_DEPTH_MAX {
            USER_DEPTH_MAX
        } else if slots <= USER_DEPTH_MIN {
            USER_DEPTH_MIN
        } else {
            1 << slots.ilog2()
        };
        let part = user / SYSTEM_PART;
        Self { system: if part < SYSTEM_DEPTH_MIN { SYSTEM_DEPTH_MIN } else { part }, user }
    }
}

/// Builds the rings between `shards` shards, two for each directed pair, and gives each shard its
/// port, in the shards' order. `bell` makes the bell of the shard with the given index.
///
/// The memory of a ring is reserved here and touched, slot by slot, by the shards that use it.
#[must_use]
pub fn grid<T: Send, B: Bell>(shards: usize, bell: impl FnMut(usize) -> B) -> Vec<Port<T, B>> {
    let depth = Depth::derive::<T>(shards);
    let mut ports: Vec<_> = (0..shards)
        .map(bell)
        .enumerate()
        .map(|(shard, bell)| Port {
            shard,
            outgoing: Vec::with_capacity(shards - 1),
            incoming: Vec::with_capacity(shards - 1),
            sleeper: Sleeper::new(bell),
        })
        .collect();
    for from in 0..shards {
        for to in (0..shards).filter(|&to| to != from) {
            let (system_producer, system_consumer) = ring(depth.system);
            let (user_producer, user_consumer) = ring(depth.user);
            let doorbell = ports[to].sleeper.doorbell();
            ports[from].outgoing.push(Outgoing {
                peer: to,
                system: system_producer,
                user: user_producer,
                doorbell,
            });
            ports[to].incoming.push(Incoming {
                peer: from,
                system: system_consumer,
                user: user_consumer,
            });
        }
    }
    ports
}

/// One shard's side of the grid. It moves to the shard's thread.
///
/// The fields are open: a driver may take the port apart and hold each piece where it needs it.
pub struct Port<T: Send, B> {
    /// The index of this shard.
    pub shard: usize,
    /// One entry for each other shard, by rising index.
    pub outgoing: Vec<Outgoing<T, B>>,
    /// One entry for each other shard, by rising index.
    pub incoming: Vec<Incoming<T>>,
    /// How this shard goes to sleep. Its doorbell is what an injection queue, filled from outside,
    /// rings as well.
    pub sleeper: Sleeper<B>,
}

impl<T: Send, B: Bell> Port<T, B> {
    /// The way to another shard, or `None` for this one and for those that are not there.
    #[inline]
    pub fn outgoing_to(&mut self, peer: usize) -> Option<&mut Outgoing<T, B>> {
        if peer == self.shard {
            return None;
        }
        // The list leaves this shard out.
        self.outgoing.get_mut(peer - usize::from(peer > self.shard))
    }

    /// [Announces](Sleeper::announce) that the shard is about to sleep, and re-checks every ring,
    /// and whatever else `has_work` looks at. Returns whether the shard may block now.
    pub fn announce(&mut self, has_work: impl FnOnce() -> bool) -> bool {
        let Self { incoming, sleeper, .. } = self;
        sleeper.announce(|| incoming.iter().any(|from| !from.is_empty()) || has_work())
    }
}

/// The rings to one other shard, and its doorbell.
pub struct Outgoing<T, B> {
    /// The index of the other shard.
    pub peer: usize,
    /// Replies, credits and signals.
    pub system: Producer<T>,
    /// Messages.
    pub user: Producer<T>,
    /// Wakes the other shard.
    pub doorbell: Doorbell<B>,
}

impl<T: Send, B: Bell> Outgoing<T, B> {
    /// Moves what fits of both outboxes into the rings, each lane published once, the system lane
    /// first, and wakes the peer if it sleeps. Returns how many items were moved; the others stay
    /// in their outbox for the next flush.
    ///
    /// When there is nothing to publish, the peer is left alone and no fence is paid.
    #[inline]
    pub fn flush<Q: Batch<T>>(&mut self, system: &mut Q, user: &mut Q) -> usize {
        // Items that were staged one by one count too: whatever is published here, the peer has to
        // hear of.
        let staged = self.system.publish() | self.user.publish();
        let mut moved = 0;
        if !system.is_empty() {
            moved += self.system.push_batch(system);
        }
        if !user.is_empty() {
            moved += self.user.push_batch(user);
        }
        if staged || moved > 0 {
            self.doorbell.notify();
        }
        moved
    }

    /// Whether the other shard has dropped its side. What is still sent to it is never taken.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.system.is_abandoned() || self.user.is_abandoned()
    }
}

/// The rings from one other shard.
pub struct Incoming<T: Send> {
    /// The index of the other shard.
    pub peer: usize,
    /// Replies, credits and signals.
    pub system: Consumer<T>,
    /// Messages.
    pub user: Consumer<T>,
}

impl<T: Send> Incoming<T> {
    /// Whether neither lane holds anything.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.system.is_empty() && self.user.is_empty()
    }

    /// Whether the other shard has dropped its side. What it had sent can still be taken.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.system.is_abandoned() && self.user.is_abandoned()
    }
}

impl<T: Send, B> fmt::Debug for Port<T, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port")
            .field("shard", &self.shard)
            .field("incoming", &self.incoming)
            .finish_non_exhaustive()
    }
}

impl<T, B> fmt::Debug for Outgoing<T, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("peer", &self.peer)
            .field("system", &self.system)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl<T: Send> fmt::Debug for Incoming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("peer", &self.peer)
            .field("system", &self.system)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
#[path = "grid_tests.rs"]
mod tests;
