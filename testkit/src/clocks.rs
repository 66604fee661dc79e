//! The clocks of a node.
//!
//! A node has one oscillator: when it goes too fast, both of its clocks do. The monotonic clock
//! never goes back and never jumps; the wall clock may be off, jump, and repeat a second. The
//! world's own time is right. A shard's deadlines are in its node's time, so where that drifts they
//! are converted.

use std::cell::Cell;
use std::time::Duration;

use crate::draws::Site;
use crate::faults::Fault;
use crate::world::{NodeState, ShardState, World};

/// The clocks of one node.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeClock {
    /// From when on the rate holds: in the world's time, and in the node's.
    since: Cell<(u64, u64)>,
    /// How much too fast, in parts of a million.
    ppm: Cell<i32>,
    /// How far the wall clock is off, in nanoseconds.
    skew: Cell<i64>,
    /// What it has jumped by.
    jumped: Cell<i64>,
    /// What of that nobody has seen, as it was not read since.
    unseen: Cell<i64>,
    was_read: Cell<bool>,
    /// When a second is repeated, in nanoseconds of the wall clock; 0 for never.
    leap_at: Cell<u64>,
    skew_drawn: Cell<bool>,
    drift_drawn: Cell<bool>,
}

const MILLION: u64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;
const DAY: u64 = 86_400 * SECOND as u64;

impl NodeClock {
    /// The node's monotonic time at that time of the world.
    #[inline]
    fn local(&self, now: u64) -> u64 {
        let (since, local) = self.since.get();
        match self.ppm.get() {
            0 => local.saturating_add(now - since),
            ppm => {
                let rate = MILLION.saturating_add_signed(ppm.into());
                local.saturating_add(scale(now - since, rate, MILLION))
            }
        }
    }

    /// The first time of the world at which the node's monotonic time is that; at least `now`.
    #[inline]
    fn world(&self, now: u64, wanted: u64) -> u64 {
        let (since, local) = self.since.get();
        if wanted <= local {
            return now;
        }
        let passes = match self.ppm.get() {
            0 => wanted - local,
            // Rounded up, so that nothing is due early.
            ppm => scale(wanted - local, MILLION, MILLION.saturating_add_signed(ppm.into()))
                .saturating_add(2),
        };
        since.saturating_add(passes).max(now)
    }

    fn jump(&self, by: i64) {
        self.jumped.set(self.jumped.get().saturating_add(by));
        self.unseen.set(self.unseen.get().saturating_add(by));
    }

    const fn drifts(&self) -> bool {
        self.ppm.get() != 0
    }
}

/// `value` times `by` out of `of`.
fn scale(value: u64, by: u64, of: u64) -> u64 {
    let scaled = u128::from(value) * u128::from(by) / u128::from(of);
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

impl World {
    fn clock(&self, node: u16) -> &NodeClock {
        &self.nodes[usize::from(node)].clock
    }

    /// A node's monotonic time.
    #[inline]
    pub(crate) fn local(&self, node: u16) -> u64 {
        self.clock(node).local(self.now())
    }

    /// When a node's monotonic time is that, in the world's.
    #[inline]
    pub(crate) fn when_local(&self, node: u16, wanted: u64) -> u64 {
        if wanted == u64::MAX { wanted } else { self.clock(node).world(self.now(), wanted) }
    }

    /// Reads a node's wall clock for a program, in nanoseconds since 1970; what is wrong with it
    /// is noticed here.
    pub(crate) fn read_wall(&self, node: u16) -> Duration {
        let (clock, place) = (self.clock(node), u32::from(node));
        if self.goes_wrong(Fault::ClockStep, place) {
            let far = self.fault_time(place, |times| times.clock_step_max) as i64;
            let back = self.draws.below(Site::Fault, place, 2) == 1;
            clock.jump(if back { -far } else { far });
        }
        let wall = self.wall_of(node);
        let leap = clock.leap_at.get();
        if leap > 0 && wall >= leap {
            clock.leap_at.set(0);
            clock.jump(-SECOND);
        }
        if clock.drifts() {
            self.went_wrong(Fault::ClockDrift, node, clock.ppm.get() as u64);
        }
        if clock.skew.get() != 0 {
            self.went_wrong(Fault::ClockSkew, node, clock.skew.get() as u64);
        }
        let unseen = clock.unseen.take();
        if clock.was_read.replace(true) && unseen != 0 {
            self.went_wrong(Fault::ClockStep, node, unseen as u64);
        }
        Duration::from_nanos(self.wall_of(node))
    }

    /// What a node's wall clock shows, in nanoseconds since 1970.
    fn wall_of(&self, node: u16) -> u64 {
        let clock = self.clock(node);
        let right = self.wall_origin() + self.local(node);
        right.saturating_add_signed(clock.skew.get()).saturating_add_signed(clock.jumped.get())
    }

    pub(crate) fn set_skew(&self, node: u16, nanos: i64) {
        self.clock(node).skew.set(nanos);
    }

    pub(crate) fn jump_clock(&self, node: u16, nanos: i64) {
        self.clock(node).jump(nanos);
    }

    /// Lets a node's wall clock repeat the last second of its day.
    pub(crate) fn repeat_second(&self, node: u16) {
        let midnight = (self.wall_of(node) / DAY + 1) * DAY;
        self.clock(node).leap_at.set(midnight);
    }

    /// Lets a node's clocks go that much too fast, in parts of a million, from now on. Deadlines
    /// stay what they are in the node's time; who waits for one has to enter it anew.
    pub(crate) fn set_drift(&self, node: u16, ppm: i32) {
        let (clock, now) = (self.clock(node), self.now());
        let NodeState { first_shard, shards, .. } = self.nodes[usize::from(node)];
        let shards = &self.shards[first_shard as usize..][..usize::from(shards)];
        let waits = |shard: &&ShardState| shard.deadline.get() != u64::MAX;
        let wanted = |shard: &ShardState| clock.local(shard.deadline.get().max(now));
        let wanted: Vec<_> = shards.iter().filter(waits).map(|s| (s, wanted(s))).collect();
        clock.since.set((now, clock.local(now)));
        clock.ppm.set(ppm);
        for (shard, wanted) in wanted {
            shard.deadline.set(clock.world(now, wanted));
        }
    }

    /// Counts that a timer has fired on a node that drifts.
    pub(crate) fn note_drift(&self, node: u16) {
        let clock = self.clock(node);
        if clock.drifts() {
            self.went_wrong(Fault::ClockDrift, node, clock.ppm.get() as u64);
        }
    }

    /// Draws, once for each node, what its clocks are for the whole run.
    pub(crate) fn draw_clocks(&self) {
        for number in 0..self.nodes.len() as u16 {
            let (clock, place) = (self.clock(number), u32::from(number));
            if !clock.skew_drawn.get() && self.goes_wrong(Fault::ClockSkew, place) {
                let far = self.fault_time(place, |times| times.clock_skew_max) as i64;
                let back = self.draws.below(Site::Fault, place, 2) == 1;
                clock.skew.set(if back { -far } else { far });
            }
            if !clock.drift_drawn.get() && self.goes_wrong(Fault::ClockDrift, place) {
                let most = u64::from(self.fault_extents().clock_drift_max);
                let ppm = 1 + self.draws.below(Site::Fault, place, most) as i32;
                let slow = self.draws.below(Site::Fault, place, 2) == 1;
                self.set_drift(number, if slow { -ppm } else { ppm });
            }
            let is_enabled = |fault| self.fault_state.was_enabled(fault);
            clock.skew_drawn.set(is_enabled(Fault::ClockSkew));
            clock.drift_drawn.set(is_enabled(Fault::ClockDrift));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_reached_when_the_converted_time_is_and_not_much_later() {
        for ppm in [0, 1, -1, 500, -500, 123_457, -499_999] {
            let clock = NodeClock::default();
            clock.since.set((1_000, 777));
            clock.ppm.set(ppm);
            for wanted in [778, 1_234, 1_000_777, 987_654_321_012, 31_000_000_000_000_000] {
                let at = clock.world(1_000, wanted);
                assert!(clock.local(at) >= wanted, "{ppm}: {wanted} is early");
                assert!(clock.local(at) - wanted <= 4, "{ppm}: {wanted} is late");
            }
        }
    }

    #[test]
    fn a_clock_that_never_drifted_is_the_worlds() {
        let clock = NodeClock::default();
        assert_eq!((clock.local(5), clock.world(5, 9), clock.world(5, 3)), (5, 9, 5));
    }
}
