//! Timers that send a message.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

use super::{Fire, TimerId};
use crate::actor::{ExitReason, catch};
use crate::context::Header;
use crate::mailbox::{Door, Envelope, Parcel, Refusal, state};
use crate::pid::ShardSerial;
use crate::shard::{Shard, current};
use crate::time::Instant;

/// A message that is to be sent later; see [`crate::Context::send_after`]. Dropping this leaves
/// the timer set.
#[derive(Debug)]
pub struct Timer {
    home: ShardSerial,
    id: TimerId,
}

impl Timer {
    /// Takes the timer off. Returns whether it was still set: `false` means that the message was
    /// sent, or the actor has ended, or this was called on another shard.
    pub fn cancel(self) -> bool {
        let fire = current::with(|shard| {
            (shard.serial() == self.home).then(|| shard.timers.cancel(self.id))
        });
        fire.flatten().flatten().is_some()
    }
}

/// Messages that are to be sent again and again; see [`crate::Context::send_interval`]. Dropping
/// this leaves the interval running.
pub struct IntervalTimer {
    home: ShardSerial,
    next: Rc<Cell<NextTick>>,
}

/// Where an interval stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum NextTick {
    /// It waits for that timer.
    Set(TimerId),
    /// It makes its message, and is set again after that.
    Now,
    /// There will be none.
    Never,
}

impl fmt::Debug for IntervalTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntervalTimer").field("next", &self.next).finish_non_exhaustive()
    }
}

impl IntervalTimer {
    /// Ends the interval, also from within what makes its messages. Returns whether it was running:
    /// `false` means that the actor has ended.
    pub fn cancel(self) -> bool {
        let cancelled = current::with(|shard| {
            if shard.serial() != self.home {
                return false;
            }
            match self.next.replace(NextTick::Never) {
                NextTick::Set(id) => shard.timers.cancel(id).is_some(),
                // From within what makes its messages.
                NextTick::Now => true,
                NextTick::Never => false,
            }
        });
        cancelled == Some(true)
    }
}

fn home() -> (ShardSerial, Instant) {
    current::with(|shard| (shard.serial(), shard.now())).expect("a context lives on its shard")
}

/// A mailbox as a timer remembers it: of that incarnation of the actor, if it still lives.
struct Target<M> {
    slot: u32,
    generation: u32,
    incarnation: u32,
    message: PhantomData<fn(M)>,
}

impl<M> Clone for Target<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Target<M> {}

impl<M: Send + 'static> Target<M> {
    fn of(door: &Door<M>) -> Self {
        let (slot, generation) = door.pid().target();
        Self { slot, generation, incarnation: door.incarnation(), message: PhantomData }
    }

    /// Calls `f` with the mailbox; see [`Shard::with_mailbox`].
    fn reach<R>(&self, shard: &Shard, f: impl FnOnce(&Door<M>) -> R) -> Option<R> {
        let reached = shard.with_mailbox((self.slot, self.generation), |door: &Door<M>| {
            (door.incarnation() == self.incarnation).then(|| f(door))
        });
        reached.ok().flatten()
    }
}

pub(crate) fn send_after<M: Send + 'static>(
    door: &Door<M>,
    duration: Duration,
    message: M,
) -> Timer {
    let (home, now) = home();
    let target = Target::of(door);
    let fire = move |shard: &Shard| {
        let mut message = Some(message);
        if let Some(true) = target.reach(shard, |door| deliver(shard, door, &mut message)) {
            shard.schedule(target.slot);
        }
    };
    let id = set(now + duration, door, Fire::Run(Box::new(fire)));
    Timer { home, id }
}

/// Accepts a message, keeping it in the overflow where there is no room; a closed mailbox leaves
/// it. Returns whether the actor has to be scheduled.
fn deliver<M: Send + 'static>(shard: &Shard, door: &Door<M>, message: &mut Option<M>) -> bool {
    let room = door.has_room();
    if room == Err(Refusal::Closed) {
        return false;
    }
    let Some(message) = message.take() else { return false };
    shard.count_accepted();
    if room.is_ok() {
        return door.put(Header::NONE, Parcel::new(message)) & state::IDLE != 0;
    }
    door.keep(None, Envelope { header: Header::NONE, message });
    false
}

fn set<M: Send + 'static>(deadline: Instant, door: &Door<M>, fire: Fire) -> TimerId {
    current::with(|shard| {
        let id = shard.timers.insert(deadline, fire);
        door.own_timer(id, |id| shard.timers.is_set(id));
        id
    })
    .expect("a context lives on its shard")
}

pub(crate) fn send_interval<M: Send + 'static>(
    door: &Door<M>,
    period: Duration,
    message: impl FnMut() -> M + 'static,
) -> IntervalTimer {
    assert!(!period.is_zero(), "an interval needs a period");
    let (home, now) = home();
    let next = Rc::new(Cell::new(NextTick::Never));
    let (target, due) = (Target::of(door), now + period);
    Ticker { target, period, due, message, next: next.clone() }.set(door);
    IntervalTimer { home, next }
}

/// One interval, handed from tick to tick.
struct Ticker<M, F> {
    target: Target<M>,
    period: Duration,
    due: Instant,
    message: F,
    /// Shared with the handle.
    next: Rc<Cell<NextTick>>,
}

impl<M: Send + 'static, F: FnMut() -> M + 'static> Ticker<M, F> {
    fn set(self, door: &Door<M>) {
        let (due, shared) = (self.due, self.next.clone());
        let id = set(due, door, Fire::Run(Box::new(move |shard| self.tick(shard))));
        shared.set(NextTick::Set(id));
    }

    fn tick(mut self, shard: &Shard) {
        let Some(roomy) = self.target.reach(shard, |door| door.has_room().is_ok()) else { return };
        self.next.set(NextTick::Now);
        // What makes the message is user code: it runs with nothing borrowed.
        if roomy {
            let mut message = match catch(&mut self.message) {
                Ok(message) => Some(message),
                // The code is the actor's own, and so is its panic.
                Err(panic) => {
                    self.next.set(NextTick::Never);
                    let target = (self.target.slot, self.target.generation);
                    return shard.kill_here(target, ExitReason::Panicked(panic).into(), false);
                }
            };
            let wake = self.target.reach(shard, |door| {
                door.has_room().ok()?;
                message.take().map(|message| door.put(Header::NONE, Parcel::new(message)))
            });
            if let Some(Some(wake)) = wake {
                shard.accepted((self.target.slot, self.target.generation), wake, shard.id());
            }
        }
        // Ticks that were missed are skipped, and the rhythm kept.
        let late = (shard.now() - self.due).as_nanos() / self.period.as_nanos();
        let skip = u32::try_from(late).unwrap_or(u32::MAX).saturating_add(1);
        self.due = self.due + self.period.saturating_mul(skip);
        self.set_again(shard);
    }

    fn set_again(self, shard: &Shard) {
        let (due, shared) = (self.due, self.next.clone());
        let target = self.target;
        let open = target.reach(shard, |door| !door.has(state::CLOSED)) == Some(true);
        if !open || shared.get() == NextTick::Never {
            return shared.set(NextTick::Never);
        }
        let id = shard.timers.insert(due, Fire::Run(Box::new(move |shard| self.tick(shard))));
        target.reach(shard, |door| door.own_timer(id, |id| shard.timers.is_set(id)));
        shared.set(NextTick::Set(id));
    }
}
