//! Timers that send a message.

use std::cell::Cell;
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Duration;

use super::{Fire, TimerId};
use crate::context::Header;
use crate::mailbox::{AnyDoor, Door};
use crate::pid::{NodeId, ShardId};
use crate::shard::{Shard, current};
use crate::time::Instant;

/// A message that is to be sent later; see [`crate::Context::send_after`]. Dropping this leaves
/// the timer set.
#[derive(Debug)]
pub struct Timer {
    node: NodeId,
    shard: ShardId,
    id: TimerId,
}

impl Timer {
    /// Takes the timer off. Returns whether it was still set: `false` means that the message was
    /// sent, or the actor has ended, or this was called on another shard.
    pub fn cancel(self) -> bool {
        let fire = current::with(|shard| {
            shard.is(self.node, self.shard).then(|| shard.timers.cancel(self.id))
        });
        fire.flatten().flatten().is_some()
    }
}

/// Messages that are to be sent again and again; see [`crate::Context::send_interval`]. Dropping
/// this leaves the interval running.
pub struct IntervalTimer {
    node: NodeId,
    shard: ShardId,
    /// The timer of the next tick.
    id: Rc<Cell<Option<TimerId>>>,
}

impl fmt::Debug for IntervalTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntervalTimer").field("next", &self.id).finish_non_exhaustive()
    }
}

impl IntervalTimer {
    /// Ends the interval. Returns whether it was running: `false` means that the actor has ended.
    pub fn cancel(self) -> bool {
        let fire = current::with(|shard| {
            let id = shard.is(self.node, self.shard).then(|| self.id.take()).flatten();
            id.and_then(|id| shard.timers.cancel(id))
        });
        fire.flatten().is_some()
    }
}

fn home() -> (NodeId, ShardId, Instant) {
    current::with(|shard| (shard.node(), shard.id(), shard.now()))
        .expect("a context lives on its shard")
}

/// A mailbox as a timer remembers it: that incarnation of the actor, if it still lives.
struct Target<M> {
    door: Weak<Door<M>>,
    incarnation: u32,
}

impl<M: Send + 'static> Target<M> {
    fn of(door: &Rc<Door<M>>) -> Self {
        Self { door: Rc::downgrade(door), incarnation: door.incarnation() }
    }

    fn reach(&self) -> Option<Rc<Door<M>>> {
        self.door.upgrade().filter(|door| door.incarnation() == self.incarnation)
    }
}

pub(crate) fn send_after<M: Send + 'static>(
    door: &Rc<Door<M>>,
    duration: Duration,
    message: M,
) -> Timer {
    let (node, shard, now) = home();
    let target = Target::of(door);
    let fire = move |shard: &Shard| {
        if let Some(door) = target.reach() {
            shard.deliver_late(&door, message);
        }
    };
    let id = set(now + duration, door, Fire::Run(Box::new(fire)));
    Timer { node, shard, id }
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
    door: &Rc<Door<M>>,
    period: Duration,
    message: impl FnMut() -> M + 'static,
) -> IntervalTimer {
    assert!(!period.is_zero(), "an interval needs a period");
    let (node, shard, now) = home();
    let id = Rc::new(Cell::new(None));
    let ticker =
        Ticker { target: Target::of(door), period, due: now + period, message, id: id.clone() };
    ticker.set(door);
    IntervalTimer { node, shard, id }
}

/// One interval, handed from tick to tick.
struct Ticker<M, F> {
    target: Target<M>,
    period: Duration,
    due: Instant,
    message: F,
    /// Shared with the handle; empty once the interval was cancelled.
    id: Rc<Cell<Option<TimerId>>>,
}

impl<M: Send + 'static, F: FnMut() -> M + 'static> Ticker<M, F> {
    fn set(self, door: &Door<M>) {
        let shared = self.id.clone();
        let due = self.due;
        shared.set(Some(set(due, door, Fire::Run(Box::new(move |shard| self.tick(shard))))));
    }

    fn tick(mut self, shard: &Shard) {
        let Some(door) = self.target.reach() else { return };
        self.id.set(None);
        if door.has_room().is_ok()
            && let Ok(wake) = door.push(Header::NONE, &mut Some((self.message)()))
        {
            shard.count_accepted();
            if wake {
                shard.schedule(door.pid().slot());
            }
        }
        // Ticks that were missed are skipped, and the rhythm kept.
        let late = (shard.now() - self.due).as_nanos() / self.period.as_nanos();
        let skip = u32::try_from(late).unwrap_or(u32::MAX).saturating_add(1);
        self.due = self.due + self.period.saturating_mul(skip);
        if !door.has_state(crate::mailbox::state::CLOSED) {
            self.set(&door);
        }
    }
}
