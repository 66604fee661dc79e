//! The step: what is due, then ready tasks, for a bounded while.

use std::collections::VecDeque;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::{Removed, Shard, TaskFuture};
use crate::actor::{ExitReason, catch};
use crate::context::Header;
use crate::limits::{HANDOFFS, PREEMPT_CHECK_MESSAGES, TURN_TASKS};
use crate::pid::Pid;
use crate::task::waker::TaskWord;
use crate::time::Instant;
use crate::timer::Fire;
use crate::trace::Event;

/// What a turn leaves open to its driver. Production takes [`Fifo`]; the simulator decides.
pub trait TurnPolicy {
    /// Whether tasks are polled in the order they became ready: then `pick` is not asked.
    const FIFO: bool = false;

    /// Which of the ready tasks is polled next; called with at least one.
    fn pick(&mut self, ready: &VecDeque<u32>) -> usize;

    /// Most tasks to poll in this turn.
    fn tasks_max(&mut self) -> u32;

    /// How often each task polled in this turn may hand over to an idle callee.
    fn handoffs_max(&mut self) -> u32;
}

/// First come, first served.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fifo;

impl TurnPolicy for Fifo {
    const FIFO: bool = true;

    #[inline]
    fn pick(&mut self, _: &VecDeque<u32>) -> usize {
        0
    }

    #[inline]
    fn tasks_max(&mut self) -> u32 {
        TURN_TASKS
    }

    #[inline]
    fn handoffs_max(&mut self) -> u32 {
        HANDOFFS
    }
}

/// When a shard wants its next turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// At once: tasks are ready.
    Ready,
    /// At that time, or when there is an input.
    Until(Instant),
    /// When there is an input.
    Idle,
}

impl Shard {
    /// The step: fires what is due at `now`, then polls ready tasks. Ends when none is ready, at
    /// the policy's bound, or when the driver wants its thread back.
    pub fn turn<P: TurnPolicy>(&self, now: Instant, policy: &mut P) -> Next {
        self.clock.set(self.clock.get().max(now));
        let now = self.now();
        if self.timers.next_due() <= now || self.deadlines.next_due() <= now {
            self.fire_due();
        }
        let handoffs = policy.handoffs_max();
        for polled in 1..=policy.tasks_max() {
            let next = if P::FIFO {
                self.tasks.next()
            } else {
                self.tasks.next_by(|ready| policy.pick(ready))
            };
            let Some(slot) = next else { break };
            if self.tasks.is_due(slot) {
                self.handoffs.set(handoffs);
                self.poll_task(slot, u32::MAX);
            }
            if polled.is_multiple_of(PREEMPT_CHECK_MESSAGES) && self.driver.need_preempt() {
                break;
            }
        }
        self.next()
    }

    /// When the shard wants its next turn, as things stand.
    #[must_use]
    pub fn next(&self) -> Next {
        if self.has_ready() {
            return Next::Ready;
        }
        match self.next_deadline() {
            Some(deadline) if deadline <= self.now() => Next::Ready,
            Some(deadline) => Next::Until(deadline),
            None => Next::Idle,
        }
    }

    /// Whether tasks are ready.
    #[inline]
    pub(super) fn has_ready(&self) -> bool {
        !self.tasks.is_quiet()
    }

    /// The nearest time at which something is due on this shard without any input.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let next = self.timers.next_due().min(self.deadlines.next_due());
        (!next.is_never()).then_some(next)
    }

    #[cold]
    fn fire_due(&self) {
        let now = self.now();
        let due = self.timers.expire(now);
        if !due.is_empty() {
            self.observe(|| Event::TimersFired { count: due.len() as u32 });
        }
        for fire in due {
            match fire {
                Fire::Wake(waker) => self.guarded("a timer's waker", || waker.wake()),
                Fire::Run(run) => self.guarded("a timer", || run(self)),
            }
        }
        for (slot, tick) in self.deadlines.expire(now) {
            self.check_deadline(slot, tick, now);
        }
    }

    /// Runs user code that belongs to no task: a panic is reported and ends nothing.
    pub(crate) fn guarded(&self, what: &str, f: impl FnOnce()) {
        if let Err(message) = catch(f) {
            self.report_stray(what, message);
        }
    }

    /// Polls a task; an actor handles at most `messages_max` messages, and no more than its own
    /// bound.
    #[inline]
    pub(super) fn poll_task(&self, slot: u32, messages_max: u32) {
        let Some((generation, budget, mut future)) = self.tasks.begin(slot) else { return };
        self.observe(|| Event::Polled { slot, generation });
        self.running.set(self.pid((slot, generation)));
        self.budget.set(budget.min(messages_max));
        // A waker of ours has nothing to drop, and its drop is an indirect call.
        let waker = ManuallyDrop::new(TaskWord::new(self.unique(), slot, generation).waker());
        let mut cx = Context::from_waker(&waker);
        let polled = catch(|| future.as_mut().poll(&mut cx));
        self.running.set(self.pid((0, 0)));
        if !self.scope.get().is_none() {
            self.set_scope(Header::NONE);
        }
        match polled {
            Ok(Poll::Pending) => self.tasks.end(slot, future),
            Ok(Poll::Ready(())) => self.finish_task(slot, future),
            Err(message) => self.task_panicked((slot, generation), future, message),
        }
    }

    /// A panic unwound a task: an actor's end goes on in a future of its own.
    #[cold]
    fn task_panicked(&self, (slot, generation): (u32, u32), future: TaskFuture, message: Arc<str>) {
        self.guarded("a task's drop", || drop(future));
        match self.tasks.any_door(slot, generation) {
            Some(door) => match door.crashed(message) {
                Some(rest) => {
                    self.tasks.end(slot, rest);
                    self.schedule(slot);
                }
                None => self.remove_task(slot),
            },
            None => {
                let pid = Pid::new(self.node(), self.id(), slot, generation);
                self.report(pid, "a task", &ExitReason::Panicked(message));
                self.remove_task(slot);
            }
        }
    }

    fn finish_task(&self, slot: u32, future: TaskFuture) {
        self.guarded("a task's drop", || drop(future));
        self.remove_task(slot);
    }

    /// Ends a task whose future is not being polled, wherever it stands.
    pub(crate) fn remove_task(&self, slot: u32) {
        let Removed { door, future } = self.tasks.remove(slot);
        self.guarded("a task's drop", || drop(future));
        self.guarded("a mailbox's drop", || drop(door));
    }
}
