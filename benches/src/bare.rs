//! A shard in a bare loop: no reactor, no I/O, no other shard. What the state machine costs alone.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use greenroom_core::process::NodeRegistration;
use greenroom_core::runtime::{
    Blocking, Clock, Disk, DiskRequest, Driver, Injected, Injector, IoResult, Job, Net, NetRequest,
    NoPeers, OpId, Outlet, ResolveRequest, Resolver, ThreadId, ThreadJob, Threads, Wall,
};
use greenroom_core::{
    Fifo, Instant, Next, Shard, ShardId, ShardSetup, Silent, System, process, spawn_local,
};

struct Bare;

impl Clock for Bare {
    fn now(&self) -> Instant {
        now()
    }

    fn wall(&self) -> Wall {
        Wall(Duration::ZERO)
    }
}

impl Driver for Bare {
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

const NO_IO: &str = "the bare loop has no I/O";

impl Net for Bare {
    fn submit(&self, _: OpId, _: NetRequest) -> Option<IoResult> {
        unreachable!("{NO_IO}");
    }

    fn cancel(&self, _: OpId) {}
}

impl Disk for Bare {
    fn submit(&self, _: OpId, _: DiskRequest) {
        unreachable!("{NO_IO}");
    }

    fn cancel(&self, _: OpId) {}
}

impl Resolver for Bare {
    fn submit(&self, _: OpId, _: ResolveRequest) {
        unreachable!("{NO_IO}");
    }
}

impl Blocking for Bare {
    fn submit(&self, _: OpId, _: Job) {
        unreachable!("{NO_IO}");
    }
}

impl Threads for Bare {
    fn open(&self, _: &str) -> io::Result<ThreadId> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn submit(&self, _: OpId, _: ThreadId, _: ThreadJob) {}

    fn close(&self, _: ThreadId) {}
}

struct Closed;

impl Injector for Closed {
    fn inject(&self, injected: Injected) -> Result<(), Injected> {
        Err(injected)
    }
}

/// A node of shards in a bare loop.
pub(crate) struct Node {
    registration: NodeRegistration,
    shards: u16,
}

impl Node {
    pub(crate) fn new(shards: u16) -> Self {
        let injectors = (0..shards).map(|_| Arc::new(Closed) as Arc<dyn Injector>).collect();
        let registration = process::register_node("bare", injectors).expect("room for a shard");
        Self { registration, shards }
    }

    pub(crate) fn shard(&self, id: u16, outlet: Rc<dyn Outlet>) -> Shard {
        let id = ShardId(id);
        Shard::new(ShardSetup {
            node: self.registration.node(),
            id,
            shards: self.shards,
            unique: self.registration.unique(id),
            seed: 1,
            driver: Rc::new(Bare),
            outlet,
            observer: None,
            reporter: Arc::new(Silent),
        })
    }
}

/// Time since the first look at it.
pub(crate) fn now() -> Instant {
    static ORIGIN: OnceLock<std::time::Instant> = OnceLock::new();
    let origin = ORIGIN.get_or_init(std::time::Instant::now);
    Instant::from_nanos(origin.elapsed().as_nanos() as u64)
}

/// Runs `root` on one shard in a bare loop.
///
/// # Panics
///
/// When the root waits for something that cannot come.
pub(crate) fn run<T: 'static>(root: impl AsyncFnOnce(System) -> T + 'static) -> T {
    let node = Node::new(1);
    let shard = node.shard(0, Rc::new(NoPeers));
    let result = Rc::new(RefCell::new(None));
    let slot = result.clone();
    shard.enter(|| {
        let system = System::current().expect("entered");
        spawn_local(async move {
            let value = root(system).await;
            *slot.borrow_mut() = Some(value);
        });
        loop {
            let next = shard.turn(now(), &mut Fifo);
            if let Some(value) = result.borrow_mut().take() {
                return value;
            }
            assert_ne!(next, Next::Idle, "the root waits for something that cannot come");
        }
    })
}
