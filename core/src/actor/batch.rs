//! Messages that an actor takes out of its own mailbox, behind the one that it handles.

use super::{Actor, Context};
use crate::context::Header;
use crate::mailbox::state;
use crate::shard::{Shard, shielded};

impl<A: Actor> Context<A> {
    /// Takes the oldest message, as the actor's loop would: none once the actor is to end, none
    /// whose deadline has passed, and its room goes to whoever waits for it. The loop does not count
    /// what is taken here; whoever takes it does.
    pub(crate) fn take_queued(&self, shard: &Shard) -> Option<(Header, A::Message)> {
        while !self.is_ending() {
            let envelope = self.door().pop()?;
            if self.door().has(state::PRESSURE) {
                self.relieve(shard);
            }
            if envelope.header.is_none() || !shard.expire_message(envelope.header) {
                return Some((envelope.header, envelope.message));
            }
            shielded("a message's drop", || drop(envelope.message));
        }
        None
    }

    /// Closes the mailbox of an actor that ends with the message it handles, and takes what is in
    /// it. As [`Context::take_queued`], this counts nothing.
    pub(crate) fn take_left(&self) -> impl Iterator<Item = (Header, A::Message)> + use<A> {
        let left = self.close().into_iter().flat_map(|left| *left);
        left.map(|envelope| (envelope.header, envelope.message))
    }

    /// Whether the actor was asked to end after the message that it handles, or at once.
    pub(crate) fn is_ending(&self) -> bool {
        self.door().has(state::ENDING)
    }
}
