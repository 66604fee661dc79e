//! One step of one shard: a round, or the way into sleep.
//!
//! The way into sleep is the production protocol, cut where other shards can come between: a shard
//! that found nothing to do announces that it sleeps, and in a later step looks at its rings once
//! more and parks if there is nothing. A shard that has packets left for a full ring, or that is
//! told to spin, does not announce: it goes on looking, and notices what it looks for after a
//! while.

use greenroom_core::runtime::Injected;
use greenroom_core::{Instant, Next, Pumped, Shard, ShardId};

use super::TestRuntime;
use crate::draws::Site;
use crate::events::What;
use crate::faults::Fault;
use crate::guard;
use crate::monitor::{Budget, Budgeted};
use crate::plant::Plant;
use crate::policy::TurnChoices;
use crate::trace::Kind;
use crate::world::{Phase, ShardState, World};

impl TestRuntime {
    /// Runs one step of a shard that can run.
    pub(super) fn run_shard(&mut self, number: u32) {
        match self.world.shards[number as usize].phase.get() {
            Phase::Running => self.round(number),
            Phase::Settling => self.settle(number),
            Phase::Spinning | Phase::Parked => unreachable!("a shard that waits was run"),
        }
    }

    fn round(&mut self, number: u32) {
        let world = &*self.world;
        let state = &world.shards[number as usize];
        let turn = world.note_caused(number, Kind::Turn, 0, 0, state.cause.get()) + 1;
        world.trace.because(turn);
        state.causes.turn_begins(turn);
        state.cause.set(turn);
        state.announced.set(false);
        state.ready_tasks.set(0);
        let cell = &mut self.cells[number as usize];
        let now = Instant::from_nanos(world.local(state.place.node));
        let pumped = cell.shard.enter(|| {
            let _guarded = guard::enter(&world.randomness);
            take_in(&cell.shard, world, state);
            if world.draws.chance(Site::Spurious, number, world.swarm.spurious) {
                state.causes.arrived_spuriously();
                wake_for_nothing(&cell.shard, state.polled.get());
            }
            let handled = cell.shard.handled();
            let choices = TurnChoices { world, shard: number };
            let mut choices = Budgeted { choices, budget: Budget::default() };
            let pumped = cell.pump.round(&cell.shard, now, &mut choices);
            let handled = cell.shard.handled() - handled;
            if let Err(what) = choices.budget.check(handled, cell.observer.messages_max()) {
                world.verdicts.broken("no turn over budget", what);
            }
            pumped
        });
        self.check_guard();
        self.turns += 1;
        self.check_monitors(number);
        let cost = self.world.draws.between(Site::Cost, number, self.world.swarm.turn_cost);
        // Shards run side by side: time passes for all of them at once.
        self.world.move_to(self.world.now() + cost / self.ready.len().max(1) as u64);
        self.after_round(number, pumped);
        self.strain(number, cost);
    }

    /// Decides how a shard goes on after a round.
    fn after_round(&mut self, number: u32, pumped: Pumped) {
        let world = &*self.world;
        let state = &world.shards[number as usize];
        world.trace.because(state.causes.turn());
        state.causes.leaves_over(matches!(pumped.next, Next::Ready));
        let deadline = match pumped.next {
            Next::Ready => return,
            Next::Until(deadline) => world.when_local(state.place.node, deadline.as_nanos()),
            Next::Idle => u64::MAX,
        };
        state.deadline.set(deadline);
        if state.has_inputs() || deadline <= world.now() {
            return;
        }
        if pumped.blocked {
            if state.inbound.get() == 0 {
                let place = state.place;
                let rings = &self.nodes[usize::from(place.node)].rings;
                let room = rings.has_unnoticed_room(ShardId(place.shard));
                self.spin(number);
                if room {
                    self.world.notice(number);
                }
            }
        } else if world.draws.chance(Site::Spin, number, world.swarm.spin) {
            if state.inbound.get() == 0 {
                let spin = state.spin.get();
                let time = world.draws.below(Site::Spin, number, world.swarm.spin_time);
                world.enter_after(time, What::SpinEnd(number, spin + 1));
                self.spin(number);
            }
        } else {
            self.announce(number);
        }
    }

    fn spin(&mut self, number: u32) {
        let state = &self.world.shards[number as usize];
        state.spin.set(state.spin.get() + 1);
        state.phase.set(Phase::Spinning);
        self.unready(number);
        self.enter_deadline(number);
    }

    /// A shard that has spun long enough, or does not spin, is about to park.
    pub(super) fn announce(&self, number: u32) {
        let world = &*self.world;
        let state = &world.shards[number as usize];
        if world.planted(Plant::LostWakeUp) {
            // The wrong way round: look now, announce later.
            if state.inbound.get() > 0 {
                self.see_everything(number);
                return;
            }
        } else {
            state.announced.set(true);
            world.note(number, Kind::Announced, 0, 0);
        }
        state.phase.set(Phase::Settling);
    }

    /// The second half of the way into sleep.
    fn settle(&mut self, number: u32) {
        let world = &*self.world;
        let state = &world.shards[number as usize];
        world.trace.because(state.causes.turn());
        let mut stays = state.has_inputs() || state.deadline.get() <= world.now();
        if world.planted(Plant::LostWakeUp) {
            state.announced.set(true);
            world.note(number, Kind::Announced, 0, 0);
        } else {
            stays |= state.inbound.get() > 0;
        }
        if stays || state.rung.get() {
            state.rung.set(false);
            self.see_everything(number);
            return;
        }
        state.phase.set(Phase::Parked);
        world.note(number, Kind::Parked, 0, 0);
        if world.draws.chance(Site::Spurious, number, world.swarm.spurious) {
            let delay = world.draws.heavy_tail(Site::Spurious, number, 10_000);
            world.enter_after(delay, What::Spurious(number));
        }
        self.unready(number);
        self.enter_deadline(number);
    }

    /// A shard that looked after a fence goes on running: every packet is in its sight.
    fn see_everything(&self, number: u32) {
        let state = &self.world.shards[number as usize];
        let place = state.place;
        self.nodes[usize::from(place.node)].rings.show_all(ShardId(place.shard));
        state.announced.set(false);
        state.phase.set(Phase::Running);
    }

    /// Sees to it that a waiting shard runs when its deadline has come.
    pub(super) fn enter_deadline(&self, number: u32) {
        let world = &*self.world;
        let state = &world.shards[number as usize];
        let deadline = state.deadline.get();
        if deadline < state.deadline_entered.get() {
            state.deadline_entered.set(deadline);
            let late = world.draws.below(Site::Late, number, world.swarm.late + 1);
            let far = if deadline < u64::MAX && world.goes_wrong(Fault::LateTimer, number) {
                world.fault_time(number, |times| times.late_timer_max)
            } else {
                0
            };
            state.deadline_late.set(far);
            let at = deadline.saturating_add(late).saturating_add(far);
            world.enter_at(at, What::Deadline(number));
        }
    }

    /// Panics when the shard that just ran did what nobody may do inside a turn.
    pub(super) fn check_guard(&self) {
        if let Some(violation) = guard::take_violation() {
            panic!("{violation}\n{}", self.headline());
        }
    }
}

/// Wakes a task that nobody wanted to wake, as a stale waker may: every task must stand it.
fn wake_for_nothing(shard: &Shard, (slot, generation): (u32, u32)) {
    // What a waker has of a generation.
    let generation_low = generation & 0x00ff_ffff;
    if generation_low != 0 {
        shard.inject(Injected::Wake { slot, generation_low });
    }
}

/// Hands a shard what has reached it, other than packets.
fn take_in(shard: &Shard, world: &World, state: &ShardState) {
    let waiting = state.injected.borrow().len();
    for _ in 0..waiting {
        let next = state.injected.borrow_mut().pop_front();
        next.into_iter().for_each(|(injected, mark)| {
            state.causes.arrived(mark, 0);
            shard.inject(injected);
        });
    }
    let waiting = state.completions.borrow().len();
    for _ in 0..waiting {
        let next = state.completions.borrow_mut().pop_front();
        let Some((slot, mark)) = next else { break };
        world.trace.because(mark);
        if let Some((op, result)) = world.take_completion(slot) {
            shard.complete(op, result);
        }
    }
    world.trace.because(state.causes.turn());
}
