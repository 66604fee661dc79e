//! One actor, several incarnations.
//!
//! Where a supervisor decides, the end of an incarnation leaves the actor suspended: its pid, slot
//! and mailbox stay, what is queued stays queued, new messages are let in, and nobody handles them.
//! The supervisor is told, and says what follows: another incarnation, made in the same body by
//! the factory that the actor came with, or the end.
//!
//! What dies with an incarnation: its state, the message that it handled, its timers and
//! operations, its links and the monitors it set. What belongs to the actor: the queue, whoever
//! waits for room in it or for the actor's end, and its supervisor.

use std::any::Any;
use std::task::{self, Poll};

use super::held::{Phase, Turn};
use super::life::Life;
use crate::actor::{Ending, ExitReason, catch};
use crate::handle::{SpawnError, Started};
use crate::mailbox::state;
use crate::reply::Reply;
use crate::shard::{Notice, Shard, current};

/// How a supervised actor keeps what makes its incarnations.
type Factory<A> = Box<dyn Fn() -> A>;

/// Makes a factory that [`Turn::reconsider`] finds again.
pub(crate) fn keep_factory<A: 'static>(factory: impl Fn() -> A + 'static) -> Box<dyn Any> {
    let factory: Factory<A> = Box::new(factory);
    Box::new(factory)
}

impl<L: Life> Turn<'_, L> {
    /// Ends the incarnation, and the actor with it unless its supervisor decides.
    pub(super) fn conclude(&mut self, reason: Ending) -> Poll<()> {
        if self.ctx().may_go_on() {
            self.suspend(reason);
            Poll::Pending
        } else {
            self.bury(reason);
            Poll::Ready(())
        }
    }

    fn suspend(&mut self, reason: Ending) {
        let actor = self.take_actor(Phase::Suspended);
        if let Err(panic) = catch(|| drop(actor)) {
            self.report(&ExitReason::Panicked(panic));
        }
        let ctx = &self.body.ctx;
        let (pid, door) = (ctx.pid(), ctx.door());
        let starting = door.has(state::STARTING);
        drop(door.take_kill_reason());
        door.clear(state::OF_INCARNATION);
        door.set(state::SUSPENDED | if ctx.config().trap_exits { state::TRAPS_EXITS } else { 0 });
        let (told, past) = {
            let mut bonds = door.bonds();
            let past = bonds.end_incarnation();
            let told = bonds.charge.as_mut().map(|charge| (charge.supervisor, charge.over.take()));
            (told, past)
        };
        current::with(|shard| {
            shard.cancel_timers(door.take_timers());
            shard.incarnation_over(pid, &ctx.config().name, &reason);
            shard.release_incarnation(pid, &past, &reason);
            match told {
                Some((_, Some(over))) => over.send(reason),
                // Of a start that failed the supervisor hears by the port it waits for.
                Some((supervisor, None)) if !starting => {
                    shard.notify(pid, supervisor, Notice::Suspended(door.incarnation(), reason));
                }
                _ => {}
            }
        });
    }

    /// What follows on the end of an incarnation, if that is decided.
    #[cold]
    pub(super) fn reconsider(
        &mut self,
        shard: &Shard,
        cx: &mut task::Context<'_>,
        messages: u32,
    ) -> Poll<()> {
        let door = self.body.ctx.door();
        if !self.ctx().may_go_on() {
            let killed = door.has(state::KILL);
            let reason = if killed { door.take_kill_reason() } else { self.ctx().stop_reason() };
            self.bury(reason);
            return Poll::Ready(());
        }
        // What was meant for an incarnation finds none.
        let restart = door.has(state::RESTART);
        door.clear(state::OF_INCARNATION & !state::TRAPS_EXITS);
        drop(door.take_kill_reason());
        if !restart {
            return Poll::Pending;
        }
        let (factory, next) = {
            let mut bonds = door.bonds();
            let Some(charge) = &mut bonds.charge else { return Poll::Pending };
            let nothing: Box<dyn Any> = Box::new(());
            (std::mem::replace(&mut charge.factory, nothing), charge.next.take())
        };
        let pid = door.pid();
        let (number, ack) = next.unwrap_or_else(|| (door.incarnation(), Reply::NONE));
        let made = match factory.downcast_ref::<Factory<L::Actor>>() {
            Some(factory) => catch(factory),
            None => Err("its factory makes another kind of actor".into()),
        };
        if let Some(charge) = &mut door.bonds().charge {
            charge.factory = factory;
        }
        match made {
            // The factory may have had the shard taken down, and this slot with it.
            Ok(actor) if shard.tasks.generation(pid.slot()) == Some(pid.generation()) => {
                door.begin_incarnation(number);
                door.clear(state::SUSPENDED);
                door.set(state::STARTING);
                self.renew(actor, ack);
                self.make_begin();
                self.begin(shard, cx, messages)
            }
            Ok(_) => Poll::Pending,
            Err(panic) => {
                tell(ack, SpawnError::Start(ExitReason::Panicked(panic)));
                Poll::Pending
            }
        }
    }
}

fn tell(ack: Reply<Started>, error: SpawnError) {
    if !ack.is_none() {
        ack.send(Err(Box::new(error)));
    }
}

impl Shard {
    /// Asks for another incarnation of a supervised actor that is suspended, under that number;
    /// `ack` is told how its start went.
    pub(crate) fn restart_here(
        &self,
        (slot, generation): (u32, u32),
        number: u32,
        ack: Reply<Started>,
    ) {
        let actor = self.tasks.actor(slot, generation);
        let door = actor.as_ref().and_then(|actor| actor.door());
        let suspended = door.filter(|door| door.has_state(state::SUSPENDED));
        let Some(door) = suspended else {
            return tell(ack, SpawnError::Start(ExitReason::NoSuchActor));
        };
        let before = match &mut door.bonds().charge {
            Some(charge) => charge.next.replace((number, ack)),
            None => Some((number, ack)),
        };
        drop(before);
        if door.signal(state::RESTART) {
            self.schedule(slot);
        }
    }

    /// Asks for the end of a supervised actor's incarnation, at its next await or after the message
    /// it handles; `over` is told of it, or dropped when the actor is gone.
    pub(crate) fn suspend_here(
        &self,
        (slot, generation): (u32, u32),
        at_once: bool,
        over: Reply<Ending>,
    ) {
        let actor = self.tasks.actor(slot, generation);
        let Some(door) = actor.as_ref().and_then(|actor| actor.door()) else { return };
        if door.has_state(state::SUSPENDED) {
            return over.send(ExitReason::Shutdown.into());
        }
        let before = match &mut door.bonds().charge {
            Some(charge) => charge.over.replace(over),
            None => Some(over),
        };
        drop(before);
        if at_once {
            self.kill_here((slot, generation), ExitReason::Killed.into(), false);
        } else {
            self.signal_here((slot, generation), state::STOP);
        }
    }
}
