//! The loop around all shards.

use greenroom_core::runtime::run_inline;

use super::TestRuntime;
use crate::blocking;
use crate::draws::Site;
use crate::events::What;
use crate::faults::Fault;
use crate::guard;
use crate::replay::Tape;
use crate::trace::Kind;
use crate::world::{Phase, World};
use crate::{disk, net, threads};

/// Rounds in a row of one shard, while others can run, after which another has its turn.
const FAIR_ROUNDS: u32 = 10_000;

impl TestRuntime {
    /// Does the next thing: what is due, and one step of one shard; or, when no shard can run, the
    /// next event, to whose time virtual time jumps. False when there is nothing left to do.
    ///
    /// # Panics
    ///
    /// When something inside a turn read a real clock, asked the operating system for randomness
    /// or started a thread; and when the run has outlasted its limits.
    pub fn step(&mut self) -> bool {
        self.world.take_up_injected();
        self.deliver_due();
        if self.ready.is_empty() {
            return self.jump(u64::MAX);
        }
        self.run_next();
        true
    }

    /// Steps until a shard has run, for those to whom what happens in between makes no difference.
    /// False when there is nothing left to do; `to_timers` is whether time moves on for what nobody
    /// but a timer waits for.
    pub(super) fn move_on(&mut self, to_timers: bool) -> bool {
        loop {
            self.world.take_up_injected();
            self.deliver_due();
            if !self.ready.is_empty() {
                break;
            }
            if !to_timers && !self.world.events.borrow().any_under_way() {
                return false;
            }
            if !self.move_to_next(u64::MAX) {
                return false;
            }
        }
        let number = self.run_next();
        if self.settles_alone(number) {
            self.run_step(number);
        }
        true
    }

    /// Runs a step of one of the shards that can run, and says which.
    #[inline]
    fn run_next(&mut self) -> u32 {
        if self.turns >= self.limits.chaos_turns {
            self.limits.chaos_turns = u64::MAX;
            self.end_chaos();
        }
        let number = self.choose_shard();
        self.run_step(number);
        number
    }

    /// Whether the next step is certain to be that of a shard on its way to sleep: nothing happens
    /// before, and nobody else can run.
    #[inline]
    fn settles_alone(&self, number: u32) -> bool {
        let world = &*self.world;
        self.ready == [number]
            && world.shards[number as usize].phase.get() == Phase::Settling
            && self.turns < self.limits.chaos_turns
            && !world.inbox.has_some()
            && world.events.borrow().next_at().is_none_or(|at| at > world.now())
    }

    /// Runs one step of a shard that can run.
    #[inline]
    pub(super) fn run_step(&mut self, number: u32) {
        if let Some(tape) = self.world.draws.tape() {
            tape.step(number, &self.ready);
        }
        self.run_shard(number);
        self.check_limits();
    }

    /// Moves time to the next event, if it is not after `latest`, and lets it happen.
    pub(super) fn jump(&mut self, latest: u64) -> bool {
        let moved = self.move_to_next(latest);
        if moved {
            self.deliver_due();
        }
        moved
    }

    /// Moves time to the next event, if it is not after `latest`.
    #[inline]
    fn move_to_next(&self, latest: u64) -> bool {
        self.forget_stale_events();
        let next = self.world.events.borrow().next_at();
        match next {
            Some(at) if at <= latest => {
                self.world.move_to(at);
                true
            }
            _ => false,
        }
    }

    /// Lets everything happen that is due.
    #[inline]
    pub(super) fn deliver_due(&mut self) {
        if self.world.events.borrow().next_at().is_some_and(|at| at <= self.world.now()) {
            self.deliver_all_due();
        }
    }

    #[inline(never)]
    fn deliver_all_due(&mut self) {
        loop {
            let due = self.world.events.borrow_mut().pop_due(self.world.now());
            let Some(due) = due else { return };
            self.world.trace.because(due.cause);
            match due.what {
                What::Net(event) => net::happen(&self.world, event),
                What::Complete(slot) => {
                    if let Some(shard) = self.world.completed(slot) {
                        self.wake(shard);
                    }
                }
                other => self.happen(other),
            }
        }
    }

    #[inline(never)]
    fn happen(&mut self, what: What) {
        let world = &self.world;
        match what {
            What::Deadline(shard) => {
                let state = &world.shards[shard as usize];
                state.deadline_entered.set(u64::MAX);
                let late = state.deadline_late.take();
                if state.deadline.get() <= world.now() {
                    if matches!(state.phase.get(), Phase::Parked | Phase::Spinning) {
                        world.note_drift(state.place.node);
                        if late > 0 {
                            world.went_wrong(Fault::LateTimer, state.place.node, late);
                        }
                    }
                    self.wake(shard);
                } else if state.phase.get() != Phase::Running {
                    self.enter_deadline(shard);
                }
            }
            What::Doorbell(shard) => self.hear_bell(shard),
            What::Spurious(shard) => {
                if world.shards[shard as usize].phase.get() == Phase::Parked {
                    self.wake(shard);
                }
            }
            What::Notice(shard) => {
                if world.shards[shard as usize].phase.get() == Phase::Spinning {
                    self.wake(shard);
                }
            }
            What::SpinEnd(shard, spin) => {
                let state = &world.shards[shard as usize];
                if state.phase.get() == Phase::Spinning && state.spin.get() == spin {
                    state.phase.set(Phase::Running);
                    self.announce(shard);
                    self.make_ready(shard);
                }
            }
            What::Inject(shard) => {
                world.arrived(shard);
                self.wake(shard);
            }
            What::Crash(node, how) => self.drawn_crash(node, how),
            What::Restart(node) => self.drawn_restart(node),
            What::StallEnd(shard) => self.end_stall(shard),
            What::Watch(shard) => self.look_for_stalls(shard),
            What::GiveUp(_) | What::Unanswered(_) => net::give_up(world, what),
            What::Net(_) | What::Complete(_) => unreachable!("these are most events"),
            What::Disk(slot) => disk::happen(world, slot),
            What::Job(slot) => self.away(|world| blocking::run(world, slot)),
            What::OnThread(slot) => self.away(|world| threads::run(world, slot)),
        }
    }

    /// Runs what would run on another thread.
    fn away(&mut self, f: impl FnOnce(&World)) {
        {
            let _guarded = guard::enter(&self.world.randomness);
            run_inline(|| f(&self.world));
        }
        self.check_guard();
    }

    fn hear_bell(&mut self, shard: u32) {
        let state = &self.world.shards[shard as usize];
        state.bells.set(state.bells.get() - 1);
        let heard = self.world.note(shard, Kind::BellHeard, 0, 0);
        self.world.trace.because_of(heard);
        state.rung.set(true);
        if state.phase.get() == Phase::Parked {
            self.wake(shard);
        }
    }

    /// Lets a shard that waits run; the wake-up swallows its bell.
    pub(super) fn wake(&mut self, shard: u32) {
        let state = &self.world.shards[shard as usize];
        if matches!(state.phase.get(), Phase::Parked | Phase::Spinning) {
            if state.phase.get() == Phase::Parked {
                state.rung.set(false);
            }
            let woken = self.world.note(shard, Kind::Woken, 0, 0);
            self.world.trace.because_of(woken);
            state.cause.set(woken + 1);
            state.phase.set(Phase::Running);
            self.make_ready(shard);
        }
    }

    /// Lets a shard run in which something was called between its turns: what that left is not
    /// among the inputs that a shard on its way to sleep looks for.
    pub(super) fn rouse(&mut self, shard: u32) {
        let state = &self.world.shards[shard as usize];
        state.causes.leaves_over(true);
        if state.phase.get() == Phase::Settling {
            state.announced.set(false);
            state.phase.set(Phase::Running);
        }
        self.wake(shard);
    }

    /// Takes a shard off the list of those that can run.
    pub(super) fn unready(&mut self, shard: u32) {
        if self.ready.last() == Some(&shard) {
            self.ready.pop();
            return;
        }
        let index = self.ready.iter().position(|&other| other == shard);
        self.ready.remove(index.expect("a shard that ran could run"));
    }

    fn choose_shard(&mut self) -> u32 {
        let count = self.ready.len();
        if count == 1 {
            return self.ready[0];
        }
        if self.world.is_fair() {
            return self.fair_choice();
        }
        if self.nodes.len() > 1
            && let Some(number) = self.without_rival()
        {
            return number;
        }
        let mut index = self.strategy.pick(&self.ready, &self.world);
        self.rounds_in_row += 1;
        if self.ready[index] != self.last_run {
            self.rounds_in_row = 0;
        } else if self.rounds_in_row >= FAIR_ROUNDS {
            index = (index + 1 + (self.world.draws.raw() % (count as u64 - 1)) as usize) % count;
            self.rounds_in_row = 0;
        }
        if let Some(tape) = self.world.draws.tape() {
            index = self.choose_on(tape, index);
        }
        self.last_run = self.ready[index];
        self.last_run
    }

    /// A shard on its way to sleep to which nobody who can run has a ring: those are its own node's
    /// alone. When it takes that step, which takes no time, makes no difference, so it is no choice.
    /// (Whole rounds of two nodes are one: each moves the time of both.)
    #[inline(never)]
    fn without_rival(&self) -> Option<u32> {
        let shards = &self.world.shards;
        self.ready.iter().copied().find(|&number| {
            let shard = &shards[number as usize];
            let is_rival = |&other: &u32| {
                other != number && shards[other as usize].place.node == shard.place.node
            };
            shard.phase.get() == Phase::Settling && !self.ready.iter().any(is_rival)
        })
    }

    /// The choice of a run that is recorded.
    #[cold]
    #[inline(never)]
    fn choose_on(&self, tape: &Tape, index: usize) -> usize {
        tape.named((Site::Shard, self.last_run), &self.ready, index, self.tame_choice())
    }

    /// Whom a replay runs where it knows nothing: the shard that ran last, as long as that is fair.
    fn tame_choice(&self) -> usize {
        let stays = self.rounds_in_row < FAIR_ROUNDS;
        let last = self.ready.iter().position(|&shard| shard == self.last_run && stays);
        let others = self.ready.iter().enumerate().filter(|(_, shard)| **shard != self.last_run);
        last.or_else(|| others.min_by_key(|(_, shard)| **shard).map(|(index, _)| index))
            .unwrap_or(0)
    }

    /// Throws away the next events as long as they are of no interest any more, so that time does
    /// not jump for them: deadlines that have moved, and times at which a kernel would have given
    /// up a peer that has answered since.
    #[inline]
    pub(super) fn forget_stale_events(&self) {
        let next = self.world.events.borrow().peek();
        if next.is_some_and(|(_, what)| !what.is_under_way()) {
            self.forget_stale_timers();
        }
    }

    #[inline(never)]
    fn forget_stale_timers(&self) {
        loop {
            let next = self.world.events.borrow().peek();
            match next {
                Some((at, What::Deadline(shard))) => {
                    let state = &self.world.shards[shard as usize];
                    if state.deadline.get() <= at {
                        return;
                    }
                    self.world.events.borrow_mut().pop();
                    state.deadline_entered.set(u64::MAX);
                    self.enter_deadline(shard);
                }
                Some((at, what)) if net::is_stale(&self.world, at, what) => {
                    self.world.events.borrow_mut().pop();
                }
                _ => return,
            }
        }
    }

    fn check_limits(&self) {
        assert!(
            self.turns < self.limits.turns,
            "no end in sight after {} turns (`Builder::turns_max`)\n{}",
            self.turns,
            self.report()
        );
        assert!(
            self.world.now() <= self.time_end,
            "no end in sight after {:?} of virtual time (`time` of `#[sim_test]`, \
             `Builder::time_max`)\n{}",
            self.limits.time,
            self.report()
        );
    }
}
