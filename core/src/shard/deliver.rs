//! What arrives from other shards, and what each kind of packet does here.

use std::rc::Rc;
use std::sync::Arc;

use super::Shard;
use crate::actor::{Ending, ExitReason, Undelivered, catch};
use crate::context::{Chain, Header, Record, RemoteContext};
use crate::mailbox::{Door, Envelope, Parcel, Unpushed, state};
use crate::mesh::{Deliver, Packet, PacketMeta};
use crate::pid::{Pid, ShardId};
use crate::reply::Reply;

impl Shard {
    /// Input: a packet from another shard of this node. A panic in user code that runs on the way
    /// (the `Drop` of a message nobody takes) ends nothing.
    pub fn deliver(&self, from: ShardId, packet: Packet) {
        if let Err(message) = catch(|| packet.open(self, from)) {
            self.report_drop(message);
        }
    }

    /// Reports a panic in user code that ran while a packet was delivered.
    #[cold]
    pub(super) fn report_drop(&self, message: Arc<str>) {
        let nobody = Pid::new(self.node(), self.id(), u32::MAX, 0);
        self.report(nobody, "a message's drop", &ExitReason::Panicked(message));
    }

    fn arrive<M: Send + 'static>(
        &self,
        meta: PacketMeta,
        context: Option<Box<RemoteContext>>,
        message: M,
    ) {
        let header = self.header_of(&meta, context);
        let target = (meta.slot, meta.generation);
        // Behind what waits for room; but nothing is accepted after a drain.
        let crowded = self
            .with_mailbox(target, |door: &Door<M>| door.has_overflow() && !door.has(state::CLOSED));
        if crowded == Ok(true) {
            return self.not_arrived(&meta, header, Unpushed::Full, message);
        }
        match self.push(target, header, Parcel::new(message)) {
            Ok(wake) => self.accepted(target, wake),
            Err((why, message)) => self.not_arrived(&meta, header, why, message.set_apart()),
        }
    }

    /// A message of another shard that the mailbox did not take.
    #[cold]
    fn not_arrived<M: Send + 'static>(
        &self,
        meta: &PacketMeta,
        header: Header,
        why: Unpushed,
        message: M,
    ) {
        self.ledger.accept();
        match why {
            Unpushed::Full => self.overflow(meta, header, message),
            Unpushed::Closed | Unpushed::NotFound(_) => {
                self.message_undelivered(header, Undelivered::Stopped);
                drop(message);
            }
        }
    }

    /// A message of another shard for which there is no room.
    fn overflow<M: Send + 'static>(&self, meta: &PacketMeta, header: Header, message: M) {
        let target = (meta.slot, meta.generation);
        let Err(message) = self.make_room(target, header, message) else { return };
        let stop = self.with_mailbox(target, |door: &Door<M>| {
            door.keep(Some(meta.from), Envelope { header, message })
        });
        if let Ok(Some(number)) = stop {
            let stop = Stop { generation: meta.generation, number };
            self.push_system(meta.from, Packet::system(meta.slot, stop));
        }
    }

    fn header_of(&self, meta: &PacketMeta, context: Option<Box<RemoteContext>>) -> Header {
        let (slot, generation) = meta.caller;
        let caller = (generation != 0).then(|| Pid::new(self.node(), meta.from, slot, generation));
        if context.is_none() && caller.is_none() && meta.deadline.is_never() {
            return Header::NONE;
        }
        let context = context.map(|context| *context);
        let (trace, rest) = context.map_or((None, Vec::new()), |c| (c.trace, c.chain));
        let chain = match caller {
            None if rest.is_empty() => Chain::Empty,
            None => Chain::Many(rest),
            Some(caller) if rest.is_empty() => Chain::One(caller),
            Some(caller) => Chain::Many(std::iter::once(caller).chain(rest).collect()),
        };
        self.records.insert(Record { deadline: meta.deadline, trace: trace.map(Rc::new), chain })
    }
}

/// A user message.
pub(super) struct Arrival<M>(pub(super) M);

impl<M: Send + 'static> Deliver for Arrival<M> {
    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        shard.arrive(meta, None, self.0);
    }
}

/// A user message with a trace, or with more than one actor waiting for its answer.
pub(super) struct TracedArrival<M> {
    pub(super) message: M,
    pub(super) context: Box<RemoteContext>,
}

impl<M: Send + 'static> Deliver for TracedArrival<M> {
    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        shard.arrive(meta, Some(self.context), self.message);
    }
}

/// A mailbox over there is full: do not send to it.
struct Stop {
    generation: u32,
    /// Tells this STOP from others of the mailbox: a GO under way is for an earlier one.
    number: u64,
}

impl Deliver for Stop {
    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        shard.outboxes.stop(meta.from, (meta.slot, self.generation), self.number);
    }
}

/// A mailbox over there has room, or is gone.
pub(super) struct Go {
    pub(super) generation: u32,
}

impl Deliver for Go {
    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        for (_, waker) in shard.outboxes.go(meta.from, (meta.slot, self.generation)) {
            waker.wake();
        }
    }
}

/// Bits for an actor's state word.
pub(super) struct Signal {
    pub(super) generation: u32,
    pub(super) bits: u32,
}

impl Deliver for Signal {
    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        shard.signal_here((meta.slot, self.generation), self.bits);
    }
}

/// An actor is to be killed for that reason.
pub(super) struct Kill {
    pub(super) generation: u32,
    pub(super) reason: Ending,
}

impl Deliver for Kill {
    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        shard.kill_here((meta.slot, self.generation), self.reason);
    }
}

/// Somebody wants to know how an actor ends.
pub(super) struct Watch {
    pub(super) generation: u32,
    pub(super) watcher: Reply<Ending>,
}

impl Deliver for Watch {
    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        shard.watch_here((meta.slot, self.generation), self.watcher);
    }
}

/// Code of the framework to run there: a spawn, mostly.
pub(crate) struct Run(pub(crate) Box<dyn FnOnce(&Shard) + Send>);

impl Deliver for Run {
    fn deliver(self, shard: &Shard, _: PacketMeta) {
        (self.0)(shard);
    }
}
