//! The world of a shard, as core and the loop see it.

use std::cell::RefCell;
use std::io;
use std::time::Duration;

use greenroom_core::runtime::{
    Blocking, Clock, Disk, DiskRequest, Driver, IoResult, Net, NetRequest, OpId, Resolver, Threads,
    Wall,
};
use greenroom_core::{Instant, Shard};

use super::ring::Wait;
use super::table::Table;
use crate::driver::{Bell, NodeClock, Quantum, RingLimits, World};
use crate::pool::Jobs;

/// Everything a shard needs from its thread.
///
/// What is asked for is entered into the table at once. Nothing calls back into it from there: the
/// shard is told of completions between turns, when the table is not borrowed, or by what submitting
/// returns.
pub(super) struct UringWorld {
    clock: NodeClock,
    quantum: Quantum,
    table: RefCell<Table>,
    jobs: Jobs,
}

impl UringWorld {
    /// # Errors
    ///
    /// When the kernel refuses a ring.
    pub(super) fn new(
        limits: RingLimits,
        bell: &Bell,
        clock: NodeClock,
        jobs: Jobs,
    ) -> io::Result<Self> {
        let table = RefCell::new(Table::new(limits, bell, jobs.clone())?);
        Ok(Self { clock, quantum: Quantum::new(clock), table, jobs })
    }

    /// Whether something was asked for that the kernel does not know of.
    pub(super) fn has_entries(&self) -> bool {
        self.table.borrow_mut().has_entries()
    }

    /// Hands over what was asked for, without waiting.
    pub(super) fn hand_over(&self, shard: &Shard) {
        let mut table = self.table.borrow_mut();
        if table.wants_a_turn() {
            table.enter(shard, Wait::No);
        }
    }

    /// Hands over what was asked for, and sleeps until there is a completion, the bell rings, or
    /// `timeout` has passed.
    pub(super) fn sleep(&self, shard: &Shard, timeout: Option<Duration>) {
        self.table.borrow_mut().enter(shard, Wait::Until(timeout));
    }

    /// Whether nothing is under way any more.
    pub(super) fn is_quiet(&self) -> bool {
        self.table.borrow().is_quiet()
    }

    /// The bell is not listened to any more.
    pub(super) fn stop_listening(&self) {
        self.table.borrow_mut().stop_listening();
    }
}

impl World for UringWorld {
    #[inline]
    fn begin_turn(&self, shard: &Shard) -> Instant {
        self.quantum.begin_until(shard.next_deadline())
    }

    #[inline]
    fn complete_io(&self, shard: &Shard, _: Instant) {
        let mut table = self.table.borrow_mut();
        table.begin_turn(shard);
        if table.io.done.is_empty() {
            return;
        }
        let mut done = std::mem::take(&mut table.io.done);
        drop(table);
        for (op, result) in done.drain(..) {
            shard.complete(op, result);
        }
        let mut table = self.table.borrow_mut();
        if table.io.done.is_empty() {
            // For its memory.
            table.io.done = done;
        }
    }

    #[inline]
    fn has_input(&self) -> bool {
        self.table.borrow_mut().has_input()
    }

    #[inline]
    fn look(&self) -> bool {
        false
    }

    fn close_all(&self) {
        self.table.borrow_mut().close_all();
    }
}

impl Clock for UringWorld {
    #[inline]
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn wall(&self) -> Wall {
        self.clock.wall()
    }
}

impl Driver for UringWorld {
    /// With I/O to be done a turn ends sooner, but not at once: each end of a turn costs a system
    /// call then, which has to be worth it.
    #[inline]
    fn need_preempt(&self) -> bool {
        let mut table = self.table.borrow_mut();
        if !table.io.done.is_empty() || table.wants_a_turn() {
            return self.quantum.is_over_for_io();
        }
        self.quantum.is_over()
    }

    fn net(&self) -> &dyn Net {
        self
    }

    fn disk(&self) -> &dyn Disk {
        self
    }

    fn resolver(&self) -> &dyn Resolver {
        &self.jobs
    }

    fn blocking(&self) -> &dyn Blocking {
        &self.jobs
    }

    fn threads(&self) -> &dyn Threads {
        &self.jobs
    }
}

impl Net for UringWorld {
    fn submit(&self, op: OpId, request: NetRequest) -> Option<IoResult> {
        self.table.borrow_mut().net(op, request)
    }

    fn cancel(&self, op: OpId) {
        self.table.borrow_mut().cancel_net(op);
    }
}

impl Disk for UringWorld {
    fn submit(&self, op: OpId, request: DiskRequest) {
        self.table.borrow_mut().disk(op, request);
    }

    /// What is under way goes on to its end, which is soon and may be its effect.
    fn cancel(&self, _: OpId) {}
}
