//! The world of a shard, as core sees it.

use greenroom_core::Instant;
use std::io;
use std::sync::Arc;

use greenroom_core::runtime::{
    Blocking, Clock, Disk, DiskRequest, Driver, Net, OpId, Resolver, Threads, Wall,
};

use crate::driver::sockets::{Poller, Sockets};
use crate::driver::{Inject, NodeClock, Quantum};
use crate::pool::Jobs;

/// Everything a shard needs from its thread.
#[derive(Debug)]
pub(crate) struct World {
    clock: NodeClock,
    pub(super) quantum: Quantum,
    pub(super) sockets: Sockets,
    jobs: Jobs,
    home: Arc<Inject>,
}

impl World {
    pub(crate) fn new(clock: NodeClock, poller: Poller, jobs: Jobs, home: Arc<Inject>) -> Self {
        let (quantum, sockets) = (Quantum::new(clock), Sockets::new(poller));
        Self { clock, quantum, sockets, jobs, home }
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
        &self.sockets
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

impl Disk for World {
    fn submit(&self, op: OpId, _: DiskRequest) {
        self.unsupported(op);
    }

    fn cancel(&self, _: OpId) {}
}
