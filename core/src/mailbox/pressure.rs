//! What a full mailbox keeps: parked senders, the overflow, and who was told to stop.

use std::collections::VecDeque;

use super::door::Parcel;
use super::queue::{Door, Envelope};
use super::state;
use crate::limits::GO_DIVISOR;
use crate::pid::ShardId;
use crate::task::waker::StoredWaker;

/// A parked sender's place in the queue for room.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Ticket(u64);

/// Somebody who waits for room, as the mailbox knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Waiter {
    /// A sender of this shard.
    Parked(Ticket),
    /// Senders of another shard, which was told STOP with that number.
    Stopped(ShardId, u64),
}

/// See the module.
pub(super) struct Pressure<M> {
    /// Senders that wait for room, in the order they came.
    parked: VecDeque<(Ticket, StoredWaker)>,
    /// Senders for which room is reserved and which have not come for it yet.
    granted: Vec<Ticket>,
    ticket_next: u64,
    /// Messages of other shards, accepted there, for which there is no room here yet.
    overflow: VecDeque<Envelope<M>>,
    /// Shards that were told STOP, each with the number of that STOP: a ticket, so never twice.
    stopped: Vec<(ShardId, u64)>,
}

impl<M> Default for Pressure<M> {
    fn default() -> Self {
        Self {
            parked: VecDeque::new(),
            granted: Vec::new(),
            ticket_next: 0,
            overflow: VecDeque::new(),
            stopped: Vec::new(),
        }
    }
}

/// Whom to tell that there is room; told with nothing borrowed.
#[derive(Debug, Default)]
pub(crate) struct Relief {
    /// Parked senders that have room reserved now.
    pub(crate) wake: Vec<StoredWaker>,
    /// Shards that may send again.
    pub(crate) go: Vec<ShardId>,
    /// The actor was idle and has messages now: its task has to be scheduled.
    pub(crate) schedule: bool,
    /// Messages that moved from the overflow into the queue.
    pub(crate) moved: u32,
}

impl<M> Pressure<M> {
    fn is_empty(&self) -> bool {
        self.parked.is_empty()
            && self.granted.is_empty()
            && self.overflow.is_empty()
            && self.stopped.is_empty()
    }

    /// Messages in the overflow, and the slots of the tasks that are parked.
    pub(super) fn load(&self) -> (usize, Vec<Option<u32>>) {
        let parked = self.parked.iter().map(|(_, waker)| waker.slot()).collect();
        (self.overflow.len(), parked)
    }

    pub(super) fn take_all(
        &mut self,
        messages: &mut VecDeque<Envelope<M>>,
        parked: &mut Vec<StoredWaker>,
        stopped: &mut Vec<ShardId>,
    ) {
        messages.append(&mut self.overflow);
        parked.extend(self.parked.drain(..).map(|(_, waker)| waker));
        self.granted.clear();
        stopped.extend(self.stopped.drain(..).map(|(shard, _)| shard));
    }

    fn ticket(&mut self) -> Ticket {
        let ticket = Ticket(self.ticket_next);
        self.ticket_next += 1;
        ticket
    }
}

impl<M: Send + 'static> Door<M> {
    /// Parks a sender, or renews the waker of one that is parked. The old waker is for the caller
    /// to drop.
    pub(crate) fn park(&self, ticket: Option<Ticket>, waker: StoredWaker) -> (Ticket, StoredWaker) {
        let mut cold = self.cold.borrow_mut();
        let pressure = cold.get_or_insert_default().pressure.get_or_insert_default();
        self.set(state::PRESSURE);
        let parked = ticket.and_then(|t| pressure.parked.iter_mut().find(|(p, _)| *p == t));
        if let Some((ticket, stored)) = parked {
            return (*ticket, std::mem::replace(stored, waker));
        }
        let ticket = pressure.ticket();
        pressure.parked.push_back((ticket, waker));
        (ticket, StoredWaker::NONE)
    }

    /// Whether room is reserved for that sender; if so, the sender has taken the reservation over.
    pub(crate) fn claim_room(&self, ticket: Ticket) -> bool {
        let mut cold = self.cold.borrow_mut();
        let pressure = cold.as_mut().and_then(|cold| cold.pressure.as_mut());
        let Some(Pressure { granted, .. }) = pressure.map(|pressure| &mut **pressure) else {
            return false;
        };
        let found = granted.iter().position(|&t| t == ticket);
        found.map(|index| granted.swap_remove(index)).is_some()
    }

    /// Forgets a sender that gave up, passing on room that was reserved for it.
    pub(crate) fn unpark(&self, ticket: Ticket) -> Relief {
        if self.claim_room(ticket) {
            self.release_reserved();
            return self.relieve();
        }
        let mut cold = self.cold.borrow_mut();
        let mut relief = Relief::default();
        if let Some(pressure) = cold.as_mut().and_then(|cold| cold.pressure.as_mut()) {
            let parked = &mut pressure.parked;
            if let Some(index) = parked.iter().position(|(t, _)| *t == ticket) {
                // Given to the caller only so that it is dropped with nothing borrowed.
                let waker = parked.remove(index).map(|(_, waker)| waker);
                drop_later(&mut relief, waker);
            }
        }
        relief
    }

    /// Keeps an accepted message for which there is no room: one that came from another shard, or
    /// that a timer of this one brings. Returns the number of the STOP that the other shard has to
    /// be told, because it was not yet.
    pub(crate) fn keep(&self, from: Option<ShardId>, envelope: Envelope<M>) -> Option<u64> {
        let mut cold = self.cold.borrow_mut();
        let pressure = cold.get_or_insert_default().pressure.get_or_insert_default();
        self.set(state::PRESSURE);
        pressure.overflow.push_back(envelope);
        let from = from?;
        if pressure.stopped.iter().any(|(shard, _)| *shard == from) {
            return None;
        }
        let Ticket(number) = pressure.ticket();
        pressure.stopped.push((from, number));
        Some(number)
    }

    /// Whether messages of other shards wait for room: later ones must queue behind them.
    pub(crate) fn has_overflow(&self) -> bool {
        self.has(state::PRESSURE) && self.overflow_len() > 0
    }

    fn overflow_len(&self) -> usize {
        let cold = self.cold.borrow();
        let pressure = cold.as_ref().and_then(|cold| cold.pressure.as_ref());
        pressure.map_or(0, |pressure| pressure.overflow.len())
    }

    /// Gives free room away: first to the overflow, whose messages are accepted already, then to
    /// parked senders in their order; and lets stopped shards go on once enough room is free.
    #[cold]
    pub(crate) fn relieve(&self) -> Relief {
        self.relieve_to(self.depth_max / GO_DIVISOR)
    }

    /// The same, but lets stopped shards go on as soon as there is any room at all.
    #[cold]
    pub(super) fn relieve_with_any_room(&self) -> Relief {
        self.relieve_to(self.depth_max.saturating_sub(1))
    }

    /// Whether that waiter waits, and nothing but the actor's own loop can give it room: every
    /// place holds a message, and none is promised to somebody who might give it up.
    pub(super) fn is_all_that_holds_up(&self, waiter: Waiter) -> bool {
        if self.has(state::CLOSED) || self.reserved.get() > 0 || self.is_roomy() {
            return false;
        }
        let cold = self.cold.borrow();
        let pressure = cold.as_ref().and_then(|cold| cold.pressure.as_ref());
        pressure.is_some_and(|pressure| match waiter {
            Waiter::Parked(ticket) => pressure.parked.iter().any(|(parked, _)| *parked == ticket),
            Waiter::Stopped(shard, number) => pressure.stopped.contains(&(shard, number)),
        })
    }

    /// `go_at` is how many messages may be queued for stopped shards to go on.
    fn relieve_to(&self, go_at: u32) -> Relief {
        let mut relief = Relief::default();
        let mut cold = self.cold.borrow_mut();
        let Some(pressure) = cold.as_mut().and_then(|cold| cold.pressure.as_mut()) else {
            self.clear(state::PRESSURE);
            return relief;
        };
        let closed = self.has(state::CLOSED);
        if closed {
            // Those who wait will not be let in. Room that was reserved for them would keep out
            // what was accepted long ago, and a drain would never end.
            self.reserved.set(0);
            pressure.granted.clear();
            relief.wake.extend(pressure.parked.drain(..).map(|(_, waker)| waker));
        }
        let before = self.queue.len();
        while self.is_roomy() {
            let Some(envelope) = pressure.overflow.pop_front() else { break };
            self.queue.push_back(envelope.header, Parcel::new(envelope.message));
        }
        relief.moved = self.queue.len() - before;
        if relief.moved > 0 && self.has(state::IDLE) {
            self.clear(state::IDLE);
            relief.schedule = true;
        }
        while self.is_roomy() && pressure.overflow.is_empty() {
            let Some((ticket, waker)) = pressure.parked.pop_front() else { break };
            self.hold_reserved();
            pressure.granted.push(ticket);
            relief.wake.push(waker);
        }
        let low = self.queue.len() <= go_at && pressure.overflow.is_empty();
        if low || closed {
            relief.go.extend(pressure.stopped.drain(..).map(|(shard, _)| shard));
        }
        if pressure.is_empty() {
            self.clear(state::PRESSURE);
        }
        relief
    }
}

/// Hands a waker to whoever ends the borrow: waking a sender that gave up is a spurious wake.
fn drop_later(relief: &mut Relief, waker: Option<StoredWaker>) {
    relief.wake.extend(waker);
}
