//! Shards in a bare loop on one thread that take turns, with the production rings between them: what
//! a message to another shard costs in instructions, without the time its cache lines take.

use std::cell::RefCell;
use std::rc::Rc;

use greenroom_core::mesh::{Outbox, Packet};
use greenroom_core::runtime::{Inlet, Lane, Outlet};
use greenroom_core::{Fifo, Next, Pump, Shard, ShardId, System, spawn_local};
use greenroom_shard::mesh::{Bell, Incoming, Outgoing, Port, grid};

use crate::bare::{Node, now};

/// Hears of what each shard does with its rings.
pub(crate) trait Tap: Clone + 'static {
    /// Before a flush of `from`: what waits to leave for `to`, in the system and the user lane.
    fn flushes(&self, from: usize, to: usize, waiting: [usize; 2]) {
        let _ = (from, to, waiting);
    }

    /// `to` has looked for at most `max` packets from `from` in a lane, and taken so many.
    fn took(&self, from: usize, to: usize, lane: Lane, max: usize, taken: usize) {
        let _ = (from, to, lane, max, taken);
    }

    /// `to` has looked whether there is anything from `from`, and found out.
    fn looked(&self, from: usize, to: usize, found: bool) {
        let _ = (from, to, found);
    }
}

/// Nobody listens.
#[derive(Clone)]
pub(crate) struct NoTap;

impl Tap for NoTap {}

/// Nobody sleeps.
struct Silence;

impl Bell for Silence {
    fn ring(&self) {}
}

/// The rings to the other shards, by rising index.
struct Out<T> {
    shard: usize,
    peers: RefCell<Vec<Outgoing<Packet, Silence>>>,
    tap: T,
}

impl<T: Tap> Outlet for Out<T> {
    fn flush(&self, peer: ShardId, system: &mut Outbox, user: &mut Outbox) -> usize {
        self.tap.flushes(self.shard, peer.index(), [system.len(), user.len()]);
        let place = peer.index() - usize::from(peer.index() > self.shard);
        self.peers.borrow_mut()[place].flush(system, user)
    }
}

/// The rings from the other shards, by rising index.
struct In<T> {
    shard: usize,
    peers: Vec<Incoming<Packet>>,
    tap: T,
}

impl<T: Tap> Inlet for In<T> {
    fn pop(
        &mut self,
        lane: Lane,
        first: ShardId,
        max: usize,
        mut sink: impl FnMut(ShardId, Packet),
    ) {
        let place = first.index() - usize::from(first.index() > self.shard);
        let (before, from) = self.peers.split_at_mut(place);
        for Incoming { peer, system, user } in from.iter_mut().chain(before) {
            let from = ShardId(*peer as u16);
            let ring = match lane {
                Lane::System => system,
                Lane::User => user,
            };
            let taken = ring.pop_batch(max, |packet| sink(from, packet));
            self.tap.took(*peer, self.shard, lane, max, taken);
        }
    }

    fn pending(&self) -> bool {
        self.peers.iter().any(|from| {
            let found = !from.is_empty();
            self.tap.looked(from.peer, self.shard, found);
            found
        })
    }
}

/// Runs `root` on the first of two shards.
///
/// # Panics
///
/// When the root waits for something that cannot come.
pub(crate) fn run_two<R: 'static>(root: impl AsyncFnOnce(System) -> R + 'static) -> R {
    run(2, NoTap, root)
}

/// Runs `root` on the first of so many shards, each of which has one round in turn.
///
/// # Panics
///
/// When the root waits for something that cannot come, or there is one shard.
pub(crate) fn run<R: 'static, T: Tap>(
    shards: u16,
    tap: T,
    root: impl AsyncFnOnce(System) -> R + 'static,
) -> R {
    assert!(shards > 1, "a mesh has two shards at least");
    let node = Node::new(shards);
    let mut shards: Vec<(Shard, Pump<In<T>>)> = grid::<Packet, _>(usize::from(shards), |_| Silence)
        .into_iter()
        .map(|Port { shard, outgoing, incoming, .. }| {
            let out = Out { shard, peers: RefCell::new(outgoing), tap: tap.clone() };
            let inlet = In { shard, peers: incoming, tap: tap.clone() };
            (node.shard(shard as u16, Rc::new(out)), Pump::new(inlet))
        })
        .collect();
    let result = Rc::new(RefCell::new(None));
    let slot = result.clone();
    shards[0].0.enter(|| {
        let system = System::current().expect("entered");
        spawn_local(async move {
            let value = root(system).await;
            *slot.borrow_mut() = Some(value);
        });
    });
    loop {
        let mut idle = true;
        for (shard, pump) in &mut shards {
            let pumped = shard.enter(|| pump.round(shard, now(), &mut Fifo));
            idle &= pumped.next == Next::Idle && pumped.received == 0 && !pumped.blocked;
        }
        if let Some(value) = result.borrow_mut().take() {
            return value;
        }
        // A round in which nobody did anything may have left packets for the next.
        let pending = || shards.iter().any(|(_, pump)| pump.pending());
        assert!(!idle || pending(), "the root waits for something that cannot come");
    }
}
