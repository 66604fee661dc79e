//! The world of the shard.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use greenroom_core::Instant;
use greenroom_core::runtime::*;

use super::network::Network;

/// One shard's world: a clock that is set, the network, and a list of hosts.
pub(crate) struct Loopback {
    now: Cell<Instant>,
    pub(crate) network: RefCell<Network>,
    pub(crate) hosts: RefCell<BTreeMap<String, Vec<SocketAddr>>>,
    /// Completions of what needs no network.
    other: RefCell<VecDeque<(OpId, IoResult)>>,
}

impl Loopback {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            now: Cell::new(Instant::from_nanos(1)),
            network: RefCell::new(Network::new(seed)),
            hosts: RefCell::default(),
            other: RefCell::default(),
        }
    }

    pub(crate) fn set_time(&self, now: Instant) {
        self.now.set(now);
    }

    /// The next completion there is.
    pub(crate) fn step(&self) -> Option<(OpId, IoResult)> {
        let other = self.other.borrow_mut().pop_front();
        other.or_else(|| self.network.borrow_mut().step())
    }

    fn refuse(&self, op: OpId) {
        self.other.borrow_mut().push_back((op, Err(io::ErrorKind::Unsupported.into())));
    }
}

impl Clock for Loopback {
    fn now(&self) -> Instant {
        self.now.get()
    }

    fn wall(&self) -> Wall {
        Wall(Duration::from_nanos(self.now.get().as_nanos()))
    }
}

impl Driver for Loopback {
    fn need_preempt(&self) -> bool {
        false
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
}

impl Net for Loopback {
    fn submit(&self, op: OpId, request: NetRequest) -> Option<IoResult> {
        self.network.borrow_mut().submit(op, request).map(|done| done.map(IoDone::Net))
    }

    fn cancel(&self, op: OpId) {
        self.network.borrow_mut().cancel(op);
    }
}

impl Disk for Loopback {
    fn submit(&self, op: OpId, _: DiskRequest) {
        self.refuse(op);
    }

    fn cancel(&self, _: OpId) {}
}

impl Resolver for Loopback {
    fn submit(&self, op: OpId, request: ResolveRequest) {
        let found = self.hosts.borrow().get(&request.host).cloned();
        let addresses = found.ok_or_else(|| io::ErrorKind::NotFound.into());
        self.other.borrow_mut().push_back((op, addresses.map(IoDone::Resolved)));
    }
}

impl Blocking for Loopback {
    fn submit(&self, op: OpId, _: Job) {
        self.refuse(op);
    }
}

impl Threads for Loopback {
    fn open(&self, _: &str) -> io::Result<ThreadId> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn submit(&self, op: OpId, _: ThreadId, _: ThreadJob) {
        self.refuse(op);
    }

    fn close(&self, _: ThreadId) {}
}

/// Nothing comes from outside.
pub(crate) struct Nowhere;

impl Injector for Nowhere {
    fn inject(&self, injected: Injected) -> Result<(), Injected> {
        Err(injected)
    }
}
