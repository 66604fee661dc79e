//! Room that is set aside before the message exists.

use std::marker::PhantomData;

use super::{Refused, Shard, current};
use crate::actor::Undelivered;
use crate::context::Header;
use crate::mailbox::{Door, Parcel, Refusal, WhenFull};
use crate::pid::Pid;

/// Room for one message `M`; given back when dropped without one, also by a panic.
pub(crate) struct Reservation<M: Send + 'static> {
    to: Pid,
    /// Whether room is set aside in a mailbox of this shard.
    held: bool,
    message: PhantomData<fn(M)>,
}

impl Shard {
    /// Sets room aside for one message, or says why there is none.
    pub(crate) fn reserve<M: Send + 'static>(&self, to: Pid) -> Result<Reservation<M>, Refused> {
        let target = to.target();
        let reservation = |held| Reservation { to, held, message: PhantomData };
        if to.node() != self.node() {
            return Err(Refused::NotLocal);
        }
        if to.shard() != self.id() {
            if to.shard().0 >= self.shards() {
                return Err(Refused::Closed);
            }
            let free = self.outboxes.check(to.shard(), target);
            return free
                .map(|()| reservation(false))
                .map_err(|blocked| Refused::Full(Some(blocked)));
        }
        let room = self.with_mailbox(target, |door: &Door<M>| {
            // These make room when the message comes.
            if matches!(door.when_full(), WhenFull::DropNewest | WhenFull::DropOldest) {
                return Ok(false);
            }
            door.has_room().map(|()| {
                door.hold_reserved();
                true
            })
        });
        match room {
            Ok(Ok(held)) => Ok(reservation(held)),
            Ok(Err(Refusal::Full)) => {
                self.count_refused(target);
                Err(Refused::Full(None))
            }
            Ok(Err(Refusal::Closed)) => Err(Refused::Closed),
            Err(not_found) => Err(not_found.into()),
        }
    }
}

impl<M: Send + 'static> Reservation<M> {
    /// Posts the message into the room. Where the actor ended meanwhile, the message counts as
    /// accepted and undelivered.
    pub(crate) fn fill(mut self, message: M) {
        let to = self.to;
        self.release();
        let refused = current::with(|shard| {
            let refused = shard.post_cast::<false, M>(to, Parcel::new(message)).err()?;
            shard.count_accepted();
            shard.message_turned_away::<M>(to, Header::NONE, Undelivered::Stopped);
            Some(refused)
        });
        drop(refused);
    }

    fn release(&mut self) {
        if std::mem::take(&mut self.held) {
            let target = self.to.target();
            current::with(|shard| {
                shard.with_mailbox(target, |door: &Door<M>| door.release_reserved()).ok()
            });
        }
    }
}

impl<M: Send + 'static> Drop for Reservation<M> {
    fn drop(&mut self) {
        if self.held {
            self.release();
            let (to, target) = (self.to, self.to.target());
            current::with(|shard| {
                let relief = shard.with_mailbox(target, |door: &Door<M>| door.relieve());
                if let Ok(relief) = relief {
                    shard.tell(to, relief);
                }
            });
        }
    }
}
