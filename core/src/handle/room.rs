//! Waiting for room: at a mailbox of this shard, or for another shard.

use std::marker::PhantomData;
use std::task::Context;

use super::CallPath;
use crate::context::HeaderKind;
use crate::mailbox::{Door, Refusal, Ticket, WhenFull};
use crate::pid::{Pid, ShardSerial};
use crate::process;
use crate::runtime::Injected;
use crate::shard::outbox::Blocked;
use crate::shard::parking::{Place, WaitKey, Waiting, Wanted};
use crate::shard::{Accept, Refused, Shard, current};
use crate::task::waker::{GENERATION_MASK, StoredWaker};
use crate::time::Instant;

/// A sender's wait for room, and its right to the room reserved for it. Gives both up when
/// dropped.
#[derive(Debug)]
pub(super) struct Room {
    to: Pid,
    /// The wait, and the shard on which it is known.
    wait: Option<(WaitKey, ShardSerial)>,
    /// The wait is reached through the current shard of this thread.
    not_send: PhantomData<*const ()>,
}

/// What came of offering a message.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Offered {
    Accepted,
    /// There is no room; the task will be woken when there may be.
    Waiting,
    Refused(Refused),
    /// There will never be room: those who wait for this sender, nearest first.
    Cycle(CallPath),
}

impl Room {
    pub(super) const fn new(to: Pid) -> Self {
        Self { to, wait: None, not_send: PhantomData }
    }

    /// For whom there is to be room.
    pub(super) const fn to(&self) -> Pid {
        self.to
    }

    /// Posts the message if there is room, taking it out of `message`; else takes or keeps a place
    /// in the queue.
    #[inline]
    pub(super) fn offer<M: Send + 'static>(
        &mut self,
        shard: &Shard,
        accept: Accept,
        message: &mut Option<M>,
        cx: &Context<'_>,
    ) -> Offered {
        if self.wait.is_some() {
            return self.offer_again(shard, accept, message, cx);
        }
        match self.post(shard, accept, message) {
            Ok(()) => Offered::Accepted,
            Err(refused) => self.wait::<M>(shard, refused, accept, cx),
        }
    }

    fn post<M: Send + 'static>(
        &self,
        shard: &Shard,
        accept: Accept,
        message: &mut Option<M>,
    ) -> Result<(), Refused> {
        let Some(taken) = message.take() else { return Ok(()) };
        shard.post(self.to, accept, taken).map_err(|unposted| {
            let (refused, unposted) = *unposted;
            *message = Some(unposted);
            refused
        })
    }

    /// Takes a place in the queue, where a refusal is for want of room.
    pub(super) fn wait<M: Send + 'static>(
        &mut self,
        shard: &Shard,
        refused: Refused,
        accept: Accept,
        cx: &Context<'_>,
    ) -> Offered {
        match refused {
            Refused::Full(blocked) => self.park::<M>(shard, blocked, accept, cx),
            refused => Offered::Refused(refused),
        }
    }

    /// Waits, unless the actor's mailbox is one that nobody waits for.
    #[cold]
    fn park<M: Send + 'static>(
        &mut self,
        shard: &Shard,
        blocked: Option<Blocked>,
        accept: Accept,
        cx: &Context<'_>,
    ) -> Offered {
        let waker = StoredWaker::of(cx.waker());
        let waiting = waiting(shard, &waker);
        let place = match blocked {
            Some(blocked) => Place::Away(self.wait_away(shard, blocked, None, waker)),
            None => match self.wait_here::<M>(shard, waker) {
                Ok(ticket) => Place::Mailbox(ticket),
                Err(refused) => return Offered::Refused(refused),
            },
        };
        let (until, reply) = match accept {
            Accept::Cast => (Instant::NEVER, None),
            Accept::Call { header, deadline, .. } => (deadline, reply_slot(header.kind())),
        };
        let key = shard.enter_wait(waiting, Wanted { to: self.to, place, until, reply });
        self.wait = Some((key, shard.serial()));
        Offered::Waiting
    }

    fn wait_away(
        &self,
        shard: &Shard,
        blocked: Blocked,
        number: Option<u64>,
        waker: StoredWaker,
    ) -> u64 {
        let place = (self.to.shard(), self.to.target(), blocked);
        let (number, old) = shard.outboxes.wait(place, number, waker);
        drop(old);
        number
    }

    fn wait_here<M: Send + 'static>(
        &self,
        shard: &Shard,
        waker: StoredWaker,
    ) -> Result<Ticket, Refused> {
        let target = self.to.target();
        // What is not parked is dropped here, with nothing borrowed: it may be anybody's.
        let mut waker = Some(waker);
        let parked = shard.with_mailbox(target, |door: &Door<M>| {
            let waits = door.when_full() != WhenFull::Reject;
            if waits { waker.take().map(|waker| door.park(None, waker)) } else { None }
        })?;
        let (ticket, _) = parked.ok_or(Refused::Full(None))?;
        Ok(ticket)
    }

    /// Comes for the room that was waited for, or goes on waiting in the same place.
    #[cold]
    fn offer_again<M: Send + 'static>(
        &mut self,
        shard: &Shard,
        accept: Accept,
        message: &mut Option<M>,
        cx: &Context<'_>,
    ) -> Offered {
        let Some((key, home)) = self.wait else { return Offered::Waiting };
        if shard.serial() != home {
            // Polled where nobody knows of the wait: another one begins.
            self.leave::<M>();
            return self.offer(shard, accept, message, cx);
        }
        let waker = StoredWaker::of(cx.waker());
        let waiting = waiting(shard, &waker);
        let place = match shard.parking.place(key) {
            Some(Place::Mailbox(ticket)) => {
                self.come_here(shard, ticket, accept, message, waker).map(Place::Mailbox)
            }
            Some(Place::Away(number)) => {
                self.come_away(shard, number, accept, message, waker).map(Place::Away)
            }
            None => Err(Offered::Refused(Refused::Closed)),
        };
        match place {
            Ok(_) if shard.parking.is_doomed(key) => {
                self.wait = None;
                Offered::Cycle(give_up::<M>(shard, self.to, key).unwrap_or_default().into())
            }
            Ok(place) => {
                let key = shard.renew_wait(key, waiting, place);
                self.wait = Some((key, home));
                Offered::Waiting
            }
            Err(offered) => {
                self.wait = None;
                shard.parking.leave(key);
                offered
            }
        }
    }

    /// Comes for the room reserved in a mailbox of this shard. `Ok` where there is none yet.
    fn come_here<M: Send + 'static>(
        &self,
        shard: &Shard,
        ticket: Ticket,
        accept: Accept,
        message: &mut Option<M>,
        mut waker: StoredWaker,
    ) -> Result<Ticket, Offered> {
        let target = self.to.target();
        let turn = shard.with_mailbox(target, |door: &Door<M>| {
            if door.has_room() == Err(Refusal::Closed) {
                return Err(Refusal::Closed);
            }
            if door.claim_room(ticket) {
                door.release_reserved();
                return Ok(None);
            }
            let (ticket, old) = door.park(Some(ticket), waker.take());
            waker = old;
            Ok(Some(ticket))
        });
        // With nothing borrowed: it may be anybody's.
        drop(waker);
        match turn {
            Ok(Ok(Some(ticket))) => Ok(ticket),
            Ok(Ok(None)) => {
                // The reservation was just given up for this: nobody came in between.
                let posted = self.post(shard, accept, message);
                shard.stir_waits();
                Err(posted.map_or_else(Offered::Refused, |()| Offered::Accepted))
            }
            Ok(Err(_)) | Err(_) => Err(Offered::Refused(Refused::Closed)),
        }
    }

    /// Tries once more to send to another shard. `Ok` where that has to wait on.
    fn come_away<M: Send + 'static>(
        &self,
        shard: &Shard,
        number: u64,
        accept: Accept,
        message: &mut Option<M>,
        waker: StoredWaker,
    ) -> Result<u64, Offered> {
        let offered = match self.post(shard, accept, message) {
            Err(Refused::Full(Some(blocked))) => {
                return Ok(self.wait_away(shard, blocked, Some(number), waker));
            }
            Ok(()) => Offered::Accepted,
            Err(refused) => Offered::Refused(refused),
        };
        let target = self.to.target();
        drop(shard.outboxes.forget(self.to.shard(), target, number));
        Err(offered)
    }

    /// Gives up the wait for a mailbox of messages `M`.
    #[inline]
    pub(super) fn leave<M: Send + 'static>(&mut self) {
        if let Some((key, home)) = self.wait.take() {
            leave::<M>(self.to, key, home);
        }
    }
}

#[cold]
fn leave<M: Send + 'static>(to: Pid, key: WaitKey, home: ShardSerial) {
    let left = current::with(|shard| {
        let here = shard.serial() == home;
        if here {
            give_up::<M>(shard, to, key);
        }
        here
    });
    if left != Some(true) {
        let give_up = move |shard: &Shard| drop(give_up::<M>(shard, to, key));
        // A shard that is gone has no queue left.
        drop(process::inject_to(home, Injected::Run(Box::new(give_up))));
    }
}

/// Ends a wait on the shard where it is known. Returns who waits for it, if it can never end.
fn give_up<M: Send + 'static>(shard: &Shard, to: Pid, key: WaitKey) -> Option<Vec<Pid>> {
    let (place, path) = shard.parking.leave(key)?;
    let target = to.target();
    match place {
        Place::Mailbox(ticket) => {
            if let Ok(relief) = shard.with_mailbox(target, |door: &Door<M>| door.unpark(ticket)) {
                shard.tell(to, relief);
                shard.stir_waits();
            }
        }
        Place::Away(number) => drop(shard.outboxes.forget(to.shard(), target, number)),
    }
    path
}

/// Who waits: the task that runs, if the waker is its own.
fn waiting(shard: &Shard, waker: &StoredWaker) -> Waiting {
    let (slot, generation) = shard.running().target();
    let direct = waker.task_of(shard.unique()) == Some((slot, generation & GENERATION_MASK));
    Waiting { task: (slot, generation), direct }
}

const fn reply_slot(header: HeaderKind) -> Option<u32> {
    match header {
        HeaderKind::Reply(slot, _) => Some(slot),
        HeaderKind::None | HeaderKind::Record(..) => None,
    }
}
