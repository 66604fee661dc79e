//! Messages that an actor leaves behind.

use std::collections::VecDeque;

use super::{Actor, Context, Undelivered};
use crate::mailbox::{Envelope, state};
use crate::shard::shielded;

/// Messages that an actor had not handled when its mailbox closed.
pub(super) type Left<M> = Box<VecDeque<Envelope<M>>>;

/// The same on their way out, one by one. Each is counted; those that nobody takes any more are
/// dropped one by one too, whatever the drops before did.
pub(super) struct HandOver<'a, A: Actor> {
    ctx: &'a Context<A>,
    left: Left<A::Message>,
}

impl<'a, A: Actor> HandOver<'a, A> {
    pub(super) const fn new(ctx: &'a Context<A>, left: Left<A::Message>) -> Self {
        Self { ctx, left }
    }

    /// The next message for the actor to be told of; none once it is killed.
    pub(super) fn next(&mut self) -> Option<A::Message> {
        if self.ctx.door().has(state::KILL) { None } else { self.pop() }
    }

    fn pop(&mut self) -> Option<A::Message> {
        let Envelope { header, message } = self.left.pop_front()?;
        self.ctx.kind().left();
        self.ctx.count_undelivered(header, Undelivered::Stopped);
        Some(message)
    }
}

impl<A: Actor> Drop for HandOver<'_, A> {
    fn drop(&mut self) {
        while let Some(message) = self.pop() {
            shielded("a message's drop", || drop(message));
        }
    }
}
