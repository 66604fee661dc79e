//! A mailbox of whatever type.

use std::cell::RefMut;

use super::bonds::Bonds;
use super::pressure::{Relief, Waiter};
use super::queue::Door;
use super::state;
use crate::actor::{Ending, ExitReason, Signal};
use crate::pid::Pid;
use crate::reply::Reply;
use crate::timer::TimerId;

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
pub(crate) trait AnyDoor {
    fn pid(&self) -> Pid;

    /// What is in it and around it.
    fn load(&self) -> Load;

    /// How many messages came into it, modulo 2^32.
    fn entered(&self) -> u32;

    /// Sets bits of the state word. Returns whether the actor's task has to be scheduled.
    fn signal(&self, bits: u32) -> bool;

    /// Kills with that reason. Returns whether the actor's task has to be scheduled.
    fn kill(&self, reason: Ending) -> bool;

    /// Adds somebody who wants to know how the actor ends.
    fn watch(&self, watcher: Reply<Ending>);

    /// Takes out the port of that name of somebody who does not want to know any more.
    fn unwatch(&self, name: u64) -> Option<Reply<Ending>>;

    /// Whether any of these bits of the state word is set.
    fn has_state(&self, bits: u32) -> bool;

    /// Gives away room that is free, also to shards that wait for more of it.
    fn relieve_early(&self) -> Relief;

    /// Whether that waiter waits for the actor alone.
    fn holds_up(&self, waiter: Waiter) -> bool;

    /// The actor's bonds.
    fn bonds(&self) -> RefMut<'_, Bonds>;

    /// The actor's bonds, if it ever had any.
    fn bonds_if_any(&self) -> Option<RefMut<'_, Bonds>>;

    /// Queues news. Returns whether the actor's task has to be scheduled.
    fn push_signal(&self, signal: Signal) -> bool;

    /// How many incarnations there were, this one included.
    fn incarnation(&self) -> u32;

    /// Notes a timer that is to die with the incarnation.
    fn own_timer(&self, id: TimerId, is_set: &dyn Fn(TimerId) -> bool);
}

impl<M: Send + 'static> AnyDoor for Door<M> {
    fn pid(&self) -> Pid {
        self.pid()
    }

    fn load(&self) -> Load {
        let cold = self.cold.borrow();
        let pressure = cold.as_ref().and_then(|cold| cold.pressure.as_ref());
        let (overflow, parked) = pressure.map_or((0, Vec::new()), |pressure| pressure.load());
        let queued = self.queue.len() as usize;
        Load { idle: self.has(state::IDLE), queued, overflow, parked }
    }

    fn entered(&self) -> u32 {
        // Those in the overflow did not come to the ring yet.
        self.queue.entered().wrapping_add(self.load().overflow as u32)
    }

    fn signal(&self, bits: u32) -> bool {
        if self.has(state::GONE) {
            return false;
        }
        self.set(bits);
        self.clear(state::IDLE);
        true
    }

    fn kill(&self, reason: Ending) -> bool {
        if self.has(state::GONE | state::KILL) {
            return false;
        }
        if !matches!(reason.reason(), ExitReason::Killed) {
            let mut cold = self.cold.borrow_mut();
            cold.get_or_insert_default().kill_reason = Some(reason);
        }
        let kept = self.has(state::SUPERVISED) && !self.has(state::DISMISSED);
        // What another incarnation will handle is let in.
        self.signal(if kept { state::KILL } else { state::KILL | state::CLOSED })
    }

    fn watch(&self, watcher: Reply<Ending>) {
        self.add_watcher(watcher);
    }

    fn unwatch(&self, name: u64) -> Option<Reply<Ending>> {
        self.remove_watcher(name)
    }

    fn has_state(&self, bits: u32) -> bool {
        self.has(bits)
    }

    fn relieve_early(&self) -> Relief {
        self.relieve_with_any_room()
    }

    fn holds_up(&self, waiter: Waiter) -> bool {
        self.is_all_that_holds_up(waiter)
    }

    fn bonds(&self) -> RefMut<'_, Bonds> {
        self.bonds()
    }

    fn bonds_if_any(&self) -> Option<RefMut<'_, Bonds>> {
        self.bonds_if_any()
    }

    fn push_signal(&self, signal: Signal) -> bool {
        self.push_signal(signal)
    }

    fn incarnation(&self) -> u32 {
        self.incarnation()
    }

    fn own_timer(&self, id: TimerId, is_set: &dyn Fn(TimerId) -> bool) {
        self.own_timer(id, is_set);
    }
}
