//! A shard in a bare loop: no reactor, no I/O, no other shard. What the state machine costs alone.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use greenroom_core::runtime::{
    Blocking, Clock, Disk, DiskRequest, Driver, Injected, Injector, Job, Net, NetRequest, NoPeers,
    OpId, ResolveRequest, Resolver, Threads, Wall,
};
use greenroom_core::{
    Fifo, Instant, Next, Shard, ShardId, ShardSetup, Silent, System, process, spawn_local,
};

struct Bare {
    origin: std::time::Instant,
}

impl Clock for Bare {
    fn now(&self) -> Instant {
        Instant::from_nanos(self.origin.elapsed().as_nanos() as u64)
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
    fn submit(&self, _: OpId, _: NetRequest) {
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
    fn spawn(&self, _: &str, _: Box<dyn FnOnce() + Send>) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

struct Closed;

impl Injector for Closed {
    fn inject(&self, injected: Injected) -> Result<(), Injected> {
        Err(injected)
    }
}

/// Runs `root` on one shard in a bare loop.
///
/// # Panics
///
/// When the root waits for something that cannot come.
pub(crate) fn run<T: 'static>(root: impl AsyncFnOnce(System) -> T + 'static) -> T {
    let node = process::register_node("bare", vec![Arc::new(Closed)]).expect("room for a shard");
    let shard = Shard::new(ShardSetup {
        node: node.node(),
        id: ShardId(0),
        shards: 1,
        unique: node.unique(ShardId(0)),
        seed: 1,
        driver: Rc::new(Bare { origin: std::time::Instant::now() }),
        outlet: Rc::new(NoPeers),
        observer: None,
        reporter: Arc::new(Silent),
    });
    let result = Rc::new(RefCell::new(None));
    let slot = result.clone();
    let _entered = shard.enter();
    let system = System::current().expect("entered");
    spawn_local(async move {
        let value = root(system).await;
        *slot.borrow_mut() = Some(value);
    });
    let clock = std::time::Instant::now();
    loop {
        let now = Instant::from_nanos(clock.elapsed().as_nanos() as u64);
        let next = shard.turn(now, &mut Fifo);
        if let Some(value) = result.borrow_mut().take() {
            return value;
        }
        assert_ne!(next, Next::Idle, "the root waits for something that cannot come");
    }
}
