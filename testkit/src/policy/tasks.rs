//! Which task of a shard is polled next.

use greenroom_core::hash::mix;
use greenroom_core::limits::HANDOFFS;
use greenroom_core::{Ready, TurnPolicy};

use super::kind::any_below;
use crate::draws::{Draws, Site};
use crate::faults::Fault;
use crate::replay::Tape;
use crate::world::World;

/// In which order a shard polls its ready tasks. Production takes [`TaskOrder::Fifo`]; a program
/// that is right under the others does not depend on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum TaskOrder {
    /// First come, first served.
    Fifo,
    /// Last come, first served.
    Lifo,
    /// Any of them.
    Random,
    /// By a priority of each task, drawn anew now and then: some tasks are passed over for long.
    Priority,
}

impl TaskOrder {
    pub(crate) fn draw(draws: &Draws) -> Self {
        match draws.parameter("tasks", 5, 0) {
            0 | 1 => Self::Fifo,
            2 => Self::Lifo,
            3 => Self::Random,
            _ => Self::Priority,
        }
    }
}

/// One turn's choices.
#[derive(Debug)]
pub(crate) struct TurnChoices<'a> {
    pub(crate) world: &'a World,
    pub(crate) shard: u32,
}

/// How many ready tasks are looked at: a choice among more would cost more than the poll.
const LOOK_MAX: usize = 64;

/// Turns for which priorities of tasks stay, on average.
const PRIORITY_TURNS: u64 = 64;

impl TurnChoices<'_> {
    fn choose(&self, ready: &Ready) -> usize {
        let draws = &self.world.draws;
        match self.world.swarm.tasks {
            TaskOrder::Fifo => 0,
            TaskOrder::Lifo => ready.len() - 1,
            TaskOrder::Random => any_below(draws, ready.len()),
            TaskOrder::Priority => {
                // Time moves on by some hundred nanoseconds a turn.
                let epoch = self.world.now() / (250 * PRIORITY_TURNS);
                let key = mix(self.world.seed ^ epoch);
                let (mut highest, mut best) = (0, 0);
                for (index, slot) in ready.iter().enumerate().take(LOOK_MAX) {
                    let priority = mix(key ^ u64::from(slot));
                    if priority >= highest {
                        (highest, best) = (priority, index);
                    }
                }
                best
            }
        }
    }

    /// What is polled in place of a task that is starved. What was chosen stays recorded, so that a
    /// replay without the fault polls that.
    #[cold]
    #[inline(never)]
    fn pass_over(&self, ready: &Ready, chosen: usize) -> usize {
        let state = &self.world.shards[self.shard as usize];
        let Some(slot) = ready.iter().nth(chosen) else { return chosen };
        let now = self.world.now();
        if state.passed_over.get().1 <= now && self.world.goes_wrong(Fault::Starvation, self.shard)
        {
            let time = self.world.fault_time(self.shard, |times| times.starvation_max);
            state.passed_over.set((slot, now + time));
        }
        let (starved, until) = state.passed_over.get();
        if slot != starved || until <= now {
            return chosen;
        }
        self.world.went_wrong(Fault::Starvation, state.place.node, slot.into());
        (chosen + 1) % ready.len()
    }

    /// The choice of a run that is recorded.
    #[cold]
    #[inline(never)]
    fn settle(&self, tape: &Tape, ready: &Ready, chosen: usize) -> usize {
        let slots: Vec<u32> = ready.iter().collect();
        tape.named((Site::Task, self.shard), &slots, chosen, 0)
    }
}

impl TurnPolicy for TurnChoices<'_> {
    #[inline]
    fn pick(&mut self, ready: &Ready) -> usize {
        let left = ready.len() as u32 - 1;
        self.world.shards[self.shard as usize].ready_tasks.set(left);
        if left == 0 || self.world.is_fair() {
            return 0;
        }
        let chosen = self.choose(ready);
        let chosen = match self.world.draws.tape() {
            None => chosen,
            Some(tape) => self.settle(tape, ready, chosen),
        };
        if self.world.may_go_wrong(Fault::Starvation) {
            return self.pass_over(ready, chosen);
        }
        chosen
    }

    #[inline]
    fn pick_only(&mut self) {
        self.world.shards[self.shard as usize].ready_tasks.set(0);
    }

    #[inline]
    fn tasks_max(&mut self) -> u32 {
        let most = u64::from(self.world.swarm.tasks_max);
        1 + self.world.draws.below_or(Site::TasksMax, self.shard, most, most - 1) as u32
    }

    /// None, one or all of them, so that callers meet callees in their place and on the run queue.
    fn handoffs_max(&mut self) -> u32 {
        match self.world.draws.below(Site::Handoffs, self.shard, 4) {
            0 | 1 => 0,
            2 => 1,
            _ => HANDOFFS,
        }
    }
}
