//! `cast`: send without waiting.

use std::fmt;

use super::{ActorRef, RefError};
use crate::actor::Actor;
use crate::mailbox::Parcel;
use crate::pid::Pid;
use crate::shard::current::Here;
use crate::shard::{Refused, Unposted};

/// A message was not accepted, and is given back.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CastError<M> {
    /// The mailbox, or the way to its shard, has no room now.
    Full(M),
    /// The actor has ended or is ending.
    Closed(M),
    /// The ref leads nowhere from here.
    Unusable(RefError, M),
}

impl<M> CastError<M> {
    /// The message.
    pub fn into_message(self) -> M {
        match self {
            Self::Full(message) | Self::Closed(message) | Self::Unusable(_, message) => message,
        }
    }

    #[inline(always)]
    #[expect(clippy::boxed_local, reason = "it comes boxed: see `Unposted`")]
    pub(crate) fn of_unposted(unposted: Unposted<M>) -> Self {
        let (refused, message) = *unposted;
        Self::of(refused, message)
    }

    pub(crate) fn of(refused: Refused, message: M) -> Self {
        match refused {
            Refused::Full(_) => Self::Full(message),
            Refused::Closed => Self::Closed(message),
            Refused::WrongType => Self::Unusable(RefError::WrongType, message),
            Refused::NotLocal => Self::Unusable(RefError::NotLocal, message),
        }
    }
}

impl<M> fmt::Display for CastError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("no room for the message now"),
            Self::Closed(_) => f.write_str("the actor has ended"),
            Self::Unusable(why, _) => why.fmt(f),
        }
    }
}

impl<M> fmt::Debug for CastError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("Full(..)"),
            Self::Closed(_) => f.write_str("Closed(..)"),
            Self::Unusable(why, _) => write!(f, "Unusable({why:?}, ..)"),
        }
    }
}

impl<M> std::error::Error for CastError<M> {}

impl<A: Actor> ActorRef<A> {
    /// Sends a message without waiting.
    ///
    /// To an actor of another shard, `Ok` means that the message is on its way: it is handled, or
    /// counted as undelivered there.
    ///
    /// # Errors
    ///
    /// Gives the message back: [`CastError::Full`] when there is no room now,
    /// [`CastError::Closed`] when the actor has ended.
    #[inline(always)]
    pub fn cast(&self, message: A::Message) -> Result<(), CastError<A::Message>> {
        cast(self.pid(), message)
    }
}

#[inline(always)]
pub(crate) fn cast<M: Send + 'static>(to: Pid, message: M) -> Result<(), CastError<M>> {
    let message = Parcel::new(message);
    let here = Here::look();
    match here.shard() {
        Some(shard) => match shard.post_cast::<true, M>(to, message) {
            Ok(()) => Ok(()),
            Err(unposted) => Err(CastError::of_unposted(unposted)),
        },
        None => Err(CastError::Unusable(RefError::Outside, message.set_apart())),
    }
}
