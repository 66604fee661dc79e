//! The world of a shard, as core sees it.

use greenroom_core::runtime::{Blocking, Clock, Disk, Driver, Net, Resolver, Threads, Wall};
use greenroom_core::{Instant, Shard};

use super::files::Files;
use crate::driver::sockets::{Poller, Sockets};
use crate::driver::{NodeClock, Quantum, World};
use crate::pool::Jobs;

/// Everything a shard needs from its thread.
#[derive(Debug)]
pub(super) struct GlommioWorld {
    clock: NodeClock,
    quantum: Quantum,
    pub(super) sockets: Sockets,
    pub(super) files: Files,
    jobs: Jobs,
}

impl GlommioWorld {
    pub(super) fn new(clock: NodeClock, poller: Poller, jobs: Jobs) -> Self {
        let (quantum, sockets) = (Quantum::new(clock), Sockets::new(poller));
        Self { clock, quantum, sockets, files: Files::new(jobs.clone()), jobs }
    }
}

impl Clock for GlommioWorld {
    #[inline]
    fn now(&self) -> Instant {
        self.clock.now()
    }

    fn wall(&self) -> Wall {
        self.clock.wall()
    }
}

impl Driver for GlommioWorld {
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

impl World for GlommioWorld {
    #[inline]
    fn begin_turn(&self, _: &Shard) -> Instant {
        self.quantum.begin()
    }

    fn complete_io(&self, shard: &Shard, now: Instant) {
        if !self.sockets.is_idle() {
            self.sockets.run(shard, now);
        }
        if self.files.has_done() {
            self.files.complete(shard);
        }
    }

    #[inline]
    fn has_input(&self) -> bool {
        self.sockets.has_commands() || self.files.has_done()
    }

    fn look(&self) -> bool {
        self.sockets.look()
    }

    fn close_all(&self) {
        self.files.close_all();
    }
}
