//! Who waits to send to another shard.

use std::collections::{BTreeMap, VecDeque};

use crate::pid::ShardId;
use crate::task::waker::StoredWaker;

/// Somebody who waits to send to another shard. Numbered, so that one who gives up is found.
pub(crate) type Waiter = (u64, StoredWaker);

/// Who waits. Few ever do.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// For room in the user lane, by peer.
    pub(super) room: BTreeMap<ShardId, VecDeque<Waiter>>,
    /// Targets that said STOP, by peer, slot and generation.
    pub(super) stopped: BTreeMap<(ShardId, (u32, u32)), Stopped>,
}

/// A target that said STOP.
#[derive(Debug, Default)]
pub(super) struct Stopped {
    /// The number that came with its STOP.
    pub(super) number: u64,
    /// Who waits for its GO.
    pub(super) waiting: VecDeque<Waiter>,
}

impl Waiting {
    /// Whether somebody waits for room to a peer.
    pub(super) fn for_room(&self, peer: ShardId) -> bool {
        self.room.get(&peer).is_some_and(|waiting| !waiting.is_empty())
    }

    /// Whether a target of a peer has said STOP and not GO.
    pub(super) fn any_stopped(&self, peer: ShardId) -> bool {
        self.stopped.range((peer, (0, 0))..).next().is_some_and(|((other, _), _)| *other == peer)
    }

    /// The first so many who wait for room to a peer.
    pub(super) fn take(&mut self, peer: ShardId, room: usize) -> Vec<StoredWaker> {
        let Some(waiting) = self.room.get_mut(&peer) else { return Vec::new() };
        let room = room.min(waiting.len());
        waiting.drain(..room).map(|(_, waker)| waker).collect()
    }
}
