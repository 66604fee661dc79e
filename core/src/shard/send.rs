//! Posting a message: to a mailbox of this shard, or into the outbox for another.

use super::outbox::Blocked;
use super::{NotFound, Shard};
use crate::actor::Undelivered;
use crate::context::{Header, Record, RemoteContext};
use crate::mailbox::{Door, Envelope, Parcel, Refusal, Relief, WhenFull};
use crate::mesh::Packet;
use crate::pid::{Pid, ShardId};
use crate::shard::deliver::{Go, pack_traced};
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
    /// Posts a message, taking it out of `message`; leaves it there when it is refused.
    #[inline]
    pub(crate) fn post<M: Send + 'static>(
        &self,
        to: Pid,
        accept: Accept,
        message: &mut Parcel<M>,
    ) -> Result<(), Refused> {
        if self.is(to.node(), to.shard()) {
            let target = (to.slot(), to.generation());
            match accept {
                Accept::Cast => self.post_here(target, self.cast_header(), false, message),
                Accept::Call { header, .. } => {
                    self.post_here(target, header, self.may_hand_off(), message)
                }
            }
        } else {
            self.post_away(to, accept, message)
        }
    }

    #[inline]
    fn post_here<M: Send + 'static>(
        &self,
        target: (u32, u32),
        header: Header,
        hand_off: bool,
        message: &mut Parcel<M>,
    ) -> Result<(), Refused> {
        let pushed = self.with_mailbox(target, |door: &Door<M>| door.push(header, message));
        match pushed {
            Ok(Ok(wake)) => {
                if wake && hand_off {
                    self.handoff_to.set(Some(target.0));
                }
                self.accepted(target, wake && !hand_off);
                Ok(())
            }
            Ok(Err(Refusal::Full)) => self.post_to_full(target, header, message),
            Ok(Err(Refusal::Closed)) => {
                self.end_header(header);
                Err(Refused::Closed)
            }
            Err(not_found) => {
                self.end_header(header);
                Err(not_found.into())
            }
        }
    }

    /// A message entered a mailbox.
    #[inline]
    pub(crate) fn accepted(&self, target: (u32, u32), wake: bool) {
        self.ledger.accept();
        self.observe(|| Event::Queued { slot: target.0, generation: target.1 });
        if wake {
            self.schedule(target.0);
        }
    }

    /// What becomes of a message that found no room, by the mailbox's bound.
    #[cold]
    fn post_to_full<M: Send + 'static>(
        &self,
        target: (u32, u32),
        header: Header,
        message: &mut Parcel<M>,
    ) -> Result<(), Refused> {
        if self.make_room(target, header, message) {
            self.ledger.accept();
            return Ok(());
        }
        self.end_header(header);
        self.ledger.refuse();
        self.observe(|| Event::Refused { slot: target.0 });
        Err(Refused::Full(None))
    }

    /// Applies a dropping or sliding bound to an accepted message that found no room. False where
    /// the bound is of another kind.
    pub(super) fn make_room<M: Send + 'static>(
        &self,
        target: (u32, u32),
        header: Header,
        message: &mut Parcel<M>,
    ) -> bool {
        let unlucky = self.with_mailbox(target, |door: &Door<M>| match door.when_full() {
            WhenFull::DropNewest => message.take().map(|message| Envelope { header, message }),
            WhenFull::DropOldest => {
                let oldest = door.pop();
                let pushed = door.push(header, message);
                debug_assert!(pushed.is_ok(), "a message was just taken out");
                oldest
            }
            _ => None,
        });
        let Ok(Some(Envelope { header, message })) = unlucky else { return false };
        self.message_undelivered(header, Undelivered::Overflow);
        drop(message);
        true
    }

    /// Posts a message with a context of its own.
    pub(super) fn post_with<M: Send + 'static>(
        &self,
        to: Pid,
        record: Record,
        message: &mut Parcel<M>,
    ) -> Result<(), Refused> {
        if self.is(to.node(), to.shard()) {
            let header = self.records.insert(record);
            return self.post_here((to.slot(), to.generation()), header, false, message);
        }
        let context = RemoteContext {
            trace: record.trace.map(|trace| *trace),
            chain: record.chain.as_slice().to_vec(),
        };
        self.leave(to, message, |message| {
            let target = (to.slot(), to.generation());
            let packet = pack_traced(target, record.deadline, (0, 0), context, message);
            self.outboxes.push_user(to.shard(), |outbox| outbox.push(packet));
        })
    }

    #[inline(never)]
    fn post_away<M: Send + 'static>(
        &self,
        to: Pid,
        accept: Accept,
        message: &mut Parcel<M>,
    ) -> Result<(), Refused> {
        self.leave(to, message, |message| self.send_away(to, accept, message))
    }

    /// Gives the message to `send`, which puts it into an outbox, if it may leave now.
    #[inline]
    fn leave<M: Send + 'static>(
        &self,
        to: Pid,
        message: &mut Parcel<M>,
        send: impl FnOnce(M),
    ) -> Result<(), Refused> {
        if to.node() != self.node() {
            return Err(Refused::NotLocal);
        }
        let (peer, target) = (to.shard(), (to.slot(), to.generation()));
        if peer.0 >= self.shards() {
            return Err(Refused::Closed);
        }
        if let Err(blocked) = self.outboxes.check(peer, target) {
            self.ledger.refuse();
            self.observe(|| Event::Refused { slot: target.0 });
            return Err(Refused::Full(Some(blocked)));
        }
        if let Some(message) = message.take() {
            send(message);
        }
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

impl From<NotFound> for Refused {
    fn from(not_found: NotFound) -> Self {
        match not_found {
            NotFound::Dead => Self::Closed,
            NotFound::WrongType => Self::WrongType,
        }
    }
}
