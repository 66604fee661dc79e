//! Waiting for room: at a mailbox of this shard, or for another shard.

use std::task::Context;

use crate::mailbox::{Door, MailboxBound, Refusal, Ticket};
use crate::pid::{Pid, ShardId};
use crate::shard::outbox::Blocked;
use crate::shard::{Accept, Refused, Shard, current};

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
pub(super) enum Offered<M> {
    Accepted,
    /// There is no room; the task will be woken when there may be.
    Waiting(M),
    Refused(Refused, M),
}

impl Room {
    pub(super) const fn new(to: Pid) -> Self {
        Self { to, place: None }
    }

    pub(super) const fn to(&self) -> Pid {
        self.to
    }

    /// Posts the message if there is room, else takes or keeps a place in the queue.
    #[inline]
    pub(super) fn offer<M: Send + 'static>(
        &mut self,
        shard: &Shard,
        accept: Accept,
        message: M,
        cx: &Context<'_>,
    ) -> Offered<M> {
        if let Some(Place::Mailbox(ticket)) = self.place {
            return self.offer_again(shard, ticket, accept, message, cx);
        }
        match shard.post(self.to, accept, message) {
            Ok(()) => {
                self.place = None;
                Offered::Accepted
            }
            Err((Refused::Full(blocked), message)) => self.wait(shard, blocked, message, cx),
            Err((refused, message)) => Offered::Refused(refused, message),
        }
    }

    /// Waits, unless the actor's mailbox is one that nobody waits for.
    #[cold]
    fn wait<M: Send + 'static>(
        &mut self,
        shard: &Shard,
        blocked: Option<Blocked>,
        message: M,
        cx: &Context<'_>,
    ) -> Offered<M> {
        let (to, target) = (self.to, (self.to.slot(), self.to.generation()));
        if let Some(blocked) = blocked {
            let number = match self.place {
                Some(Place::Outbox(number)) => Some(number),
                _ => None,
            };
            let place = (to.shard(), target, blocked);
            let (number, old) = shard.outboxes.wait(place, number, cx.waker());
            self.place = Some(Place::Outbox(number));
            drop(old);
            return Offered::Waiting(message);
        }
        let parked = shard.with_mailbox(target, message, |door: &Door<M>, message| {
            let waits = !matches!(door.bound(), MailboxBound::Reject(_));
            (waits.then(|| door.park(None, cx.waker())), message)
        });
        match parked {
            Ok((Some((ticket, old)), message)) => {
                self.place = Some(Place::Mailbox(ticket));
                drop(old);
                Offered::Waiting(message)
            }
            Ok((None, message)) => Offered::Refused(Refused::Full(None), message),
            Err((_, message)) => Offered::Refused(Refused::Closed, message),
        }
    }

    /// Comes for the room that was reserved, or goes on waiting in the same place.
    fn offer_again<M: Send + 'static>(
        &mut self,
        shard: &Shard,
        ticket: Ticket,
        accept: Accept,
        message: M,
        cx: &Context<'_>,
    ) -> Offered<M> {
        let target = (self.to.slot(), self.to.generation());
        let mut old = None;
        let turn = shard.with_mailbox(target, message, |door: &Door<M>, message| {
            if door.has_room() == Err(Refusal::Closed) {
                (Some(Refusal::Closed), message)
            } else if door.claim_room(ticket) {
                door.release_reserved();
                (None, message)
            } else {
                old = door.park(Some(ticket), cx.waker()).1;
                (Some(Refusal::Full), message)
            }
        });
        drop(old);
        match turn {
            Ok((Some(Refusal::Full), message)) => Offered::Waiting(message),
            Ok((None, message)) => {
                self.place = None;
                // The reservation was just given up for this: nobody came in between.
                match shard.post(self.to, accept, message) {
                    Ok(()) => Offered::Accepted,
                    Err((refused, message)) => Offered::Refused(refused, message),
                }
            }
            Ok((Some(Refusal::Closed), message)) | Err((_, message)) => {
                self.place = None;
                Offered::Refused(Refused::Closed, message)
            }
        }
    }

    /// Gives up the wait for a mailbox of messages `M`.
    pub(super) fn leave<M: Send + 'static>(&mut self) {
        let Some(place) = self.place.take() else { return };
        let (to, target) = (self.to, (self.to.slot(), self.to.generation()));
        current::with(|shard| match place {
            Place::Mailbox(ticket) if shard.is(to.node(), to.shard()) => {
                let relief =
                    shard.with_mailbox(target, (), |door: &Door<M>, ()| door.unpark(ticket));
                if let Ok(relief) = relief {
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
