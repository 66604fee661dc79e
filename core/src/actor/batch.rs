//! Messages that an actor takes out of its own mailbox, behind the one that it handles.

use std::collections::VecDeque;
use std::rc::Rc;

use super::{Actor, Context, Undelivered};
use crate::context::Header;
use crate::mailbox::{Envelope, state};
use crate::pid::Pid;
use crate::shard::{Addressee, Kind, Shard, shielded};

/// For whom messages were taken, and who counts what becomes of them.
#[derive(Clone)]
pub(crate) struct Owner {
    pid: Pid,
    kind: Rc<Kind>,
}

impl Owner {
    /// A message that was taken has been handled.
    pub(crate) fn handled(&self, shard: &Shard, header: Header) {
        self.kind.left();
        shard.message_carried(&self.kind, header);
    }

    /// Puts messages that were taken back in front of all others, if another incarnation of the
    /// actor may handle them. They are in the order in which they were taken.
    pub(crate) fn put_back<M: Send + 'static>(
        &self,
        shard: &Shard,
        taken: &mut VecDeque<(Header, M)>,
    ) {
        let _gone = shard.with_mailbox::<M, ()>(self.pid.target(), |door| {
            if !door.may_go_on() || shard.is_closing() {
                return;
            }
            while let Some((header, message)) = taken.pop_back() {
                self.kind.left();
                door.put_back(Envelope { header, message });
            }
        });
    }

    /// A message that was taken will not be.
    pub(crate) fn undelivered(&self, shard: &Shard, header: Header) {
        self.kind.left();
        let to = Addressee { pid: self.pid, kind: &self.kind, message: self.kind.message };
        shard.message_undelivered(&to, header, Undelivered::Stopped);
    }
}

impl<A: Actor> Context<A> {
    /// Who counts what this actor takes.
    pub(crate) fn owner(&self) -> Owner {
        Owner { pid: self.pid(), kind: self.kind().clone() }
    }

    /// Takes the oldest message, as the actor's loop would: none once the actor is to end, none
    /// whose deadline has passed, and its room goes to whoever waits for it. What becomes of it is
    /// for the [`Owner`] to count.
    pub(crate) fn take_queued(&self, shard: &Shard) -> Option<(Header, A::Message)> {
        while !self.is_ending() {
            let envelope = self.door().pop()?;
            if self.door().has(state::PRESSURE) {
                self.relieve(shard);
            }
            if envelope.header.is_none() || !shard.has_expired(envelope.header) {
                self.kind().taken();
                return Some((envelope.header, envelope.message));
            }
            self.count_undelivered(envelope.header, Undelivered::Expired);
            shielded("a message's drop", || drop(envelope.message));
        }
        None
    }

    /// Closes the mailbox of an actor that ends with the message it handles, and takes what is in
    /// it. What becomes of it is for the [`Owner`] to count. Nothing where another incarnation may
    /// handle it.
    pub(crate) fn take_left(&self) -> impl Iterator<Item = (Header, A::Message)> + use<A> {
        let left = if self.may_go_on() { None } else { self.close() };
        let left = left.into_iter().flat_map(|left| *left);
        left.map(|envelope| (envelope.header, envelope.message))
    }

    /// Whether the actor was asked to end after the message that it handles, or at once.
    pub(crate) fn is_ending(&self) -> bool {
        self.door().has(state::STOP | state::KILL)
    }
}
