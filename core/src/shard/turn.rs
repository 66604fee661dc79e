//! The step: what is due, then ready tasks, for a bounded while.

use std::mem::ManuallyDrop;
use std::task::{Context, Poll};

use super::Shard;
pub use super::run_queue::Ready;
use crate::actor::{ExitReason, Panic, catch};
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

    /// Which of the ready tasks is polled next; called with at least two, or with one where there
    /// are several groups.
    fn pick(&mut self, ready: &Ready) -> usize;

    /// The one task that is ready is polled next.
    fn pick_only(&mut self) {}

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
    fn pick(&mut self, _: &Ready) -> usize {
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
        for polled in 0..policy.tasks_max() {
            let next = if P::FIFO {
                self.tasks.next()
            } else if let Some(slot) = self.tasks.next_only() {
                policy.pick_only();
                Some(slot)
            } else {
                self.tasks.next_by(|ready| policy.pick(ready))
            };
            let Some(slot) = next else { break };
            self.work.allow_handoffs(handoffs);
            self.poll_task(slot, u32::MAX, true);
            if polled % PREEMPT_CHECK_MESSAGES == PREEMPT_CHECK_MESSAGES - 1
                && self.driver.need_preempt()
            {
                break;
            }
        }
        if self.shutdown.is_quiet_awaited() {
            self.look_for_quiet();
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
        if let Err(panic) = catch(f) {
            self.report_stray(what, panic);
        }
    }

    /// Polls a task, only if it is scheduled where that is asked; an actor handles at most
    /// `messages_max` messages, and no more than its own bound.
    #[inline(always)]
    pub(super) fn poll_task(&self, slot: u32, messages_max: u32, if_scheduled: bool) {
        let Some((generation, budget, task)) = self.tasks.begin(slot, if_scheduled) else {
            return;
        };
        let target = (slot, generation);
        self.observe(|| Event::Polled { slot, generation });
        self.vitals.pulse().run(Pid::place_of(target));
        let messages = budget.min(messages_max);
        let mut polled = Poll::Pending;
        let crash =
            self.in_context_of(target, |cx| catch(|| polled = task.run(self, cx, messages)).err());
        self.vitals.pulse().run(Pid::place_of((0, 0)));
        if !self.work.scope.get().is_none() {
            self.set_scope(Header::NONE);
        }
        if let Some(panic) = crash {
            self.task_panicked(target, panic);
        } else if polled.is_ready() {
            self.remove_task(slot);
        }
    }

    /// Calls `f` with what wakes that task.
    #[inline(always)]
    pub(crate) fn in_context_of<R>(
        &self,
        (slot, generation): (u32, u32),
        f: impl FnOnce(&mut Context<'_>) -> R,
    ) -> R {
        // A waker of ours has nothing to drop, and its drop is an indirect call.
        let waker = ManuallyDrop::new(TaskWord::new(self.unique(), slot, generation).waker());
        f(&mut Context::from_waker(&waker))
    }

    /// A panic unwound a task. An actor's end is still to come.
    #[cold]
    #[inline(never)]
    pub(crate) fn task_panicked(&self, (slot, generation): (u32, u32), panic: Panic) {
        match self.tasks.actor(slot, generation) {
            Some(actor) => {
                if actor.crashed(self, panic) {
                    self.schedule(slot);
                } else {
                    self.remove_task(slot);
                }
            }
            None => {
                let pid = Pid::new(self.node(), self.id(), slot, generation);
                self.report(pid, "a task", &ExitReason::Panicked(panic));
                self.remove_task(slot);
            }
        }
    }

    /// Ends a task, wherever it stands.
    #[inline(never)]
    pub(crate) fn remove_task(&self, slot: u32) {
        let Some(task) = self.tasks.remove(slot) else { return };
        self.observe(|| Event::Removed { slot });
        let mut gone = true;
        self.guarded("a task's drop", || gone = task.abandon());
        if gone {
            self.guarded("a task's drop", || drop(task));
        } else {
            // A driver that takes a task down from inside it: whoever runs it relies on it.
            std::mem::forget(task);
        }
    }
}
