//! Messages that are not handled, and whose they were.

use std::any::type_name;
use std::rc::Rc;

use super::Shard;
use super::kinds::Kind;
use super::ledger::increment;
use crate::actor::Undelivered;
use crate::context::Header;
use crate::letters::LetterReason;
use crate::pid::Pid;
use crate::trace::Event;

/// For whom a message was.
pub(crate) struct Addressee<'a> {
    pub(crate) pid: Pid,
    pub(crate) kind: &'a Kind,
    /// The name of the message's type.
    pub(crate) message: &'static str,
}

impl Shard {
    /// An accepted message will not be handled.
    #[inline(never)]
    pub(crate) fn message_undelivered(
        &self,
        to: &Addressee<'_>,
        header: Header,
        reason: Undelivered,
    ) {
        to.kind.undeliver(reason);
        self.ledger.undeliver(reason);
        self.end_header(header);
        self.observe(|| Event::Undelivered { reason: reason as u8 });
        self.write_letter(to, LetterReason::Undelivered(reason));
    }

    /// The same for a message `M` that went into no mailbox.
    pub(crate) fn message_turned_away<M>(&self, to: Pid, header: Header, reason: Undelivered) {
        let kind = self.kind_of(to.target());
        increment(&kind.aside);
        let to = Addressee { pid: to, kind: &kind, message: type_name::<M>() };
        self.message_undelivered(&to, header, reason);
    }

    /// The same for a message `M` that was taken out of a mailbox again.
    pub(super) fn message_pushed_out<M>(&self, to: Pid, header: Header, reason: Undelivered) {
        let kind = self.kind_of(to.target());
        let to = Addressee { pid: to, kind: &kind, message: type_name::<M>() };
        self.message_undelivered(&to, header, reason);
    }

    /// A message on its way to another shard goes down with this one.
    pub(crate) fn message_abandoned(&self) {
        self.count_accepted();
        let kind = self.configs.kinds.nobody();
        increment(&kind.aside);
        let to = Addressee { pid: Pid::NOBODY, kind: &kind, message: "" };
        self.message_undelivered(&to, Header::NONE, Undelivered::Abandoned);
    }

    /// A message for an actor of this shard was refused for want of room.
    pub(super) fn count_refused(&self, target: (u32, u32)) {
        self.ledger.refuse();
        self.kind_of(target).refuse();
    }

    /// A message for another shard was.
    pub(super) fn count_refused_away(&self) {
        self.ledger.refuse();
        self.configs.kinds.nobody().refuse();
    }

    /// A pid of this shard.
    pub(super) fn pid_here(&self, (slot, generation): (u32, u32)) -> Pid {
        Pid::new(self.node(), self.id(), slot, generation)
    }

    /// The kind of an actor of this shard; that of no actor where there is none.
    pub(crate) fn kind_of(&self, (slot, generation): (u32, u32)) -> Rc<Kind> {
        let task = self.tasks.actor(slot, generation);
        let kind = task.and_then(|task| task.share().map(|share| share.kind.clone()));
        kind.unwrap_or_else(|| self.configs.kinds.nobody())
    }
}
