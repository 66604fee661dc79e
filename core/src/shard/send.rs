//! Posting a message: to a mailbox of this shard, or into the outbox for another.

use super::outbox::Blocked;
use super::{NotFound, Shard};
use crate::actor::Undelivered;
use crate::context::{Header, Record, RemoteContext};
use crate::mailbox::{AnyDoor, Door, Envelope, MailboxBound, Refusal, Relief};
use crate::mesh::Packet;
use crate::pid::{Pid, ShardId};
use crate::shard::deliver::{Arrival, Go, TracedArrival};
use crate::time::Instant;
use crate::trace::Event;

/// Why a message was not accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    /// No room; `Some` says what the sender of another shard waits for.
    Full(Option<Blocked>),
    /// The actor has ended, is ending, or never was.
    Closed,
    /// The actor takes messages of another type.
    WrongType,
    /// The actor lives on another node.
    NotLocal,
}

/// What a message is posted as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Accept {
    /// A cast or send: deadline and trace of the message being handled go with it.
    Cast,
    /// A call: its header on this shard, its deadline, and the actor that waits.
    Call { header: Header, deadline: Instant, caller: (u32, u32) },
}

impl Shard {
    /// Posts a message, or gives it back.
    #[inline]
    pub(crate) fn post<M: Send + 'static>(
        &self,
        to: Pid,
        accept: Accept,
        message: M,
    ) -> Result<(), (Refused, M)> {
        if self.is(to.node(), to.shard()) {
            self.post_here((to.slot(), to.generation()), accept, message)
        } else {
            self.post_away(to, accept, message)
        }
    }

    #[inline]
    fn post_here<M: Send + 'static>(
        &self,
        target: (u32, u32),
        accept: Accept,
        message: M,
    ) -> Result<(), (Refused, M)> {
        let header = match accept {
            Accept::Cast => self.cast_header(),
            Accept::Call { header, .. } => header,
        };
        let pushed = self
            .with_mailbox(target, message, |door: &Door<M>, message| door.push(header, message));
        match pushed {
            Ok(Ok(wake)) => {
                self.ledger.accept();
                self.observe(|| Event::Queued { slot: target.0, generation: target.1 });
                if wake {
                    self.schedule(target.0);
                }
                Ok(())
            }
            Ok(Err((refusal, message))) => self.refuse_here(target, header, refusal, message),
            Err((not_found, message)) => {
                self.end_header(header);
                Err((refused_for(not_found), message))
            }
        }
    }

    /// Posts a message with a context of its own.
    pub(super) fn post_with<M: Send + 'static>(
        &self,
        to: Pid,
        record: Record,
        message: M,
    ) -> Result<(), (Refused, M)> {
        if self.is(to.node(), to.shard()) {
            let header = self.records.insert(record);
            // A header of its own is all that a call's acceptance differs in here.
            let accept = Accept::Call { header, deadline: Instant::NEVER, caller: (0, 0) };
            return self.post_here((to.slot(), to.generation()), accept, message);
        }
        let context = RemoteContext {
            trace: record.trace.map(|trace| *trace),
            chain: record.chain.as_slice().to_vec(),
        };
        self.leave(to, message, |target, message| {
            packet(target, record.deadline, (0, 0), Some(Box::new(context)), message)
        })
    }

    /// What becomes of a message that found no room, by the mailbox's bound.
    #[cold]
    fn refuse_here<M: Send + 'static>(
        &self,
        target: (u32, u32),
        header: Header,
        refusal: Refusal,
        message: M,
    ) -> Result<(), (Refused, M)> {
        if refusal == Refusal::Closed {
            self.end_header(header);
            return Err((Refused::Closed, message));
        }
        match self.make_room(target, header, message) {
            None => Ok(()),
            Some(message) => {
                self.end_header(header);
                self.ledger.refuse();
                self.observe(|| Event::Refused { slot: target.0 });
                Err((Refused::Full(None), message))
            }
        }
    }

    /// Applies a dropping or sliding bound to a message that found no room; gives the message back
    /// where the bound is of another kind.
    fn make_room<M: Send + 'static>(
        &self,
        target: (u32, u32),
        header: Header,
        message: M,
    ) -> Option<M> {
        let bound = self.with_mailbox(target, (), |door: &Door<M>, ()| door.bound());
        match bound {
            Ok(MailboxBound::Dropping(_)) => {
                self.ledger.accept();
                self.message_undelivered(header, Undelivered::Overflow);
                drop(message);
                None
            }
            Ok(MailboxBound::Sliding(_)) => {
                let slid = self.with_mailbox(target, message, |door: &Door<M>, message| {
                    let oldest = door.pop();
                    (oldest, door.push(header, message))
                });
                let Ok((oldest, pushed)) = slid else { return None };
                self.ledger.accept();
                if let Some(Envelope { header, message }) = oldest {
                    self.message_undelivered(header, Undelivered::Overflow);
                    drop(message);
                }
                pushed.err().map(|(_, message)| message)
            }
            _ => Some(message),
        }
    }

    fn post_away<M: Send + 'static>(
        &self,
        to: Pid,
        accept: Accept,
        message: M,
    ) -> Result<(), (Refused, M)> {
        self.leave(to, message, |target, message| {
            let (deadline, caller, is_call) = match accept {
                Accept::Cast => (self.scope_deadline(), (0, 0), false),
                Accept::Call { deadline, caller, .. } => (deadline, caller, true),
            };
            packet(target, deadline, caller, self.remote_context(is_call), message)
        })
    }

    /// Puts what `pack` makes of the message into the outbox, if it may leave now.
    #[inline]
    fn leave<M: Send + 'static>(
        &self,
        to: Pid,
        message: M,
        pack: impl FnOnce((u32, u32), M) -> Packet,
    ) -> Result<(), (Refused, M)> {
        if to.node() != self.node() {
            return Err((Refused::NotLocal, message));
        }
        let (peer, target) = (to.shard(), (to.slot(), to.generation()));
        if peer.0 >= self.shards() {
            return Err((Refused::Closed, message));
        }
        if let Err(blocked) = self.outboxes.check(peer, target) {
            self.ledger.refuse();
            self.observe(|| Event::Refused { slot: target.0 });
            return Err((Refused::Full(Some(blocked)), message));
        }
        self.outboxes.push_user(peer, pack(target, message));
        Ok(())
    }

    /// Puts a system packet into the outbox for a peer, or delivers it where the peer is this
    /// shard.
    pub(crate) fn push_system(&self, peer: ShardId, packet: Packet) {
        if peer == self.id() {
            packet.open(self, peer);
        } else if peer.0 < self.shards() {
            self.outboxes.push_system(peer, packet);
        }
    }

    /// Accepts a message that a timer of this shard brings: it is kept where there is no room.
    pub(crate) fn deliver_late<M: Send + 'static>(&self, door: &Door<M>, message: M) {
        match door.push(Header::NONE, message) {
            Ok(wake) => {
                self.ledger.accept();
                if wake {
                    self.schedule(door.pid().slot());
                }
            }
            Err((Refusal::Full, message)) => {
                self.ledger.accept();
                door.keep(None, Envelope { header: Header::NONE, message });
            }
            Err((Refusal::Closed, message)) => drop(message),
        }
    }

    pub(crate) fn count_accepted(&self) {
        self.ledger.accept();
    }

    /// Tells those whom a mailbox found room for.
    pub(crate) fn tell(&self, pid: Pid, relief: Relief) {
        if relief.schedule {
            self.schedule(pid.slot());
        }
        for peer in relief.go {
            self.push_system(peer, Packet::system(pid.slot(), Go { generation: pid.generation() }));
        }
        for waker in relief.wake {
            waker.wake();
        }
    }
}

pub(super) const fn refused_for(not_found: NotFound) -> Refused {
    match not_found {
        NotFound::Dead => Refused::Closed,
        NotFound::WrongType => Refused::WrongType,
    }
}

fn packet<M: Send + 'static>(
    target: (u32, u32),
    deadline: Instant,
    caller: (u32, u32),
    context: Option<Box<RemoteContext>>,
    message: M,
) -> Packet {
    match context {
        None => Packet::new(target, deadline, caller, Arrival(message)),
        Some(context) => Packet::new(target, deadline, caller, TracedArrival { message, context }),
    }
}
