//! The phases of a test that expects progress in the end.
//!
//! While things go wrong a program may stand still, and under an unfair schedule it may do so for
//! ever; neither is its fault. So a test that a program gets on goes through phases: chaos, its
//! end, progress before a deadline, quiet, and what the test checks then. From the end of the chaos
//! on the schedule is fair: each shard that can run has its turn, and each task of it (a fair
//! suffix, as Coyote has it; Deligiannis et al., 2023).

use std::time::Duration;

use super::TestRuntime;
use crate::events::What;
use crate::faults::Faults;
use crate::world::Phase;

impl TestRuntime {
    /// Lets things go wrong at those rates while that much virtual time passes.
    ///
    /// # Panics
    ///
    /// As [`TestRuntime::step`].
    pub fn chaos(&mut self, time: Duration, faults: Faults) {
        self.world.fair_since.set(None);
        self.set_faults(faults);
        self.advance(time);
    }

    /// Ends what goes wrong, and makes the schedule fair from now on: there are no faults at any
    /// rate; links, shards and disks go on as usual; nodes that are down because of a drawn crash
    /// come back; rings that the test holds are released. So whatever should happen has to happen
    /// now, and a [`crate::Monitor`] must not stay hot. What has happened stays: lost bytes,
    /// connections that were reset, damaged sectors, clocks that are off or go wrong.
    pub fn end_chaos(&mut self) {
        if !self.world.is_fair() {
            self.world.fair_since.set(Some(self.world.now()));
        }
        self.set_faults(Faults::none());
        self.heal();
        let (stalled, now) = (self.world.disks.borrow_mut().unstall(), self.world.now());
        self.world.events.borrow_mut().hasten(|_, what| match what {
            What::Disk(slot) => stalled.contains(&slot).then_some(now),
            _ => None,
        });
        let is_over = |what| {
            let stall = matches!(what, What::StallEnd(_) | What::Watch(_));
            stall || matches!(what, What::Crash(..) | What::Restart(_))
        };
        self.world.events.borrow_mut().retain(|what| !is_over(what));
        for node in 0..self.world.nodes.len() as u16 {
            self.drawn_restart(node);
            self.release_all(node);
        }
        for number in 0..self.world.shards.len() as u32 {
            self.free(number);
        }
    }

    /// Ends the chaos, if that has not been done, and runs until `condition` holds.
    ///
    /// # Panics
    ///
    /// When it does not hold within that much virtual time, or nothing can move before, with a
    /// report of who waits for what; and as [`TestRuntime::step`].
    pub fn expect_progress(
        &mut self,
        within: Duration,
        mut condition: impl FnMut(&mut Self) -> bool,
    ) {
        if !self.world.is_fair() {
            self.end_chaos();
        }
        let end = (self.now() + within).as_nanos();
        while !condition(self) {
            let moves = self.step_until(end);
            assert!(moves, "no progress within {within:?}\n{}", self.report());
        }
    }

    /// Ends the chaos, if that has not been done, and runs until nothing is left to do: no shard
    /// can run, and no timer, packet, operation or segment is under way.
    ///
    /// # Panics
    ///
    /// When something is left after that much virtual time, with a report of it; and as
    /// [`TestRuntime::step`].
    pub fn expect_quiet(&mut self, within: Duration) {
        if !self.world.is_fair() {
            self.end_chaos();
        }
        let end = (self.now() + within).as_nanos();
        while self.step_until(end) {}
        self.forget_stale_events();
        let is_over = self.ready.is_empty() && self.world.events.borrow().next_at().is_none();
        assert!(is_over, "not quiet after {within:?}\n{}", self.report());
    }

    /// A step that does not move time beyond `end`. False when there is none.
    fn step_until(&mut self, end: u64) -> bool {
        self.world.take_up_injected();
        if self.ready.is_empty() {
            return self.jump(end);
        }
        self.world.now() <= end && self.step()
    }

    /// The next shard of a fair schedule: one after the other.
    pub(super) fn fair_choice(&mut self) -> u32 {
        let after = |&&number: &&u32| number > self.last_run;
        let next = self.ready.iter().filter(after).min().or_else(|| self.ready.iter().min());
        self.last_run = *next.expect("a shard can run");
        self.last_run
    }

    /// Releases every ring of a node that the test holds.
    fn release_all(&mut self, node: u16) {
        let shards = self.world.nodes[usize::from(node)].shards;
        for (from, to) in (0..shards).flat_map(|from| (0..shards).map(move |to| (from, to))) {
            if from != to {
                self.release(node, from, to);
            }
        }
    }

    /// Lets a shard go on as usual.
    fn free(&mut self, number: u32) {
        let state = &self.world.shards[number as usize];
        state.stalled_until.set(0);
        state.slowness.set(1);
        let waits = matches!(state.phase.get(), Phase::Parked | Phase::Spinning);
        if state.held.get() {
            self.end_stall(number);
        } else if waits && state.deadline_late.take() > 0 {
            state.deadline_entered.set(u64::MAX);
            self.enter_deadline(number);
        }
    }
}
