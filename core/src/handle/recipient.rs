//! A handle to any actor that takes a certain message.

use std::fmt;

use super::{ActorRef, CastError, RefError};
use crate::actor::Actor;
use crate::pid::Pid;
use crate::shard::current;

/// Sends `M` to an actor whose own messages are made from it; which actor, its type does not say.
/// Plain data, like [`ActorRef`].
pub struct Recipient<M> {
    pid: Pid,
    cast: fn(Pid, M) -> Result<(), CastError<M>>,
}

impl<A: Actor> ActorRef<A> {
    /// This actor as a recipient of `M`.
    #[must_use]
    pub fn recipient<M: Send + 'static>(&self) -> Recipient<M>
    where
        A::Message: From<M>,
    {
        Recipient { pid: self.pid(), cast: convert_and_cast::<A::Message, M> }
    }
}

impl<M: Send + 'static> Recipient<M> {
    /// The actor's pid.
    #[must_use]
    pub const fn pid(&self) -> Pid {
        self.pid
    }

    /// Sends a message without waiting. Room is looked for before the message is converted, so
    /// that it can be given back as it was.
    ///
    /// # Errors
    ///
    /// As [`ActorRef::cast`].
    pub fn cast(&self, message: M) -> Result<(), CastError<M>> {
        (self.cast)(self.pid, message)
    }
}

fn convert_and_cast<N, M>(to: Pid, message: M) -> Result<(), CastError<M>>
where
    N: From<M> + Send + 'static,
{
    let Some(reserved) = current::with(|shard| shard.reserve::<N>(to)) else {
        return Err(CastError::Unusable(RefError::Outside, message));
    };
    match reserved {
        Ok(reservation) => {
            reservation.fill(N::from(message));
            Ok(())
        }
        Err(refused) => {
            current::with(|shard| shard.write_returned::<M>(to, refused));
            Err(CastError::of(refused, message))
        }
    }
}

impl<M> Clone for Recipient<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Recipient<M> {}

impl<M> fmt::Debug for Recipient<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({})", self.pid)
    }
}
