//! What a handler can ask of the shard it runs on.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

use super::hook::HookEnd;
use super::left::Left;
use super::{Actor, ActorConfig, Ending, ExitReason, Hook, Undelivered};
use crate::context::{Header, TraceContext};
use crate::handle::{ActorRef, Placement, Spawn, SpawnError, Started, System};
use crate::mailbox::{AnyDoor, Bond, Door, Relief, state};
use crate::pid::{Pid, ShardId};
use crate::reply::Reply;
use crate::runtime::Wall;
use crate::shard::{Addressee, Kind, Settings, Shard, current};
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
    settings: Rc<Settings>,
    draws: Cell<u64>,
    actor: PhantomData<fn(A)>,
}

impl<A: Actor> Context<A> {
    pub(super) const fn new(door: Door<A::Message>, settings: Rc<Settings>) -> Self {
        Self { door, settings, draws: Cell::new(0), actor: PhantomData }
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
        &self.settings.config
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

    /// Ends this actor after the message being handled; as [`super::Flow::Stop`] does.
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

    #[inline(always)]
    pub(crate) const fn door(&self) -> &Door<A::Message> {
        &self.door
    }

    /// What is counted for the actor's type.
    #[inline(always)]
    pub(super) fn kind(&self) -> &Rc<Kind> {
        &self.settings.kind
    }

    /// Whether the end of this incarnation need not be the actor's.
    pub(super) fn may_go_on(&self) -> bool {
        self.door.may_go_on() && current::with(|shard| shard.is_closing()) == Some(false)
    }

    /// Why a stop that was asked for ends the actor.
    pub(super) fn stop_reason(&self) -> Ending {
        let closing = current::with(|shard| shard.is_closing()) == Some(true);
        if closing { ExitReason::Shutdown.into() } else { Ending::NORMAL }
    }

    /// Gives room that fell free to those who wait for it.
    #[cold]
    pub(super) fn relieve(&self, shard: &Shard) {
        let relief = self.door.relieve();
        shard.tell(self.pid(), relief);
    }

    /// What comes of the hook `started`: tells who spawned the actor, and returns why the actor is
    /// to end at once, if it is.
    pub(super) fn began(&self, end: HookEnd<super::Result>, ack: Reply<Started>) -> Option<Ending> {
        let reason = match end {
            HookEnd::Done(Ok(())) => {
                self.door.clear(state::STARTING);
                self.bind();
                if !ack.is_none() {
                    ack.send(Ok(self.pid().place()));
                }
                return None;
            }
            HookEnd::Done(Err(error)) => ExitReason::InitFailed(error.to_string().into()),
            HookEnd::Panicked(panic) => ExitReason::Panicked(panic),
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
            self.kind().closed(self.door.take_entered(), 0);
            return None;
        }
        let closed = self.door.take_all();
        self.kind().closed(self.door.take_entered(), closed.messages.len());
        let (wake, go) = (closed.parked, closed.stopped);
        let relief = Relief { wake, go, ..Relief::default() };
        current::with(|shard| shard.tell(self.pid(), relief));
        (!closed.messages.is_empty()).then(|| Box::new(closed.messages))
    }

    /// Binds this actor, which has started, to whoever spawned it.
    fn bind(&self) {
        let bond = self.door.bonds_if_any().and_then(|mut bonds| bonds.awaited.take());
        let Some(bond) = bond else { return };
        if matches!(bond, Bond::Supervisor(..)) {
            self.door.set(state::SUPERVISED);
        }
        current::with(|shard| shard.bind(&self.door, bond));
    }

    pub(super) fn count_undelivered(&self, header: Header, reason: Undelivered) {
        let to = Addressee { pid: self.pid(), kind: self.kind(), message: self.kind().message };
        current::with(|shard| shard.message_undelivered(&to, header, reason));
    }

    pub(super) fn report_hook<T>(&self, hook: Hook, end: &HookEnd<T>) {
        let what = match end {
            HookEnd::Done(_) | HookEnd::Killed => return,
            HookEnd::Panicked(panic) => ExitReason::Panicked(panic.clone()),
            HookEnd::TimedOut => ExitReason::HookTimeout(hook),
        };
        current::with(|shard| shard.report(self.pid(), &self.config().name, &what));
    }
}

impl<A: Actor> fmt::Debug for Context<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("pid", &self.pid()).finish_non_exhaustive()
    }
}
