//! Clocks that a test sets, and where hosts are.

use std::net::IpAddr;
use std::time::Duration;

use greenroom_core::runtime::Wall;

use super::TestRuntime;
use crate::faults::Shift;
use crate::world::Phase;

impl TestRuntime {
    /// The right wall-clock time. What a node's clock shows may differ from it.
    #[must_use]
    pub fn wall(&self) -> Wall {
        Wall(Duration::from_nanos(self.world.wall_origin() + self.world.now()))
    }

    /// Lets a node's wall clock be off by that much, whatever it was off by before.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    pub fn skew_clock(&mut self, node: u16, by: Shift) {
        self.number(node, 0);
        self.world.set_skew(node, by.nanos());
    }

    /// Lets a node's wall clock jump. Its monotonic clock does not.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    pub fn step_clock(&mut self, node: u16, by: Shift) {
        self.number(node, 0);
        self.world.jump_clock(node, by.nanos());
    }

    /// Inserts a leap second at the end of the day that a node's wall clock shows: as Linux has it,
    /// the last second comes twice.
    ///
    /// # Panics
    ///
    /// When there is no such node.
    pub fn leap_second(&mut self, node: u16) {
        self.number(node, 0);
        self.world.repeat_second(node);
    }

    /// Lets both clocks of a node go too fast by that many parts of a million from now on, too slow
    /// where that is negative. The monotonic clock never goes back; timers go by it.
    ///
    /// # Panics
    ///
    /// When there is no such node; at half a million and more.
    pub fn drift_clock(&mut self, node: u16, parts: i32) {
        self.number(node, 0);
        assert!(parts.abs() < 500_000, "a drift is a small part of a million");
        self.world.set_drift(node, parts);
        self.enter_moved_deadlines();
    }

    /// Sees to it that shards wake in time whose deadlines have come nearer.
    pub(super) fn enter_moved_deadlines(&self) {
        for (number, state) in (0u32..).zip(&self.world.shards) {
            if matches!(state.phase.get(), Phase::Parked | Phase::Spinning) {
                self.enter_deadline(number);
            }
        }
    }

    /// Gives a name another address from now on, for [`greenroom_core::io::resolve`]. With a
    /// [`crate::Faults::stale_name_probability`] look-ups may give the old one for a while.
    pub fn move_host(&mut self, name: impl Into<String>, address: IpAddr) {
        let now = self.world.now();
        self.world.hosts.borrow_mut().move_to(name.into(), address, now);
    }
}
