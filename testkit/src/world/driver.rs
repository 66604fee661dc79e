//! The world of one shard, as core's traits.

use std::io;
use std::rc::Rc;

use greenroom_core::Instant;
use greenroom_core::runtime::{
    Blocking, Clock, Disk, DiskRequest, Driver, IoResult, Job, Net, NetRequest, OpId,
    ResolveRequest, Resolver, ThreadId, ThreadJob, Threads, Wall,
};

use super::World;
use crate::draws::Site;
use crate::{blocking, disk, net, threads};

/// The driver of one simulated shard.
#[derive(Debug)]
pub(crate) struct SimDriver {
    world: Rc<World>,
    shard: u32,
}

impl SimDriver {
    /// What a task submits while its node goes down reaches nobody.
    fn is_alive(&self) -> bool {
        !self.world.is_dead(self.shard)
    }

    pub(crate) const fn new(world: Rc<World>, shard: u32) -> Self {
        Self { world, shard }
    }
}

impl Clock for SimDriver {
    fn now(&self) -> Instant {
        Instant::from_nanos(self.world.local(self.world.node_of(self.shard)))
    }

    fn wall(&self) -> Wall {
        Wall(self.world.read_wall(self.world.node_of(self.shard)))
    }
}

impl Driver for SimDriver {
    #[inline]
    fn need_preempt(&self) -> bool {
        self.world.draws.chance(Site::Preempt, self.shard, self.world.swarm.preempt)
    }

    fn net(&self) -> &dyn Net {
        self
    }

    fn disk(&self) -> &dyn Disk {
        self
    }

    fn resolver(&self) -> &dyn Resolver {
        self
    }

    fn blocking(&self) -> &dyn Blocking {
        self
    }

    fn threads(&self) -> &dyn Threads {
        self
    }

    fn mailbox_depth(&self, slot: u32, depth: u32) -> u32 {
        self.world.mailbox_depth(self.shard, slot, depth)
    }

    fn mailbox_was_full(&self, slot: u32) {
        self.world.mailbox_was_full(self.shard, slot);
    }

    fn maybe(&self, site: &'static str, probability: f64) -> bool {
        self.world.maybe(self.shard, site, probability)
    }
}

impl Net for SimDriver {
    fn submit(&self, op: OpId, request: NetRequest) -> Option<IoResult> {
        if !self.is_alive() {
            return None;
        }
        self.world.draw_crash(self.shard);
        net::submit(&self.world, self.shard, op, request)
    }

    fn cancel(&self, op: OpId) {
        if self.is_alive() {
            self.world.trace.leads_again();
            net::cancel(&self.world, self.shard, op);
        }
    }
}

impl Disk for SimDriver {
    fn submit(&self, op: OpId, request: DiskRequest) {
        if self.is_alive() {
            self.world.draw_crash(self.shard);
            disk::submit(&self.world, self.shard, op, request);
        }
    }

    fn cancel(&self, op: OpId) {
        if self.is_alive() {
            self.world.trace.leads_again();
            disk::cancel(&self.world, self.shard, op);
        }
    }
}

impl Resolver for SimDriver {
    fn submit(&self, op: OpId, request: ResolveRequest) {
        if self.is_alive() {
            blocking::resolve(&self.world, self.shard, op, &request);
        }
    }
}

impl Blocking for SimDriver {
    fn submit(&self, op: OpId, job: Job) {
        if self.is_alive() {
            blocking::submit(&self.world, self.shard, op, job);
        }
    }
}

impl Threads for SimDriver {
    fn open(&self, _: &str) -> io::Result<ThreadId> {
        if self.is_alive() {
            Ok(threads::open(&self.world, self.shard))
        } else {
            Err(io::Error::new(io::ErrorKind::NotConnected, "the node is down"))
        }
    }

    fn submit(&self, op: OpId, thread: ThreadId, job: ThreadJob) {
        if self.is_alive() {
            threads::submit(&self.world, self.shard, op, thread, job);
        }
    }

    fn close(&self, thread: ThreadId) {
        if self.is_alive() {
            threads::close(&self.world, self.shard, thread);
        }
    }
}
