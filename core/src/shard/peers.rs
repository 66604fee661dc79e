//! The outboxes to each peer, and where they are.
//!
//! A shard on a core has its own, side by side: what a send looks at is one cache line. Shards that
//! take turns on one thread, as simulated ones do, have thousands together, of which a message
//! touches one: they share those that are empty (see [`OutboxPool`]), and keep for each peer no more
//! than where its outboxes are. One way for both was tried: with a box between, `cast_cross` was a
//! tenth slower.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::mesh::{Lanes, Outbox, OutboxPool, Packet};
use crate::pid::ShardId;
use crate::runtime::{Lane, Outlet};

/// A peer of a shard that shares its outboxes with no other.
#[derive(Debug, Default)]
#[repr(C, align(64))]
struct Own {
    user: RefCell<Outbox>,
    word: Cell<u32>,
    system: RefCell<Outbox>,
}

/// A peer of one that does.
#[derive(Debug, Default)]
struct Sharing {
    /// Absent while there is nothing in them.
    lanes: RefCell<Option<Box<Lanes>>>,
    word: Cell<u32>,
}

/// All peers of a shard. Of the two lists one is empty.
#[derive(Debug)]
pub(super) struct Peers {
    own: Box<[Own]>,
    sharing: Box<[Sharing]>,
    pool: Rc<OutboxPool>,
}

impl Peers {
    /// So many, with outboxes out of a pool if there is one.
    pub(super) fn new(shards: u16, pool: Option<Rc<OutboxPool>>) -> Self {
        let (own, sharing) = if pool.is_some() { (0, shards) } else { (shards, 0) };
        Self {
            own: (0..own).map(|_| Own::default()).collect(),
            sharing: (0..sharing).map(|_| Sharing::default()).collect(),
            pool: pool.unwrap_or_default(),
        }
    }

    /// How many there are.
    fn len(&self) -> u16 {
        self.own.len().max(self.sharing.len()) as u16
    }

    pub(super) fn all(&self) -> impl Iterator<Item = ShardId> + use<> {
        (0..self.len()).map(ShardId)
    }

    /// The word that is kept for each peer; what is in it is the caller's to say.
    #[inline(always)]
    pub(super) fn word(&self, peer: ShardId) -> &Cell<u32> {
        match self.own.get(peer.index()) {
            Some(own) => &own.word,
            None => &self.sharing[peer.index()].word,
        }
    }

    /// Calls `f` with the outbox of the user lane, into which it puts something.
    #[inline(always)]
    pub(super) fn put_user<R>(&self, peer: ShardId, f: impl FnOnce(&mut Outbox) -> R) -> R {
        match self.own.get(peer.index()) {
            Some(own) => f(&mut own.user.borrow_mut()),
            None => self.lent(peer, |lanes| f(&mut lanes.user)),
        }
    }

    #[inline]
    pub(super) fn put_system(&self, peer: ShardId, packet: Packet) {
        match self.own.get(peer.index()) {
            Some(own) => own.system.borrow_mut().push(packet),
            None => self.lent(peer, |lanes| lanes.system.push(packet)),
        }
    }

    #[inline]
    fn lent<R>(&self, peer: ShardId, f: impl FnOnce(&mut Lanes) -> R) -> R {
        let mut lanes = self.sharing[peer.index()].lanes.borrow_mut();
        f(lanes.get_or_insert_with(|| self.pool.lend()))
    }

    /// Moves into the rings what fits. Says how many user messages are left where anything is.
    #[inline]
    pub(super) fn flush(&self, peer: ShardId, outlet: &dyn Outlet) -> Option<usize> {
        let Some(own) = self.own.get(peer.index()) else { return self.flush_lent(peer, outlet) };
        let (system, user) = (&mut *own.system.borrow_mut(), &mut *own.user.borrow_mut());
        outlet.flush(peer, system, user);
        let is_empty = system.is_empty() && user.is_empty();
        (!is_empty).then_some(user.len())
    }

    #[inline]
    fn flush_lent(&self, peer: ShardId, outlet: &dyn Outlet) -> Option<usize> {
        let slot = &mut *self.sharing[peer.index()].lanes.borrow_mut();
        let lanes = slot.as_mut()?;
        outlet.flush(peer, &mut lanes.system, &mut lanes.user);
        if !lanes.is_empty() {
            return Some(lanes.user.len());
        }
        slot.take().into_iter().for_each(|lanes| self.pool.take_back(lanes));
        None
    }

    /// Packets that wait to leave for a peer.
    pub(super) fn waiting(&self, peer: ShardId, lane: Lane) -> usize {
        if let Some(own) = self.own.get(peer.index()) {
            return match lane {
                Lane::System => own.system.borrow().len(),
                Lane::User => own.user.borrow().len(),
            };
        }
        let lanes = self.sharing[peer.index()].lanes.borrow();
        lanes.as_ref().map_or(0, |lanes| match lane {
            Lane::System => lanes.system.len(),
            Lane::User => lanes.user.len(),
        })
    }

    /// Takes everything out.
    pub(super) fn take_all(&self) -> Vec<Packet> {
        let own = self.own.iter().flat_map(|own| [own.system.take(), own.user.take()]);
        let lent = self.sharing.iter().filter_map(|peer| peer.lanes.take());
        let lent = lent.flat_map(|lanes| {
            let Lanes { system, user } = *lanes;
            [system, user]
        });
        let mut all = Vec::new();
        for mut outbox in own.chain(lent) {
            all.extend(std::iter::from_fn(|| outbox.pop_front()));
        }
        all
    }
}
