//! What a handler can ask of the shard it runs on.

use std::any::TypeId;
use std::cell::{Cell, RefCell, RefMut};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::hook::HookEnd;
use super::left::{HandOver, Left};
use super::{Actor, ActorConfig, Ending, ExitReason, Hook, Undelivered, catch};
use crate::context::{Header, TraceContext};
use crate::handle::{ActorRef, Placement, Spawn, SpawnError, Started, System};
use crate::mailbox::{AnyDoor, Door, Load, Relief, Waiter, state};
use crate::pid::{Pid, ShardId};
use crate::reply::Reply;
use crate::runtime::Wall;
use crate::shard::{TaskFuture, current};
use crate::time::Instant;
use crate::timer::{IntervalTimer, Sleep, Timer};

/// The actor's side of its shard: who it is, what time it is, timers, children.
///
/// # Shard
///
/// Lives and dies with its actor, on its shard.
#[repr(C)]
pub struct Context<A: Actor> {
    /// First, so that whoever knows the message type alone finds it: see `mailbox::door`.
    door: Door<A::Message>,
    config: Rc<ActorConfig>,
    draws: Cell<u64>,
    /// The actor, until its end; borrowed by whichever part of its life is running.
    state: RefCell<Option<A>>,
}

impl<A: Actor> Context<A> {
    pub(crate) const fn new(door: Door<A::Message>, config: Rc<ActorConfig>, actor: A) -> Self {
        Self { door, config, draws: Cell::new(0), state: RefCell::new(Some(actor)) }
    }

    /// The actor.
    ///
    /// # Panics
    ///
    /// After the actor's end, or while another part of its life has it: a bug of ours.
    pub(super) fn borrow_state(&self) -> RefMut<'_, A> {
        RefMut::map(self.state.borrow_mut(), |state| state.as_mut().expect("not yet ended"))
    }

    /// This actor's pid.
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.door.pid()
    }

    /// A ref to this actor.
    #[must_use]
    pub fn myself(&self) -> ActorRef<A> {
        ActorRef::new(self.pid())
    }

    /// The shard this actor lives on.
    #[must_use]
    pub fn shard(&self) -> ShardId {
        self.pid().shard()
    }

    /// The system this actor belongs to.
    #[must_use]
    pub fn system(&self) -> System {
        System::new(self.pid().node())
    }

    /// The settings this actor was spawned with.
    #[must_use]
    pub fn config(&self) -> &ActorConfig {
        &self.config
    }

    /// Monotonic time, as read at the beginning of this turn.
    #[must_use]
    pub fn now(&self) -> Instant {
        current::with(|shard| shard.now()).unwrap_or_default()
    }

    /// Wall-clock time, read now.
    #[must_use]
    pub fn wall(&self) -> Wall {
        current::with(|shard| shard.wall()).unwrap_or(Wall(Duration::ZERO))
    }

    /// 64 random bits. The sequence is this actor's own: it depends on the runtime's seed and this
    /// actor's pid, not on what others draw.
    #[must_use]
    pub fn random(&self) -> u64 {
        let draw = self.draws.get();
        self.draws.set(draw + 1);
        let pid = self.pid();
        current::with(|shard| shard.random(pid.target(), draw)).unwrap_or(draw)
    }

    /// The deadline of the message being handled; [`Instant::NEVER`] when it has none.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        current::with(|shard| shard.scope_deadline()).unwrap_or(Instant::NEVER)
    }

    /// The trace the message being handled belongs to.
    #[must_use]
    pub fn trace(&self) -> Option<TraceContext> {
        current::with(|shard| shard.scope_trace()).flatten().map(|trace| *trace)
    }

    /// Waits for `duration` on the shard's timer wheel.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the timer.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        crate::timer::sleep(duration)
    }

    /// Sends this actor a message after `duration`. The timer dies with this incarnation of the
    /// actor. A message that finds the mailbox full waits in its overflow: it is never lost.
    pub fn send_after(&self, duration: Duration, message: A::Message) -> Timer {
        crate::timer::send_after(&self.door, duration, message)
    }

    /// Sends this actor what `message` makes, every `period`, first after one period. A tick that
    /// finds the mailbox full is skipped: ticks do not pile up before a slow actor. Dies with this
    /// incarnation of the actor.
    ///
    /// # Panics
    ///
    /// When `period` is zero.
    pub fn send_interval(
        &self,
        period: Duration,
        message: impl FnMut() -> A::Message + 'static,
    ) -> IntervalTimer {
        crate::timer::send_interval(&self.door, period, message)
    }

    /// Ends this actor after the message being handled.
    pub fn stop(&self) {
        self.door.signal(state::STOP);
    }

    /// Starts an actor; see [`System::spawn`].
    pub fn spawn<B: Actor, F>(&self, placement: Placement, factory: F) -> Spawn<B>
    where
        F: FnOnce() -> B + Send + 'static,
    {
        self.system().spawn(placement, factory)
    }

    /// Starts an actor on this shard; see [`System::spawn_here`].
    ///
    /// # Errors
    ///
    /// See [`SpawnError`].
    pub fn spawn_here<B: Actor>(
        &self,
        factory: impl FnOnce() -> B,
    ) -> Result<ActorRef<B>, SpawnError> {
        self.system().spawn_here(ActorConfig::default(), factory)
    }

    #[inline]
    pub(super) fn door(&self) -> &Door<A::Message> {
        &self.door
    }

    /// Why a stop that was asked for ends the actor.
    pub(super) fn stop_reason(&self) -> Ending {
        let closing = current::with(|shard| shard.is_closing()) == Some(true);
        if closing { ExitReason::Shutdown.into() } else { Ending::NORMAL }
    }

    /// A look at the state word between messages: why the actor is to end, if it is.
    #[inline(always)]
    pub(super) fn look(&self) -> Option<Ending> {
        if self.door.has(state::ENDING | state::PRESSURE) { self.look_closer() } else { None }
    }

    #[cold]
    fn look_closer(&self) -> Option<Ending> {
        if self.door.has(state::KILL) {
            return Some(self.door.take_kill_reason());
        }
        if self.door.has(state::STOP) {
            return Some(self.stop_reason());
        }
        self.relieve();
        None
    }

    /// A look at the state word before each poll of a handler: whether the actor is killed. The
    /// message has left its place, so whoever waits for room gets it now: a handler that waits for
    /// one of them would otherwise wait for itself.
    #[inline(always)]
    pub(super) fn is_killed(&self) -> bool {
        self.door.has(state::KILL | state::PRESSURE) && self.is_killed_or_relieves()
    }

    #[cold]
    fn is_killed_or_relieves(&self) -> bool {
        let killed = self.door.has(state::KILL);
        if !killed {
            self.relieve();
        }
        killed
    }

    /// Gives an empty mailbox's room to those who wait for it. Returns whether it has messages now.
    #[cold]
    pub(super) fn refills(&self) -> bool {
        self.relieve();
        !self.door.is_empty()
    }

    /// Gives room that fell free to those who wait for it.
    #[cold]
    pub(super) fn relieve(&self) {
        let relief = self.door.relieve();
        current::with(|shard| shard.tell(self.pid(), relief));
    }

    /// What comes of the hook `started`: tells who spawned the actor, and returns why the actor is
    /// to end at once, if it is.
    pub(super) fn began(&self, end: HookEnd<super::Result>, ack: Reply<Started>) -> Option<Ending> {
        let reason = match end {
            HookEnd::Done(Ok(())) => {
                self.door.clear(state::STARTING);
                if !ack.is_none() {
                    ack.send(Ok(self.pid().place()));
                }
                return None;
            }
            HookEnd::Done(Err(error)) => ExitReason::InitFailed(error.to_string().into()),
            HookEnd::Panicked(message) => ExitReason::Panicked(message),
            HookEnd::TimedOut => ExitReason::HookTimeout(Hook::Started),
            HookEnd::Killed => self.door.take_kill_reason().into(),
        };
        if !ack.is_none() {
            ack.send(Err(Box::new(SpawnError::Start(reason.clone()))));
        }
        Some(reason.into())
    }

    /// Closes the mailbox, refuses all who wait for room, and returns what was accepted, if
    /// anything was.
    pub(super) fn close(&self) -> Option<Left<A::Message>> {
        if !self.door.close_and_look() {
            return None;
        }
        let closed = self.door.take_all();
        let (wake, go) = (closed.parked, closed.stopped);
        let relief = Relief { wake, go, schedule: false };
        current::with(|shard| shard.tell(self.pid(), relief));
        (!closed.messages.is_empty()).then(|| Box::new(closed.messages))
    }

    pub(super) fn count_undelivered(&self, header: Header, reason: Undelivered) {
        current::with(|shard| shard.message_undelivered(header, reason));
    }

    pub(super) fn report_hook<T>(&self, hook: Hook, end: &HookEnd<T>) {
        let what = match end {
            HookEnd::Done(_) | HookEnd::Killed => return,
            HookEnd::Panicked(message) => ExitReason::Panicked(message.clone()),
            HookEnd::TimedOut => ExitReason::HookTimeout(hook),
        };
        current::with(|shard| shard.report(self.pid(), &self.config.name, &what));
    }

    /// Lets other tasks run: not ready the first time it is asked.
    #[cold]
    pub(super) fn yield_once(&self, waited: &mut bool) -> Poll<()> {
        if std::mem::replace(waited, true) {
            return Poll::Ready(());
        }
        current::with(|shard| shard.schedule(self.pid().slot()));
        Poll::Pending
    }

    /// Ends the actor's public life.
    pub(super) fn bury(&self, reason: Ending) {
        drop(self.close().map(|left| HandOver::new(self, left)));
        // Borrowed only where the actor drops what its own future holds; then that drops it.
        let actor = self.state.try_borrow_mut().ok().and_then(|mut state| state.take());
        if let Err(message) = catch(|| drop(actor)) {
            let what = ExitReason::Panicked(message);
            current::with(|shard| shard.report(self.pid(), &self.config.name, &what));
        }
        // Not before: whoever asks for the end while the state is dropped waits for it.
        self.door.set(state::GONE);
        current::with(|shard| {
            shard.cancel_timers(self.door.take_timers());
            shard.bury(self.pid(), &self.config.name, &reason);
        });
        for watcher in self.door.take_watchers() {
            watcher.send(reason.clone());
        }
    }
}

impl<A: Actor> AnyDoor for Context<A> {
    fn message_type(&self) -> TypeId {
        TypeId::of::<A::Message>()
    }

    fn pid(&self) -> Pid {
        self.door.pid()
    }

    fn load(&self) -> Load {
        self.door.load()
    }

    fn signal(&self, bits: u32) -> bool {
        self.door.signal(bits)
    }

    fn kill(&self, reason: Ending) -> bool {
        self.door.kill(reason)
    }

    fn watch(&self, watcher: Reply<Ending>) {
        self.door.watch(watcher);
    }

    fn unwatch(&self, name: u64) -> Option<Reply<Ending>> {
        self.door.unwatch(name)
    }

    fn has_state(&self, bits: u32) -> bool {
        self.door.has(bits)
    }

    fn relieve_early(&self) -> Relief {
        self.door.relieve_early()
    }

    fn holds_up(&self, waiter: Waiter) -> bool {
        self.door.holds_up(waiter)
    }

    fn crashed(self: Rc<Self>, message: Arc<str>) -> Option<TaskFuture> {
        let reason = ExitReason::Panicked(message).into();
        if self.door.has(state::CRASHED) {
            self.bury(reason);
            return None;
        }
        self.door.set(state::CRASHED);
        Some(super::body::crashed(self, reason))
    }
}

impl<A: Actor> fmt::Debug for Context<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("pid", &self.pid()).finish_non_exhaustive()
    }
}
