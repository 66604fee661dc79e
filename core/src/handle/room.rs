//! Waiting for room: at a mailbox of this shard, or for another shard.

use std::task::Context;

use crate::mailbox::{Door, Refusal, Ticket, WhenFull};
use crate::pid::{Pid, ShardId};
use crate::shard::outbox::Blocked;
use crate::shard::{Accept, Refused, Shard, current};
use crate::task::waker::StoredWaker;

/// Where a sender waits.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In the queue before a mailbox of this shard.
    Mailbox(Ticket),
    /// For the outbox to a peer, or for a target's GO.
    Outbox(u64),
}

/// A sender's wait for room, and its right to the room reserved for it. Gives both up when
/// dropped.
#[derive(Debug)]
pub(super) struct Room {
    to: Pid,
    place: Option<Place>,
}

/// What came of offering a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Offered {
    Accepted,
    /// There is no room; the task will be woken when there may be.
    Waiting,
    Refused(Refused),
}

impl Room {
    pub(super) const fn new(to: Pid) -> Self {
        Self { to, place: None }
    }

    /// Posts the message if there is room, taking it out of `message`; else takes or keeps a place
    /// in the queue.
    pub(super) fn offer<M: Send + 'static>(
        &mut self,
        shard: &Shard,
        accept: Accept,
        message: &mut Option<M>,
        cx: &Context<'_>,
    ) -> Offered {
        if let Some(Place::Mailbox(ticket)) = self.place {
            return self.offer_again(shard, ticket, accept, message, cx);
        }
        match self.post(shard, accept, message) {
            Ok(()) => {
                self.place = None;
                Offered::Accepted
            }
            Err(refused) => self.wait::<M>(shard, refused, cx),
        }
    }

    /// Takes a place in the queue, where a refusal is for want of room.
    pub(super) fn wait<M: Send + 'static>(
        &mut self,
        shard: &Shard,
        refused: Refused,
        cx: &Context<'_>,
    ) -> Offered {
        match refused {
            Refused::Full(Some(blocked)) => self.wait_away(shard, blocked, cx),
            Refused::Full(None) => self.wait_here::<M>(shard, cx),
            refused => Offered::Refused(refused),
        }
    }

    fn post<M: Send + 'static>(
        &self,
        shard: &Shard,
        accept: Accept,
        message: &mut Option<M>,
    ) -> Result<(), Refused> {
        let Some(taken) = message.take() else { return Ok(()) };
        shard.post(self.to, accept, taken).map_err(|(refused, unposted)| {
            *message = Some(unposted);
            refused
        })
    }

    #[cold]
    fn wait_away(&mut self, shard: &Shard, blocked: Blocked, cx: &Context<'_>) -> Offered {
        let number = match self.place {
            Some(Place::Outbox(number)) => Some(number),
            _ => None,
        };
        let place = (self.to.shard(), self.to.target(), blocked);
        let (number, old) = shard.outboxes.wait(place, number, StoredWaker::of(cx.waker()));
        self.place = Some(Place::Outbox(number));
        drop(old);
        Offered::Waiting
    }

    /// Waits, unless the actor's mailbox is one that nobody waits for.
    #[cold]
    fn wait_here<M: Send + 'static>(&mut self, shard: &Shard, cx: &Context<'_>) -> Offered {
        let target = self.to.target();
        let waker = StoredWaker::of(cx.waker());
        let parked = shard.with_mailbox(target, |door: &Door<M>| {
            let waits = door.when_full() != WhenFull::Reject;
            waits.then(|| door.park(None, waker))
        });
        match parked {
            Ok(Some((ticket, old))) => {
                self.place = Some(Place::Mailbox(ticket));
                drop(old);
                Offered::Waiting
            }
            Ok(None) => Offered::Refused(Refused::Full(None)),
            Err(not_found) => Offered::Refused(not_found.into()),
        }
    }

    /// Comes for the room that was reserved, or goes on waiting in the same place.
    fn offer_again<M: Send + 'static>(
        &mut self,
        shard: &Shard,
        ticket: Ticket,
        accept: Accept,
        message: &mut Option<M>,
        cx: &Context<'_>,
    ) -> Offered {
        let target = self.to.target();
        let mut old = StoredWaker::of(cx.waker());
        let turn = shard.with_mailbox(target, |door: &Door<M>| {
            if door.has_room() == Err(Refusal::Closed) {
                return Err(Refusal::Closed);
            }
            if door.claim_room(ticket) {
                door.release_reserved();
                return Ok(());
            }
            old = door.park(Some(ticket), old.take()).1;
            Err(Refusal::Full)
        });
        drop(old);
        match turn {
            Ok(Err(Refusal::Full)) => Offered::Waiting,
            Ok(Ok(())) => {
                self.place = None;
                // The reservation was just given up for this: nobody came in between.
                match self.post(shard, accept, message) {
                    Ok(()) => Offered::Accepted,
                    Err(refused) => Offered::Refused(refused),
                }
            }
            Ok(Err(Refusal::Closed)) | Err(_) => {
                self.place = None;
                Offered::Refused(Refused::Closed)
            }
        }
    }

    /// Gives up the wait for a mailbox of messages `M`.
    #[inline]
    pub(super) fn leave<M: Send + 'static>(&mut self) {
        if let Some(place) = self.place.take() {
            self.leave_place::<M>(place);
        }
    }

    #[cold]
    fn leave_place<M: Send + 'static>(&self, place: Place) {
        let (to, target) = (self.to, self.to.target());
        current::with(|shard| match place {
            Place::Mailbox(ticket) if shard.is(to.home()) => {
                if let Ok(relief) = shard.with_mailbox(target, |door: &Door<M>| door.unpark(ticket))
                {
                    shard.tell(to, relief);
                }
            }
            Place::Outbox(number) if shard.node() == to.node() && in_range(shard, to.shard()) => {
                drop(shard.outboxes.forget(to.shard(), target, number));
            }
            _ => {}
        });
    }
}

fn in_range(shard: &Shard, peer: ShardId) -> bool {
    peer.0 < shard.shards()
}
