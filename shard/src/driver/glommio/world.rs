//! The world of a shard, as core sees it.

use greenroom_core::Instant;
use greenroom_core::runtime::{Blocking, Clock, Disk, Driver, Net, Resolver, Threads, Wall};

use super::files::Files;
use crate::driver::sockets::{Poller, Sockets};
use crate::driver::{NodeClock, Quantum};
use crate::pool::Jobs;

/// Everything a shard needs from its thread.
#[derive(Debug)]
pub(crate) struct World {
    clock: NodeClock,
    pub(super) quantum: Quantum,
    pub(super) sockets: Sockets,
    pub(super) files: Files,
    jobs: Jobs,
}

impl World {
    pub(crate) fn new(clock: NodeClock, poller: Poller, jobs: Jobs) -> Self {
        let (quantum, sockets) = (Quantum::new(clock), Sockets::new(poller));
        Self { clock, quantum, sockets, files: Files::new(jobs.clone()), jobs }
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
        &self.files
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
