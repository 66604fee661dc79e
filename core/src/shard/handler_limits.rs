//! Handlers that may wait for so long only.
//!
//! A handler is looked after from when it first waits, so one that does not costs nothing. There is
//! one timer for an actor, which no message moves: when it fires it looks since when the handler
//! waits that is there by then, and is set anew for what that one has left.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use super::Shard;
use crate::actor::ExitReason;
use crate::mailbox::AnyDoor;
use crate::time::Instant;
use crate::timer::Fire;

/// Since when the last handler of each actor waits; of those that have a limit, and a timer set.
#[derive(Debug, Default)]
pub(crate) struct HandlerLimits(RefCell<BTreeMap<(u32, u32), Instant>>);

impl HandlerLimits {
    /// The timers of an actor were cancelled.
    pub(super) fn forget(&self, target: (u32, u32)) {
        let mut waiting = self.0.borrow_mut();
        if !waiting.is_empty() {
            waiting.remove(&target);
        }
    }
}

impl Shard {
    /// The handler of an actor waits for the first time, which it may for so long.
    pub(crate) fn handler_waits(&self, door: &dyn AnyDoor, limit: Duration) {
        let (target, now) = (door.pid().target(), self.now());
        if self.handler_limits.0.borrow_mut().insert(target, now).is_none() {
            self.arm_handler_limit(door, limit, now + limit);
        }
    }

    fn arm_handler_limit(&self, door: &dyn AnyDoor, limit: Duration, due: Instant) {
        let target = door.pid().target();
        let look = move |shard: &Self| shard.look_at_handler(target, limit);
        let timer = self.timers.insert(due, Fire::Run(Box::new(look)));
        door.own_timer(timer, &|timer| self.timers.is_set(timer));
    }

    fn look_at_handler(&self, target: (u32, u32), limit: Duration) {
        let since = self.handler_limits.0.borrow_mut().remove(&target);
        let (Some(since), Some(actor)) = (since, self.tasks.actor(target.0, target.1)) else {
            return;
        };
        let Some(door) = actor.door().filter(|_| actor.is_in_handler()) else { return };
        let due = since + limit;
        if due <= self.now() {
            self.kill_here(target, ExitReason::HandlerTimeout.into(), false);
        } else {
            self.handler_limits.0.borrow_mut().insert(target, since);
            self.arm_handler_limit(door, limit, due);
        }
    }
}
