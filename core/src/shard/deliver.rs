//! What arrives from other shards, and what each kind of packet does here.

use std::rc::Rc;

use super::Shard;
use crate::actor::{Ending, Panic, Undelivered, catch};
use crate::context::{Chain, Header, Record, RemoteContext};
use crate::mailbox::{Door, Envelope, Parcel, Unpushed};
use crate::mesh::{Deliver, Packet, PacketMeta};
use crate::pid::{Pid, ShardId};
use crate::reply::Reply;
use crate::shard::Accept;
use crate::time::Instant;
use crate::trace::Event;

impl Shard {
    /// Input: a packet from another shard of this node. A panic in user code that runs on the way
    /// (the `Drop` of a message nobody takes) ends nothing.
    pub fn deliver(&self, from: ShardId, packet: Packet) {
        if let Err(panic) = catch(|| packet.open(self, from)) {
            self.report_drop(panic);
        }
    }

    /// Reports a panic in user code that ran while a packet was delivered.
    #[cold]
    pub(super) fn report_drop(&self, panic: Panic) {
        self.report_stray("a message's drop", panic);
    }

    /// A user message for an actor of this shard.
    #[inline(always)]
    fn arrive<M: Send + 'static>(&self, meta: PacketMeta, header: Header, message: M) {
        let target = (meta.slot, meta.generation);
        match self.push_behind(target, header, Parcel::new(message)) {
            Ok(see_to) => self.accepted(target, see_to, meta.from),
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
        self.count_accepted();
        match why {
            Unpushed::Full => self.overflow(meta, header, message),
            Unpushed::Closed | Unpushed::NotFound(_) => {
                let to = self.pid_here((meta.slot, meta.generation));
                self.message_turned_away::<M>(to, header, Undelivered::Stopped);
                drop(message);
            }
        }
    }

    /// A message of another shard for which there is no room.
    fn overflow<M: Send + 'static>(&self, meta: &PacketMeta, header: Header, message: M) {
        let target = (meta.slot, meta.generation);
        self.mailbox_was_full(meta.slot);
        let Err(message) = self.make_room(target, header, message) else { return };
        let stop = self.with_mailbox(target, |door: &Door<M>| {
            door.keep(Some(meta.from), Envelope { header, message })
        });
        if stop.is_ok() {
            self.observe(|| Event::Kept { slot: target.0, generation: target.1 });
        }
        if let Ok(Some(number)) = stop {
            let stop = Stop { generation: meta.generation, number };
            self.push_system(meta.from, Packet::system(meta.slot, stop));
        }
    }

    /// What the mailbox is to keep of the message's context.
    #[inline]
    fn header_of(&self, meta: &PacketMeta, chain: impl FnOnce(Option<Pid>) -> Chain) -> Header {
        let (slot, generation) = meta.caller;
        if generation == 0 && meta.deadline.is_never() {
            return Header::NONE;
        }
        let caller = (generation != 0).then(|| Pid::new(self.node(), meta.from, slot, generation));
        self.records.insert(Record { deadline: meta.deadline, trace: None, chain: chain(caller) })
    }

    /// Puts a user message into an outbox, with what it takes over from the message being handled;
    /// the caller has checked that it may go there.
    #[inline(always)]
    pub(super) fn send_away<M: Send + 'static>(&self, to: Pid, accept: Accept, message: M) {
        let (peer, target) = (to.shard(), to.target());
        self.check_node(to);
        let (deadline, caller) = match accept {
            Accept::Cast if self.casts_plainly() => (Instant::NEVER, (0, 0)),
            Accept::Call { deadline, caller, .. } if self.scope().is_none() => {
                (deadline, caller.target())
            }
            Accept::Call { deadline, caller, .. }
                if let Some(parent) = self.replies.only_waiter(self.scope()) =>
            {
                // Most calls of a handler that is called itself.
                return self.outboxes.push_user(peer, |outbox| {
                    let content = ChainedArrival { message, parent };
                    outbox.push_new(target, deadline, caller.target(), content);
                });
            }
            Accept::Cast | Accept::Call { .. } => {
                let packet = self.pack(target, accept, message);
                return self.outboxes.push_user(peer, |outbox| outbox.push(packet));
            }
        };
        self.outboxes.push_user(peer, |outbox| {
            outbox.push_new(target, deadline, caller, Arrival(message));
        });
    }

    /// A message as a packet, out of a message with a context.
    #[inline(never)]
    fn pack<M: Send + 'static>(&self, target: (u32, u32), accept: Accept, message: M) -> Packet {
        match accept {
            Accept::Cast => self.pack_cast(target, message),
            Accept::Call { deadline, caller, .. } => {
                self.pack_call(target, deadline, caller.target(), message)
            }
        }
    }

    /// Whether casts out of the message being handled carry nothing.
    #[inline(always)]
    fn casts_plainly(&self) -> bool {
        self.work.scope_casts.get().is_none()
    }

    fn pack_cast<M: Send + 'static>(&self, target: (u32, u32), message: M) -> Packet {
        // Made once for all casts of the handler.
        let header = self.cast_header();
        let deadline = self.header_deadline(header);
        self.end_header(header);
        match self.scope_trace() {
            None => Packet::new(target, deadline, (0, 0), Arrival(message)),
            Some(trace) => {
                let context = RemoteContext { trace: Some(*trace), chain: Vec::new() };
                pack_traced(target, deadline, (0, 0), context, message)
            }
        }
    }

    fn pack_call<M: Send + 'static>(
        &self,
        target: (u32, u32),
        deadline: Instant,
        caller: (u32, u32),
        message: M,
    ) -> Packet {
        let (mut links, mut parent) = (0, Pid::NOBODY);
        self.walk_chain(|pid| {
            links += 1;
            parent = pid;
            links < 2
        });
        let trace = self.scope_trace();
        let here = self.is(parent.home());
        match (links, &trace) {
            (0, None) => Packet::new(target, deadline, caller, Arrival(message)),
            (1, None) if here => {
                let parent = (parent.slot(), parent.generation());
                Packet::new(target, deadline, caller, ChainedArrival { message, parent })
            }
            _ => {
                let trace = trace.map(|trace| *trace);
                let context = RemoteContext { trace, chain: self.scope_chain() };
                pack_traced(target, deadline, caller, context, message)
            }
        }
    }
}

/// A user message with a context that does not fit into the packet.
pub(super) fn pack_traced<M: Send + 'static>(
    target: (u32, u32),
    deadline: Instant,
    caller: (u32, u32),
    context: RemoteContext,
    message: M,
) -> Packet {
    let context = Box::new(context);
    Packet::new(target, deadline, caller, TracedArrival { message, context })
}

/// A user message.
struct Arrival<M>(M);

impl<M: Send + 'static> Deliver for Arrival<M> {
    const IS_MESSAGE: bool = true;

    #[inline(always)]
    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        let header = shard.header_of(&meta, |caller| caller.map_or(Chain::Empty, Chain::One));
        shard.arrive(meta, header, self.0);
    }
}

/// A user message of a caller for whose answer one other actor of its shard waits.
struct ChainedArrival<M> {
    message: M,
    /// Slot and generation.
    parent: (u32, u32),
}

impl<M: Send + 'static> Deliver for ChainedArrival<M> {
    const IS_MESSAGE: bool = true;

    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        let (slot, generation) = self.parent;
        let parent = Pid::new(shard.node(), meta.from, slot, generation);
        let header = shard.header_of(&meta, |caller| match caller {
            None => Chain::One(parent),
            Some(caller) => Chain::Two([caller, parent]),
        });
        shard.arrive(meta, header, self.message);
    }
}

/// A user message with a trace, or with more actors waiting for its answer.
struct TracedArrival<M> {
    message: M,
    context: Box<RemoteContext>,
}

impl<M: Send + 'static> Deliver for TracedArrival<M> {
    const IS_MESSAGE: bool = true;

    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        let RemoteContext { trace, chain } = *self.context;
        let (slot, generation) = meta.caller;
        let caller = (generation != 0).then(|| Pid::new(shard.node(), meta.from, slot, generation));
        let chain = caller.into_iter().chain(chain).collect();
        let record = Record {
            deadline: meta.deadline,
            trace: trace.map(Rc::new),
            chain: Chain::Many(chain),
        };
        shard.arrive(meta, shard.records.insert(record), self.message);
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
    pub(super) for_good: bool,
    pub(super) reason: Ending,
}

impl Deliver for Kill {
    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        shard.kill_here((meta.slot, self.generation), self.reason, self.for_good);
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

/// Somebody does not want to know any more.
pub(super) struct Unwatch {
    pub(super) generation: u32,
    /// Of the port that the watch came with.
    pub(super) name: u64,
}

impl Deliver for Unwatch {
    fn deliver(self, shard: &Shard, meta: PacketMeta) {
        shard.unwatch_here((meta.slot, self.generation), self.name);
    }
}

/// Code of the framework to run there: a spawn, mostly.
pub(crate) struct Run(pub(crate) Box<dyn FnOnce(&Shard) + Send>);

impl Deliver for Run {
    fn deliver(self, shard: &Shard, _: PacketMeta) {
        (self.0)(shard);
    }
}
