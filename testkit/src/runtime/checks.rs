//! What is checked of every run.

use greenroom_core::{InUse, assertions};

use super::TestRuntime;
use crate::monitor::{BROKEN, Happening, Seen, leaks};

/// Rounds between two looks at a ledger: each takes time with every actor of the shard.
const BOOKS_EVERY: u64 = 4096;

/// Rounds that everybody is given to end.
const END_TURNS: u64 = 10_000;

impl TestRuntime {
    /// Ends the run and looks at what is left: the chaos ends, monitors that are hot have their
    /// time to cool, every actor is killed, and then nothing may be left of any: no task, timer,
    /// operation, call, message. Where plain tasks go on for ever only the actors are looked at. A
    /// campaign does this after each run that went well.
    ///
    /// # Panics
    ///
    /// When a monitor says so, something is left, or the actors do not end; and as
    /// [`TestRuntime::step`].
    pub fn check_end(&mut self) {
        self.pass_judgement();
        if !self.world.is_fair() {
            self.end_chaos();
        }
        loop {
            self.run_until_idle_or(self.turns + END_TURNS);
            if !(self.world.monitors.any_hot() && self.step()) {
                break;
            }
        }
        self.world.monitors.at_end(&self.world.verdicts);
        self.pass_judgement();
        let up = |number: &u32| !self.world.is_dead(*number);
        let numbers: Vec<u32> = (0..self.cells.len() as u32).filter(up).collect();
        for &number in &numbers {
            self.entered(number, |shard| {
                shard.close();
                shard.kill_all();
            });
        }
        let last = self.turns + END_TURNS;
        loop {
            self.run_until_idle_or(last);
            let ended = |&number: &u32| self.cells[number as usize].shard.actors() == 0;
            // An end may take its time.
            if numbers.iter().all(ended) || self.turns >= last || !self.step() {
                break;
            }
        }
        self.look_at_what_is_left(&numbers);
        self.pass_judgement();
    }

    fn look_at_what_is_left(&self, numbers: &[u32]) {
        let broken = |number: u32, what: String| {
            let place = self.world.shards[number as usize].place;
            let what = format!("n{}.{}: {what}", place.node, place.shard);
            self.world.verdicts.broken("nothing is left behind", what);
        };
        let used = |&number: &u32| (number, self.cells[number as usize].shard.in_use());
        let used: Vec<(u32, InUse)> = numbers.iter().map(used).collect();
        for &(number, InUse { tasks, .. }) in &used {
            let cell = &self.cells[number as usize];
            let actors = if tasks > 0 { cell.shard.actors() } else { 0 };
            if actors > 0 {
                broken(number, format!("{actors} actors do not end"));
            }
            if tasks != cell.observer.tasks() {
                broken(number, format!("{tasks} tasks are there, of {}", cell.observer.tasks()));
            }
        }
        // A task that goes on may hold anything of any shard.
        if used.iter().any(|(_, used)| used.tasks > 0) {
            return;
        }
        for (number, used) in used {
            let cell = &self.cells[number as usize];
            let found = leaks(&cell.shard.ledger(), &used, cell.observer.ports());
            found.unwrap_or_else(|what| broken(number, what));
        }
    }

    fn run_until_idle_or(&mut self, last: u64) {
        while self.turns < last
            && (!self.ready.is_empty() || self.world.events.borrow().any_under_way())
            && self.step()
        {
            self.world.take_up_injected();
        }
    }

    /// After a round of a shard.
    #[inline]
    pub(super) fn check_monitors(&self, number: u32) {
        if self.turns.is_multiple_of(BOOKS_EVERY) {
            self.look_at_books(number);
        }
        if self.world.monitors.any()
            && let Some(fair) = self.world.fair_since.get()
        {
            let limit = u64::try_from(self.hot_max.as_nanos()).unwrap_or(u64::MAX);
            let (now, verdicts) = (self.world.now(), &self.world.verdicts);
            self.world.monitors.take_temperature(now, fair, limit, verdicts);
        }
        if assertions::is_violated() || self.world.verdicts.any() {
            self.pass_judgement();
        }
    }

    pub(super) fn look_at_books(&self, number: u32) {
        let shard = &self.cells[number as usize].shard;
        if let Err(what) = shard.check_ledger() {
            self.world.verdicts.broken("the ledger adds up", what.to_string());
        }
    }

    /// Fails the run if somebody has found it to be broken.
    ///
    /// # Panics
    ///
    /// Then.
    pub(crate) fn pass_judgement(&self) {
        let asserted = assertions::take_violation().map(|said| format!("broken {said}"));
        if let Some(said) = asserted.or_else(|| self.world.verdicts.take()) {
            debug_assert!(said.starts_with(BROKEN), "the start names what is broken");
            panic!("{said}\n{}", self.headline());
        }
    }

    /// Tells monitors of what happened to a node.
    pub(super) fn show(&self, node: u16, happening: Happening<'_>) {
        if self.world.monitors.any() {
            let seen = Seen::new(self.now(), node, u16::MAX, happening);
            self.world.monitors.see(&seen, &self.world.verdicts);
        }
    }

    /// Whether a campaign is to look at the end.
    pub(crate) const fn checks_end(&self) -> bool {
        self.checks_end
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use greenroom_core::ShardId;
    use greenroom_core::trace::{Event, Observer};

    use super::*;

    /// What a run says in which shard 0 told these events.
    fn told(events: &[Event]) -> String {
        let sim = TestRuntime::new_with_seed(1);
        events.iter().for_each(|&event| sim.cells[0].observer.event(event));
        let judged = catch_unwind(AssertUnwindSafe(|| sim.pass_judgement()));
        judged.map_or_else(|said| *said.downcast::<String>().unwrap(), |()| String::new())
    }

    #[test]
    fn events_that_cannot_be_fail_the_run_and_say_who_found_them() {
        let (slot, generation, from) = (3, 1, ShardId(0));
        let spawned = Event::Spawned { slot, generation };
        let queued = Event::Queued { slot, generation, from };
        let from_afar = Event::Queued { slot, generation, from: ShardId(1) };
        let kept = Event::Kept { slot, generation };
        let ended = Event::Exited { slot, generation, normal: true };
        let (called, replied) = (Event::Called { slot }, Event::Replied { slot });
        assert_eq!(told(&[spawned, queued, from_afar, called, replied, ended]), "");
        let node = TestRuntime::new_with_seed(1).nodes[0].registration.node();
        let cases: [(&str, &[Event]); 7] = [
            ("nothing reaches the dead", &[queued]),
            ("nothing reaches the dead", &[spawned, ended, queued]),
            ("nothing reaches the dead", &[spawned, spawned]),
            ("nothing reaches the dead", &[Event::Astray { node, slot }]),
            ("one answer for each call", &[called, replied, replied]),
            ("one answer for each call", &[Event::Unanswered { slot }]),
            ("order of a pair", &[spawned, kept, from_afar]),
        ];
        for (monitor, events) in cases {
            let said = told(events);
            assert!(said.starts_with(&format!("broken [monitor {monitor}]")), "{events:?}: {said}");
        }
    }
}
