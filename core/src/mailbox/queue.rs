//! The mailbox of one actor: the queue, the word of flags, and closing.

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use super::bound::{MailboxBound, WhenFull};
use super::door::{Parcel, Queue};
use super::pressure::{Pressure, Relief, Waiter};
use crate::actor::{Ending, ExitReason};
use crate::context::Header;
use crate::pid::{Pid, ShardId};
use crate::reply::Reply;
use crate::shard::TaskFuture;
use crate::task::waker::StoredWaker;
use crate::timer::TimerId;

/// The bits of a mailbox's state word. The actor's loop tests the word before each message and
/// before each poll of a handler.
pub(crate) mod state {
    use super::WhenFull;

    /// The actor waits for a message: whoever pushes one owes its task a place on the run queue.
    pub(crate) const IDLE: u32 = 1;
    /// Nothing more is admitted.
    pub(crate) const CLOSED: u32 = 1 << 1;
    /// End after the message that is being handled.
    pub(crate) const STOP: u32 = 1 << 2;
    /// End when the queue is empty.
    pub(crate) const DRAIN: u32 = 1 << 3;
    /// End at the next await.
    pub(crate) const KILL: u32 = 1 << 4;
    /// Somebody parked, or is kept in the overflow: look at `Pressure` after each message.
    pub(crate) const PRESSURE: u32 = 1 << 5;
    /// `started` has not finished.
    pub(crate) const STARTING: u32 = 1 << 6;
    /// Reasons to end, other than an empty queue.
    pub(crate) const ENDING: u32 = STOP | KILL;
    /// The actor's loop has panicked; a second panic ends it without hooks.
    pub(crate) const CRASHED: u32 = 1 << 8;
    /// The exit reason is settled; there is nobody left to signal.
    pub(crate) const GONE: u32 = 1 << 7;
    /// What a full mailbox does, where it is not to make senders wait. Never changes; here because
    /// a field of its own would take eight bytes of every actor.
    pub(crate) const REJECTS: u32 = 1 << 9;
    pub(crate) const DROPS_NEWEST: u32 = 1 << 10;
    pub(crate) const DROPS_OLDEST: u32 = 1 << 11;

    pub(super) const fn when_full(when_full: WhenFull) -> u32 {
        match when_full {
            WhenFull::Wait => 0,
            WhenFull::Reject => REJECTS,
            WhenFull::DropNewest => DROPS_NEWEST,
            WhenFull::DropOldest => DROPS_OLDEST,
        }
    }
}

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
    pub(super) depth_max: u32,
    /// Room promised to parked senders that have not come for it yet.
    pub(super) reserved: Cell<u32>,
    /// Who wants to know how the actor ends: the first; none, mostly.
    watcher: Cell<Reply<Ending>>,
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
    watchers: Vec<Reply<Ending>>,
    /// Timers that send to this actor.
    timers: Vec<TimerId>,
    /// Why the actor is to be killed, when not for `Killed`.
    kill_reason: Option<Ending>,
}

impl<M> Default for Cold<M> {
    fn default() -> Self {
        Self { pressure: None, watchers: Vec::new(), timers: Vec::new(), kill_reason: None }
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
    pub(crate) fn new(pid: Pid, bound: MailboxBound) -> Self {
        Self {
            pid,
            state: Cell::new(state::STARTING | state::when_full(bound.when_full())),
            incarnation: Cell::new(1),
            queue: Queue::new(),
            depth_max: bound.depth(),
            reserved: Cell::new(0),
            watcher: Cell::new(Reply::NONE),
            cold: RefCell::new(None),
        }
    }

    pub(crate) fn incarnation(&self) -> u32 {
        self.incarnation.get()
    }

    #[inline]
    pub(crate) fn has(&self, bits: u32) -> bool {
        self.state.get() & bits != 0
    }

    #[inline]
    pub(crate) fn set(&self, bits: u32) {
        self.state.set(self.state.get() | bits);
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

    /// Puts in a message for which there is room. Returns whether the actor was idle and has to be
    /// scheduled.
    #[inline(always)]
    pub(crate) fn put(&self, header: Header, message: Parcel<M>) -> bool {
        self.queue.push_back(header, message);
        let idle = self.has(state::IDLE);
        if idle {
            self.clear(state::IDLE);
        }
        idle
    }

    /// Sets room aside; the caller has seen that there is some.
    pub(crate) fn hold_reserved(&self) {
        self.reserved.set(self.reserved.get() + 1);
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

    /// The header of the oldest message.
    #[inline]
    pub(crate) fn front(&self) -> Option<Header> {
        self.queue.front()
    }

    /// Takes the oldest message, which is there.
    #[inline]
    pub(crate) fn take_front(&self) -> M {
        self.queue.take_front()
    }

    /// Takes the oldest message.
    #[inline]
    pub(crate) fn pop(&self) -> Option<Envelope<M>> {
        self.queue.pop_front()
    }

    /// Stops admitting. What is queued stays.
    pub(crate) fn close(&self) {
        self.set(state::CLOSED);
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
            pressure.take_all(&mut messages, &mut closed.parked, &mut closed.stopped);
        }
        self.reserved.set(0);
        closed.messages = messages;
        closed
    }

    /// Takes those who want to know of the actor's end.
    pub(crate) fn take_watchers(&self) -> impl Iterator<Item = Reply<Ending>> + use<M> {
        let first = self.watcher.replace(Reply::NONE);
        let mut cold = self.cold.borrow_mut();
        let rest = cold.as_mut().map_or_else(Vec::new, |cold| std::mem::take(&mut cold.watchers));
        std::iter::once(first).filter(|first| !first.is_none()).chain(rest)
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

/// What is in a mailbox and around it.
#[derive(Debug)]
pub(crate) struct Load {
    /// The actor waits for a message.
    pub(crate) idle: bool,
    pub(crate) queued: usize,
    pub(crate) overflow: usize,
    /// Slots of the tasks that wait for room; `None` for a foreign waker.
    pub(crate) parked: Vec<Option<u32>>,
}

/// A mailbox whose message type is not known: all that can be done to an actor but sending to it.
///
/// Implemented by [`crate::Context`] alone, which begins with its `Door`: see `mailbox::door`.
pub(crate) trait AnyDoor: Any {
    /// The type of its messages.
    fn message_type(&self) -> TypeId;

    fn pid(&self) -> Pid;

    /// What is in it and around it.
    fn load(&self) -> Load;

    /// Sets bits of the state word. Returns whether the actor's task has to be scheduled.
    fn signal(&self, bits: u32) -> bool;

    /// Kills with that reason. Returns whether the actor's task has to be scheduled.
    fn kill(&self, reason: Ending) -> bool;

    /// Adds somebody who wants to know how the actor ends.
    fn watch(&self, watcher: Reply<Ending>);

    /// Whether any of these bits of the state word is set.
    fn has_state(&self, bits: u32) -> bool;

    /// Gives away room that is free, also to shards that wait for more of it.
    fn relieve_early(&self) -> Relief;

    /// Whether that waiter waits for the actor alone.
    fn holds_up(&self, waiter: Waiter) -> bool;

    /// The actor's future panicked. Returns what is left of its life to run, if anything.
    fn crashed(self: Rc<Self>, message: Arc<str>) -> Option<TaskFuture>;
}

impl<M: Send + 'static> Door<M> {
    pub(crate) const fn pid(&self) -> Pid {
        self.pid
    }

    /// What is in it and around it.
    pub(crate) fn load(&self) -> Load {
        let cold = self.cold.borrow();
        let pressure = cold.as_ref().and_then(|cold| cold.pressure.as_ref());
        let (overflow, parked) = pressure.map_or((0, Vec::new()), |pressure| pressure.load());
        let queued = self.queue.len() as usize;
        Load { idle: self.has(state::IDLE), queued, overflow, parked }
    }

    /// Sets bits of the state word. Returns whether the actor's task has to be scheduled.
    pub(crate) fn signal(&self, bits: u32) -> bool {
        if self.has(state::GONE) {
            return false;
        }
        self.set(bits);
        self.clear(state::IDLE);
        true
    }

    /// Kills with that reason. Returns whether the actor's task has to be scheduled.
    pub(crate) fn kill(&self, reason: Ending) -> bool {
        if self.has(state::GONE | state::KILL) {
            return false;
        }
        if !matches!(reason.reason(), ExitReason::Killed) {
            let mut cold = self.cold.borrow_mut();
            cold.get_or_insert_default().kill_reason = Some(reason);
        }
        self.signal(state::KILL | state::CLOSED)
    }

    /// Adds somebody who wants to know how the actor ends.
    pub(crate) fn watch(&self, watcher: Reply<Ending>) {
        let first = self.watcher.replace(Reply::NONE);
        if first.is_none() {
            self.watcher.set(watcher);
            return;
        }
        self.watcher.set(first);
        self.cold.borrow_mut().get_or_insert_default().watchers.push(watcher);
    }

    /// Ready once the actor is no longer idle.
    #[inline]
    pub(crate) fn wait_busy(&self) -> Poll<()> {
        if self.has(state::IDLE) { Poll::Pending } else { Poll::Ready(()) }
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
