//! What a user writes to have an actor that may block.

use super::BlockingContext;
use crate::actor::{ExitReason, Flow, Result, Undelivered};

/// An actor whose handler may block its thread: in a call of a library that knows no futures, in a
/// file system, in a long computation.
///
/// It is an [`Actor`](crate::Actor) once a [`Courier`](super::Courier) carries its messages to where
/// it lives. Handler and hooks run there one at a time, each to its end: what it means to be killed
/// or stopped meanwhile is told with the courier.
///
/// # Panics
///
/// A panic in the handler or a hook ends this actor with
/// [`ExitReason::Panicked`], and nothing else.
pub trait BlockingActor: Sized + 'static {
    /// What it is sent: usually an enum, whose requests carry a [`Reply`](crate::Reply), which is
    /// answered from any thread.
    type Message: Send + 'static;

    /// Handles one message.
    fn handle(&mut self, message: Self::Message, ctx: &BlockingContext<Self>) -> Flow;

    /// Runs before the first message, right after the actor was built. An error ends the actor with
    /// [`ExitReason::InitFailed`], and its spawner is told.
    ///
    /// # Errors
    ///
    /// Whatever keeps the actor from starting.
    fn started(&mut self, ctx: &BlockingContext<Self>) -> Result {
        let _ = ctx;
        Ok(())
    }

    /// Runs after the last message, unless the actor was killed. After a panic the state is what
    /// the panic left.
    fn stopped(&mut self, reason: &ExitReason, ctx: &BlockingContext<Self>) {
        let _ = (reason, ctx);
    }

    /// Receives each message that was accepted and will not be handled, after `stopped` and within
    /// the same limit, [`crate::ActorConfig::stopped_limit`]. The default drops it, which fails a
    /// request's caller at once.
    fn on_undelivered(
        &mut self,
        message: Self::Message,
        reason: Undelivered,
        ctx: &BlockingContext<Self>,
    ) {
        let _ = (reason, ctx);
        drop(message);
    }
}
