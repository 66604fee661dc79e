//! What a user writes to have an actor.

use std::future::Future;

use super::{Context, ExitReason, Result, Signal};

/// State with a mailbox.
///
/// An actor lives on one shard from its making to its end. It is built there by a `Send` factory
/// and need not be `Send` itself; its messages are. Its hooks and handler never run at the same
/// time, so a handler borrows `&mut self` across awaits.
///
/// # Panics
///
/// A panic in the handler or a hook ends this actor with [`ExitReason::Panicked`], and nothing
/// else.
pub trait Actor: Sized + 'static {
    /// What it is sent: usually an enum, whose requests carry a [`crate::Reply`].
    type Message: Send + 'static;

    /// Handles one message. The next one is not looked at before this returns.
    ///
    /// # Cancel safety
    ///
    /// Dropped at an await when the actor is killed; its state is then dropped too.
    fn handle(&mut self, message: Self::Message, ctx: &Context<Self>)
    -> impl Future<Output = Flow>;

    /// Runs before the first message. An error ends the actor with [`ExitReason::InitFailed`],
    /// and its spawner is told.
    ///
    /// # Errors
    ///
    /// Whatever keeps the actor from starting.
    fn started(&mut self, ctx: &Context<Self>) -> impl Future<Output = Result> {
        let _ = ctx;
        async { Ok(()) }
    }

    /// Runs after the last message, unless the actor was killed. After a panic the state is what
    /// the panic left.
    fn stopped(&mut self, reason: &ExitReason, ctx: &Context<Self>) -> impl Future<Output = ()> {
        let _ = (reason, ctx);
        async {}
    }

    /// Hears of other actors: the end of one it monitors, or of one it is linked to. Runs between
    /// messages, before the next one. The default does nothing.
    fn on_signal(&mut self, signal: Signal, ctx: &Context<Self>) -> impl Future<Output = Flow> {
        let _ = (signal, ctx);
        async { Flow::Continue }
    }

    /// Receives each message that was accepted and will not be handled, after `stopped`. The
    /// default drops it, which fails a request's caller at once.
    fn on_undelivered(
        &mut self,
        message: Self::Message,
        reason: Undelivered,
        ctx: &Context<Self>,
    ) -> impl Future<Output = ()> {
        let _ = (reason, ctx);
        drop(message);
        async {}
    }
}

/// What a handler wants next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Flow {
    /// The next message.
    Continue,
    /// To end, with [`ExitReason::Normal`]. Where the actor has a supervisor, that decides whether
    /// another incarnation follows.
    Stop,
}

/// Why an accepted message was not handled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Undelivered {
    /// The actor ended first, or had ended when the message arrived.
    Stopped,
    /// The message's deadline passed before its turn came.
    Expired,
    /// A dropping or sliding mailbox was full.
    Overflow,
    /// It was on its way to another shard when its own was brought down.
    Abandoned,
}

impl Undelivered {
    /// All reasons, in the order in which they are counted.
    pub const ALL: [Self; 4] = [Self::Stopped, Self::Expired, Self::Overflow, Self::Abandoned];
}
