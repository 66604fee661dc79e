//! The world of a shard, as core sees it.

use greenroom_core::Instant;
use greenroom_core::runtime::{
    Blocking, Clock, Disk, DiskRequest, Driver, Net, NetRequest, OpId, Resolver, Threads, Wall,
};
use std::io;
use std::sync::Arc;

use crate::driver::{Inject, NodeClock, Quantum};
use crate::pool::Jobs;

/// Everything a shard needs from its thread.
#[derive(Debug)]
pub(crate) struct World {
    clock: NodeClock,
    pub(super) quantum: Quantum,
    jobs: Jobs,
    home: Arc<Inject>,
}

impl World {
    pub(crate) const fn new(clock: NodeClock, jobs: Jobs, home: Arc<Inject>) -> Self {
        Self { clock, quantum: Quantum::new(clock), jobs, home }
    }

    fn unsupported(&self, op: OpId) {
        self.home.complete(op, Err(io::ErrorKind::Unsupported.into()));
    }
}

impl Clock for World {
    #[inline]
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn wall(&self) -> Wall {
        self.clock.wall()
    }
}

impl Driver for World {
    #[inline]
    fn need_preempt(&self) -> bool {
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

impl Net for World {
    fn submit(&self, op: OpId, _: NetRequest) {
        self.unsupported(op);
    }

    fn cancel(&self, _: OpId) {}
}

impl Disk for World {
    fn submit(&self, op: OpId, _: DiskRequest) {
        self.unsupported(op);
    }

    fn cancel(&self, _: OpId) {}
}
