//! `send`: wait for room, not for an answer.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::room::{Offered, Room};
use super::{ActorRef, CallPath, RefError};
use crate::actor::Actor;
use crate::shard::{Accept, Refused, current};

/// A message could not be sent, and is given back.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError<M> {
    /// The mailbox is one that rejects when full, and was full.
    Full(M),
    /// The actor has ended or is ending.
    Closed(M),
    /// Waiting could never end: the actor is among those who wait for room in the mailbox of this
    /// sender, nearest first in the path, which ends with the actor. Each waits in the middle of a
    /// message, and for nothing else.
    Cycle(CallPath, M),
    /// The ref leads nowhere from here.
    Unusable(RefError, M),
}

impl<M> SendError<M> {
    /// The message.
    pub fn into_message(self) -> M {
        match self {
            Self::Full(message)
            | Self::Closed(message)
            | Self::Cycle(_, message)
            | Self::Unusable(_, message) => message,
        }
    }

    fn of(refused: Refused, message: M) -> Self {
        match refused {
            Refused::Full(_) => Self::Full(message),
            Refused::Closed => Self::Closed(message),
            Refused::WrongType => Self::Unusable(RefError::WrongType, message),
            Refused::NotLocal => Self::Unusable(RefError::NotLocal, message),
        }
    }
}

impl<M> fmt::Display for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("the actor's mailbox is full and rejects"),
            Self::Closed(_) => f.write_str("the actor has ended"),
            Self::Cycle(path, _) => {
                f.write_str("a circle of full mailboxes: the sender")?;
                path.iter().try_for_each(|pid| write!(f, ", awaited by {pid}"))
            }
            Self::Unusable(why, _) => why.fmt(f),
        }
    }
}

impl<M> fmt::Debug for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("Full(..)"),
            Self::Closed(_) => f.write_str("Closed(..)"),
            Self::Cycle(path, _) => write!(f, "Cycle({path:?}, ..)"),
            Self::Unusable(why, _) => write!(f, "Unusable({why:?}, ..)"),
        }
    }
}

impl<M> std::error::Error for SendError<M> {}

impl<A: Actor> ActorRef<A> {
    /// Sends a message, waiting for room where there is none. Parked senders are served in the
    /// order they came, before any cast.
    ///
    /// # Errors
    ///
    /// Gives the message back: [`SendError::Closed`] when the actor has ended, also while this
    /// waited; [`SendError::Full`] from a mailbox with [`crate::MailboxBound::Reject`];
    /// [`SendError::Cycle`] when this waited in a handler, and the actor in one of its own, directly
    /// or by way of others, for room in the mailbox of this one.
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
        let (message, room) = (&mut this.message, &mut this.room);
        let offered = current::with(|shard| {
            let offered = room.offer(shard, Accept::Cast, message, cx);
            if let Offered::Refused(refused) = offered {
                shard.write_returned::<A::Message>(room.to(), refused);
            }
            offered
        });
        if matches!(offered, Some(Offered::Waiting)) {
            return Poll::Pending;
        }
        let Some(message) = this.message.take() else { return Poll::Ready(Ok(())) };
        Poll::Ready(Err(match offered {
            Some(Offered::Refused(refused)) => SendError::of(refused, message),
            Some(Offered::Cycle(path)) => SendError::Cycle(path, message),
            // No shard: an offer that was accepted, or waits, was dealt with.
            _ => SendError::Unusable(RefError::Outside, message),
        }))
    }
}

impl<A: Actor> Drop for Send<A> {
    fn drop(&mut self) {
        self.room.leave::<A::Message>();
    }
}
