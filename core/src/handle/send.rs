//! `send`: wait for room, not for an answer.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::room::{Offered, Room};
use super::{ActorRef, CastError, RefError};
use crate::actor::Actor;
use crate::shard::{Accept, current};

/// A message could not be sent, and is given back. `Full` comes only from a mailbox that rejects.
pub type SendError<M> = CastError<M>;

impl<A: Actor> ActorRef<A> {
    /// Sends a message, waiting for room where there is none. Parked senders are served in the
    /// order they came, before any cast.
    ///
    /// # Errors
    ///
    /// Gives the message back: [`CastError::Closed`] when the actor has ended, also while this
    /// waited; [`CastError::Full`] from a mailbox with [`crate::MailboxBound::Reject`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up the place in the queue. The message was then not sent.
    pub fn send(&self, message: A::Message) -> Send<A> {
        Send { message: Some(message), room: Room::new(self.pid()) }
    }
}

/// See [`ActorRef::send`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Send<A: Actor> {
    /// Empty once sent.
    message: Option<A::Message>,
    room: Room,
}

impl<A: Actor> fmt::Debug for Send<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Send").field("room", &self.room).finish_non_exhaustive()
    }
}

// The message is never pinned: it is moved out to be sent.
impl<A: Actor> Unpin for Send<A> {}

impl<A: Actor> Future for Send<A> {
    type Output = Result<(), SendError<A::Message>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let message = &mut this.message;
        let offered = current::with(|shard| this.room.offer(shard, Accept::Cast, message, cx));
        if offered == Some(Offered::Waiting) {
            return Poll::Pending;
        }
        Poll::Ready(match (offered, this.message.take()) {
            (_, None) => Ok(()),
            (Some(Offered::Refused(refused)), Some(message)) => {
                Err(CastError::of(refused, message))
            }
            (_, Some(message)) => Err(CastError::Unusable(RefError::Outside, message)),
        })
    }
}

impl<A: Actor> Drop for Send<A> {
    fn drop(&mut self) {
        self.room.leave::<A::Message>();
    }
}
