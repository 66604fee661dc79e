//! The mailbox of one actor: the queue, the word of flags, and closing.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;

use super::bonds::Bonds;
use super::bound::{MailboxBound, WhenFull};
use super::door::{Parcel, Queue, Unpushed};
use super::pressure::Pressure;
use super::state;
use crate::actor::{Ending, ExitReason};
use crate::context::Header;
use crate::pid::{Pid, ShardId};
use crate::reply::Reply;
use crate::task::waker::StoredWaker;
use crate::timer::TimerId;

/// A message as a mailbox keeps it.
#[derive(Debug)]
pub(crate) struct Envelope<M> {
    pub(crate) header: Header,
    pub(crate) message: M,
}

/// Why a mailbox did not take a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    Full,
    Closed,
}

/// The mailbox of one logical actor.
pub(crate) struct Door<M> {
    pid: Pid,
    pub(super) state: Cell<u32>,
    /// Counts restarts in place; timers and operations of an earlier incarnation are void.
    incarnation: Cell<u32>,
    pub(super) queue: Queue<M>,
    pub(crate) depth_max: u32,
    /// Room promised to parked senders that have not come for it yet.
    pub(super) reserved: Cell<u32>,
    /// Who wants to know how the actor ends: the first; none, mostly.
    pub(super) watcher: Cell<Reply<Ending>>,
    /// What only a crowded or a much watched mailbox has.
    pub(super) cold: RefCell<Option<Box<Cold<M>>>>,
}

/// A send and a take touch no more than that: see `docs/design/cache-lines.md`.
const _: () = assert!(size_of::<Door<u64>>() <= 80);

/// The rarely used part of a mailbox.
pub(super) struct Cold<M> {
    /// Boxed: a mailbox with timers is common, one that is crowded is not.
    pub(super) pressure: Option<Box<Pressure<M>>>,
    /// Who else wants to know how the actor ends.
    pub(super) watchers: Vec<Reply<Ending>>,
    /// Timers that send to this actor.
    timers: Vec<TimerId>,
    /// Why the actor is to be killed, when not for `Killed`.
    pub(super) kill_reason: Option<Ending>,
    /// Boxed, as pressure is.
    pub(super) bonds: Option<Box<Bonds>>,
}

impl<M> Default for Cold<M> {
    fn default() -> Self {
        Self {
            pressure: None,
            watchers: Vec::new(),
            timers: Vec::new(),
            kill_reason: None,
            bonds: None,
        }
    }
}

/// What was in a mailbox when it closed.
pub(crate) struct Closed<M> {
    /// Accepted messages, in order, those of the overflow last.
    pub(crate) messages: VecDeque<Envelope<M>>,
    /// Parked senders, to be woken and refused.
    pub(crate) parked: Vec<StoredWaker>,
    /// Shards that were told STOP, to be told GO.
    pub(crate) stopped: Vec<ShardId>,
}

impl<M: Send + 'static> Door<M> {
    /// An open mailbox; `observed` says whether somebody is told of what happens on its shard.
    pub(crate) fn new(pid: Pid, bound: MailboxBound, observed: bool) -> Self {
        let observed = if observed { state::OBSERVED } else { 0 };
        Self {
            pid,
            state: Cell::new(state::STARTING | observed | state::when_full(bound.when_full())),
            incarnation: Cell::new(1),
            queue: Queue::new(),
            depth_max: bound.depth(),
            reserved: Cell::new(0),
            watcher: Cell::new(Reply::NONE),
            cold: RefCell::new(None),
        }
    }

    pub(crate) const fn pid(&self) -> Pid {
        self.pid
    }

    pub(crate) fn incarnation(&self) -> u32 {
        self.incarnation.get()
    }

    pub(crate) fn begin_incarnation(&self, number: u32) {
        self.incarnation.set(number);
    }

    #[inline]
    pub(crate) fn has(&self, bits: u32) -> bool {
        self.state.get() & bits != 0
    }

    #[inline]
    pub(crate) fn set(&self, bits: u32) {
        self.state.set(self.state.get() | bits);
        if bits & (state::CLOSED | state::PRESSURE) != 0 {
            self.queue.forbid();
        }
    }

    #[inline]
    pub(crate) fn clear(&self, bits: u32) {
        self.state.set(self.state.get() & !bits);
    }

    /// What becomes of a message there is no room for.
    pub(crate) fn when_full(&self) -> WhenFull {
        if self.has(state::REJECTS) {
            WhenFull::Reject
        } else if self.has(state::DROPS_NEWEST) {
            WhenFull::DropNewest
        } else if self.has(state::DROPS_OLDEST) {
            WhenFull::DropOldest
        } else {
            WhenFull::Wait
        }
    }

    /// Puts in a message if it is admitted. Returns what there is to see to: see
    /// [`Door::end_idle`].
    #[inline(always)]
    pub(super) fn put_in(
        &self,
        header: Header,
        message: Parcel<M>,
    ) -> Result<u32, (Unpushed, Parcel<M>)> {
        match self.queue.push_quickly(header, message) {
            Ok(()) => Ok(self.end_idle()),
            Err(message) => match self.look_for_room() {
                Ok(()) => Ok(self.put(header, message)),
                Err(Refusal::Full) => Err((Unpushed::Full, message)),
                Err(Refusal::Closed) => Err((Unpushed::Closed, message)),
            },
        }
    }

    /// Puts in a message of another shard if it is admitted and nothing waits for room before it.
    #[inline(always)]
    pub(super) fn put_behind(
        &self,
        header: Header,
        message: Parcel<M>,
    ) -> Result<u32, (Unpushed, Parcel<M>)> {
        match self.queue.push_quickly(header, message) {
            Ok(()) => Ok(self.end_idle()),
            // But nothing is accepted after a drain.
            Err(message) if self.has_overflow() && !self.has(state::CLOSED) => {
                Err((Unpushed::Full, message))
            }
            Err(message) => self.put_in(header, message),
        }
    }

    /// Looks whether a message is admitted, and says how many more need no such look.
    #[cold]
    #[inline(never)]
    fn look_for_room(&self) -> Result<(), Refusal> {
        self.has_room()?;
        // Under pressure every message needs the look: some are to queue behind others. Up to here
        // there are places; the message that comes now may make more.
        if !self.has(state::PRESSURE) {
            self.queue.allow(self.depth_max - self.reserved.get());
        }
        Ok(())
    }

    /// Notes that the actor has a message. Returns what the state word says there is to see to:
    /// that the actor was idle and has to be scheduled, that somebody observes.
    #[inline(always)]
    fn end_idle(&self) -> u32 {
        let state = self.state.get();
        let see_to = state & state::SEEN_TO;
        if see_to != 0 {
            self.state.set(state & !state::IDLE);
        }
        see_to
    }

    /// Puts in a message for which there is room. Returns what there is to see to: see
    /// [`Door::end_idle`].
    #[inline(always)]
    pub(crate) fn put(&self, header: Header, message: Parcel<M>) -> u32 {
        self.queue.push_back(header, message);
        self.end_idle()
    }

    /// Whether the actor only waited for a message. It does no longer then.
    #[inline(always)]
    pub(crate) fn begin_if_idle(&self) -> bool {
        let state = self.state.get();
        let idle = state & (state::IDLE | state::UNREST) == state::IDLE;
        if idle {
            self.state.set(state & !state::IDLE);
        }
        idle
    }

    /// Has the actor wait for a message, unless there is one, or something else to see to.
    #[inline(always)]
    pub(crate) fn idle_if_at_rest(&self) -> bool {
        let rests = self.queue.len() == 0 && !self.has(state::UNREST);
        if rests {
            self.set(state::IDLE);
        }
        rests
    }

    /// Sets room aside; the caller has seen that there is some.
    pub(crate) fn hold_reserved(&self) {
        self.reserved.set(self.reserved.get() + 1);
        self.queue.forbid();
    }

    /// Turns room that was reserved back into room for anybody.
    pub(crate) fn release_reserved(&self) {
        // Closing voids reservations, also those that somebody still holds.
        self.reserved.set(self.reserved.get().saturating_sub(1));
    }

    /// Whether a message would be admitted now.
    #[inline(always)]
    pub(crate) fn has_room(&self) -> Result<(), Refusal> {
        if self.has(state::CLOSED) {
            return Err(Refusal::Closed);
        }
        if self.is_roomy() { Ok(()) } else { Err(Refusal::Full) }
    }

    #[inline]
    pub(super) fn is_roomy(&self) -> bool {
        self.queue.len() + self.reserved.get() < self.depth_max
    }

    /// Whether no message waits.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.len() == 0
    }

    /// See [`Queue::next`].
    #[inline(always)]
    pub(crate) fn next(&self) -> Option<(Header, Parcel<M>)> {
        self.queue.next()
    }

    /// Takes the oldest message.
    #[inline]
    pub(crate) fn pop(&self) -> Option<Envelope<M>> {
        self.queue.pop_front()
    }

    /// Puts a message that was taken back in front of all others, whatever the bound: another
    /// incarnation is to handle it.
    pub(crate) fn put_back(&self, envelope: Envelope<M>) {
        self.queue.push_front(envelope);
    }

    /// Whether an actor that ends now leaves what is in here to another incarnation, unless its
    /// shard goes down.
    pub(crate) fn may_go_on(&self) -> bool {
        self.has(state::SUPERVISED) && !self.has(state::DISMISSED | state::GONE)
    }

    /// Stops admitting. What is queued stays.
    pub(crate) fn close(&self) {
        self.set(state::CLOSED);
    }

    /// Counts a message that an idle actor takes without its going through the queue.
    #[inline(always)]
    pub(crate) fn count_passed(&self) {
        self.queue.skip(1);
    }

    /// How many messages came into the empty mailbox, modulo 2^32; from here on counted anew.
    pub(crate) fn take_entered(&self) -> u32 {
        self.queue.take_entered()
    }

    /// Closes the mailbox. Returns whether there is anything in it or around it.
    #[inline]
    pub(crate) fn close_and_look(&self) -> bool {
        self.close();
        self.queue.len() > 0 || self.has(state::PRESSURE)
    }

    /// Closes the mailbox and takes all that is in it.
    pub(crate) fn take_all(&self) -> Closed<M> {
        self.close();
        let mut messages: VecDeque<_> = std::iter::from_fn(|| self.queue.pop_front()).collect();
        let mut closed =
            Closed { messages: VecDeque::new(), parked: Vec::new(), stopped: Vec::new() };
        if let Some(cold) = &mut *self.cold.borrow_mut()
            && let Some(pressure) = &mut cold.pressure
        {
            let queued = messages.len();
            pressure.take_all(&mut messages, &mut closed.parked, &mut closed.stopped);
            self.queue.skip((messages.len() - queued) as u32);
        }
        self.reserved.set(0);
        closed.messages = messages;
        closed
    }

    /// Why the actor was killed.
    pub(crate) fn take_kill_reason(&self) -> Ending {
        let mut cold = self.cold.borrow_mut();
        cold.as_mut()
            .and_then(|cold| cold.kill_reason.take())
            .unwrap_or_else(|| ExitReason::Killed.into())
    }
}

impl<M> fmt::Debug for Door<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("pid", &self.pid).field("state", &self.state).finish()
    }
}

impl<M> Door<M> {
    /// Notes a timer that is to die with the actor, forgetting those that are over.
    pub(crate) fn own_timer(&self, id: TimerId, is_set: impl Fn(TimerId) -> bool) {
        let mut cold = self.cold.borrow_mut();
        let timers = &mut cold.get_or_insert_default().timers;
        if timers.len() >= 8 && timers.len().is_power_of_two() {
            timers.retain(|&id| is_set(id));
        }
        timers.push(id);
    }

    /// Takes the actor's timers.
    pub(crate) fn take_timers(&self) -> Vec<TimerId> {
        let mut cold = self.cold.borrow_mut();
        cold.as_mut().map_or_else(Vec::new, |cold| std::mem::take(&mut cold.timers))
    }
}
