//! Posting a message: to a mailbox of this shard, or into the outbox for another.

use super::ledger::increment;
use super::outbox::Blocked;
use super::{NotFound, Shard};
use crate::actor::Undelivered;
use crate::context::{Header, Record, RemoteContext};
use crate::mailbox::{Door, Envelope, Parcel, Relief, Unpushed, WhenFull, state};
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

/// A message that was not accepted, and why. On its way it is boxed: what is made in memory for
/// the rare case is written to memory in all.
pub(crate) type Unposted<M> = Box<(Refused, M)>;

/// What a message is posted as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Accept {
    /// A cast or send: deadline and trace of the message being handled go with it.
    Cast,
    /// A call: its header on this shard, its deadline, and the task that waits.
    Call { header: Header, deadline: Instant, caller: Pid },
}

impl Shard {
    /// Posts a message, or gives it back.
    #[inline]
    pub(crate) fn post<M: Send + 'static>(
        &self,
        to: Pid,
        accept: Accept,
        message: M,
    ) -> Result<(), Unposted<M>> {
        match accept {
            Accept::Cast => self.post_cast::<false, M>(to, Parcel::new(message)),
            Accept::Call { header, .. } if self.is(to.home()) => {
                self.post_here::<false, M>(to.target(), header, Parcel::new(message))
            }
            Accept::Call { .. } => self.post_away::<false, M>(to, accept, message),
        }
    }

    /// Posts a cast. Where `RETURNS` says so, one that is not accepted is given back to its sender
    /// for good, and a letter is written of it.
    #[inline(always)]
    pub(crate) fn post_cast<const RETURNS: bool, M: Send + 'static>(
        &self,
        to: Pid,
        message: Parcel<M>,
    ) -> Result<(), Unposted<M>> {
        if self.is(to.home()) {
            self.post_here::<RETURNS, M>(to.target(), self.cast_header(), message)
        } else {
            self.post_away::<RETURNS, M>(to, Accept::Cast, message.set_apart())
        }
    }

    #[inline(always)]
    fn post_here<const RETURNS: bool, M: Send + 'static>(
        &self,
        target: (u32, u32),
        header: Header,
        message: Parcel<M>,
    ) -> Result<(), Unposted<M>> {
        match self.push(target, header, message) {
            Ok(see_to) => {
                self.accepted(target, see_to, self.id());
                Ok(())
            }
            Err((why, message)) => {
                self.not_pushed::<RETURNS, M>(target, header, why, message.set_apart())
            }
        }
    }

    /// Posts a call to an actor of this shard.
    #[inline(never)]
    pub(crate) fn post_call_here<M: Send + 'static>(
        &self,
        target: (u32, u32),
        header: Header,
        message: M,
    ) -> Result<(), Unposted<M>> {
        self.post_here::<false, M>(target, header, Parcel::new(message))
    }

    /// What becomes of a message that a mailbox of this shard did not take.
    #[cold]
    #[inline(never)]
    fn not_pushed<const RETURNS: bool, M: Send + 'static>(
        &self,
        target: (u32, u32),
        header: Header,
        why: Unpushed,
        message: M,
    ) -> Result<(), Unposted<M>> {
        let refused = match why {
            Unpushed::Full => match self.post_to_full(target, header, message) {
                Ok(()) => return Ok(()),
                Err(refused) => refused,
            },
            Unpushed::Closed => self.not_admitted(header, Refused::Closed, message),
            Unpushed::NotFound(not_found) => self.not_admitted(header, not_found.into(), message),
        };
        if RETURNS {
            self.write_returned::<M>(self.pid_here(target), refused.0);
        }
        Err(refused)
    }

    fn not_admitted<M>(&self, header: Header, why: Refused, message: M) -> Unposted<M> {
        self.end_header(header);
        Box::new((why, message))
    }

    /// A message entered a mailbox.
    #[inline(always)]
    pub(crate) fn accepted(&self, target: (u32, u32), see_to: u32, from: ShardId) {
        self.count_accepted();
        if see_to != 0 {
            self.observe(|| Event::Queued { slot: target.0, generation: target.1, from });
            if see_to & state::IDLE != 0 {
                self.schedule(target.0);
            }
        }
    }

    /// What becomes of a message that found no room, by the mailbox's bound.
    fn post_to_full<M: Send + 'static>(
        &self,
        target: (u32, u32),
        header: Header,
        message: M,
    ) -> Result<(), Unposted<M>> {
        self.mailbox_was_full(target.0);
        let Err(message) = self.make_room(target, header, message) else {
            self.count_accepted();
            return Ok(());
        };
        self.end_header(header);
        self.count_refused(target);
        self.observe(|| Event::Refused { slot: target.0 });
        Err(Box::new((Refused::Full(None), message)))
    }

    /// Applies a dropping or sliding bound to an accepted message that found no room. Gives it
    /// back where the bound is of another kind.
    pub(super) fn make_room<M: Send + 'static>(
        &self,
        target: (u32, u32),
        header: Header,
        message: M,
    ) -> Result<(), M> {
        let mut message = Some(message);
        let mut newest = false;
        let unlucky = self.with_mailbox(target, |door: &Door<M>| match door.when_full() {
            WhenFull::DropNewest => {
                newest = true;
                message.take().map(|message| Envelope { header, message })
            }
            WhenFull::DropOldest => {
                let oldest = door.pop();
                if let Some(message) = message.take() {
                    door.put(header, Parcel::new(message));
                }
                oldest
            }
            _ => None,
        });
        if let Ok(Some(Envelope { header, message: unlucky })) = unlucky {
            let to = self.pid_here(target);
            if newest {
                self.message_turned_away::<M>(to, header, Undelivered::Overflow);
            } else {
                self.message_pushed_out::<M>(to, header, Undelivered::Overflow);
            }
            // Its sender is not the one who happens to need the room.
            self.guarded("a message's drop", || drop(unlucky));
        }
        message.map_or(Ok(()), Err)
    }

    /// Posts a message with a context of its own.
    pub(super) fn post_with<M: Send + 'static>(
        &self,
        to: Pid,
        record: Record,
        message: M,
    ) -> Result<(), Unposted<M>> {
        if self.is(to.home()) {
            let header = self.records.insert(record);
            return self.post_here::<false, M>(to.target(), header, Parcel::new(message));
        }
        if let Err(refused) = self.may_leave(to) {
            return Err(Box::new((refused, message)));
        }
        let context = RemoteContext {
            trace: record.trace.map(|trace| *trace),
            chain: record.chain.as_slice().to_vec(),
        };
        self.check_node(to);
        let packet = pack_traced(to.target(), record.deadline, (0, 0), context, message);
        self.outboxes.push_user(to.shard(), |outbox| outbox.push(packet));
        Ok(())
    }

    /// Puts a message for another shard into its outbox.
    #[inline(never)]
    pub(crate) fn post_away<const RETURNS: bool, M: Send + 'static>(
        &self,
        to: Pid,
        accept: Accept,
        message: M,
    ) -> Result<(), Unposted<M>> {
        if let Err(refused) = self.may_leave(to) {
            if RETURNS {
                self.write_returned::<M>(to, refused);
            }
            return Err(Box::new((refused, message)));
        }
        self.send_away(to, accept, message);
        Ok(())
    }

    /// Whether a message to an actor that is not of this shard may go into an outbox now.
    #[inline]
    fn may_leave(&self, to: Pid) -> Result<(), Refused> {
        if to.node() != self.node() {
            return Err(Refused::NotLocal);
        }
        let peer = to.shard();
        if peer.0 >= self.shards() {
            return Err(Refused::Closed);
        }
        self.outboxes.check(peer, to.target()).map_err(|blocked| {
            if self.outboxes.is_sealed() {
                return Refused::Closed;
            }
            self.count_refused_away();
            self.observe(|| Event::Refused { slot: to.slot() });
            Refused::Full(Some(blocked))
        })
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

    /// Tells of a message that is about to leave for an actor of another node: the packet would not
    /// say so. Where assertions are compiled in, as in tests: [`Shard::may_leave`] has looked.
    #[inline(always)]
    pub(super) fn check_node(&self, to: Pid) {
        if cfg!(debug_assertions) && to.node() != self.node() {
            self.went_astray(to);
        }
    }

    #[cold]
    #[inline(never)]
    fn went_astray(&self, to: Pid) {
        self.observe(|| Event::Astray { node: to.node(), slot: to.slot() });
    }

    #[inline(always)]
    pub(crate) fn count_accepted(&self) {
        increment(&self.work.accepted);
    }

    /// Tells those whom a mailbox found room for.
    pub(crate) fn tell(&self, pid: Pid, relief: Relief) {
        if relief.moved > 0 {
            let (slot, generation) = pid.target();
            self.observe(|| Event::Relieved { slot, generation, count: relief.moved });
        }
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
