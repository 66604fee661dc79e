//! A shard with a clock that a unit test moves and no I/O.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::mesh::{Outbox, Packet};
use crate::pid::ShardId;
use crate::process::{self, NodeRegistration};
use crate::report::Silent;
use crate::runtime::*;
use crate::shard::{Fifo, Next, Pump, Shard, ShardSetup};
use crate::time::Instant;

pub(crate) struct Manual {
    now: Cell<Instant>,
}

impl Clock for Manual {
    fn now(&self) -> Instant {
        self.now.get()
    }

    fn wall(&self) -> Wall {
        Wall(Duration::from_nanos(self.now.get().as_nanos()))
    }
}

impl Driver for Manual {
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

/// Operations never complete by themselves: a test completes them.
impl Net for Manual {
    fn submit(&self, _: OpId, _: NetRequest) {}

    fn cancel(&self, _: OpId) {}
}

impl Disk for Manual {
    fn submit(&self, _: OpId, _: DiskRequest) {}

    fn cancel(&self, _: OpId) {}
}

impl Resolver for Manual {
    fn submit(&self, _: OpId, _: ResolveRequest) {}
}

impl Blocking for Manual {
    fn submit(&self, _: OpId, _: Job) {}
}

impl Threads for Manual {
    fn spawn(&self, _: &str, _: Box<dyn FnOnce() + Send>) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

struct Nowhere;

impl Injector for Nowhere {
    fn inject(&self, injected: Injected) -> Result<(), Injected> {
        Err(injected)
    }
}

/// What left each shard for each other and was not carried there yet, by sender and receiver.
#[derive(Default)]
pub(crate) struct Wires(RefCell<BTreeMap<(u16, u16), Lanes>>);

type Lanes = [VecDeque<Packet>; 2];

impl Wires {
    fn take(&self, from: ShardId, to: ShardId) -> Lanes {
        self.0.borrow_mut().remove(&(from.0, to.0)).unwrap_or_default()
    }

    fn next(&self, from: ShardId, to: ShardId, lane: Lane) -> Option<Packet> {
        self.0.borrow_mut().get_mut(&(from.0, to.0))?[lane as usize].pop_front()
    }
}

/// One shard's end of the wires, which have room for everything.
struct Wired {
    from: ShardId,
    wires: Rc<Wires>,
}

impl Outlet for Wired {
    fn flush(&self, peer: ShardId, system: &mut Outbox, user: &mut Outbox) -> usize {
        let mut wires = self.wires.0.borrow_mut();
        let lanes = wires.entry((self.from.0, peer.0)).or_default();
        let moved = system.len() + user.len();
        lanes[0].extend(std::iter::from_fn(|| system.pop_front()));
        lanes[1].extend(std::iter::from_fn(|| user.pop_front()));
        moved
    }
}

/// The other end of the wires, for a pump.
pub(crate) struct WiresInto {
    to: ShardId,
    shards: u16,
    wires: Rc<Wires>,
}

impl Inlet for WiresInto {
    fn pop(
        &mut self,
        lane: Lane,
        first: ShardId,
        max: usize,
        mut sink: impl FnMut(ShardId, Packet),
    ) {
        for from in (first.0..self.shards).chain(0..first.0).map(ShardId) {
            for _ in 0..max {
                let Some(packet) = self.wires.next(from, self.to, lane) else { break };
                sink(from, packet);
            }
        }
    }

    fn pending(&self) -> bool {
        let wires = self.wires.0.borrow();
        wires.iter().any(|(way, lanes)| way.1 == self.to.0 && lanes.iter().any(|l| !l.is_empty()))
    }
}

/// A node of shards without I/O, stepped by hand in a fixed order.
pub(crate) struct Rig {
    pub(crate) shards: Vec<Shard>,
    wires: Rc<Wires>,
    driver: Rc<Manual>,
    _registration: NodeRegistration,
}

impl Rig {
    pub(crate) fn new(shards: u16) -> Self {
        let injectors = (0..shards).map(|_| Arc::new(Nowhere) as Arc<dyn Injector>).collect();
        let registration = process::register_node("rig", injectors).unwrap();
        let driver = Rc::new(Manual { now: Cell::new(Instant::from_nanos(1)) });
        let wires = Rc::<Wires>::default();
        let build = |id: u16| {
            let outlet = Rc::new(Wired { from: ShardId(id), wires: wires.clone() });
            Shard::new(ShardSetup {
                node: registration.node(),
                id: ShardId(id),
                shards,
                unique: registration.unique(ShardId(id)),
                seed: 7,
                driver: driver.clone(),
                outlet,
                observer: None,
                reporter: Arc::new(Silent),
            })
        };
        let shards = (0..shards).map(build).collect();
        Self { shards, wires, driver, _registration: registration }
    }

    pub(crate) fn on<R>(&self, shard: usize, f: impl FnOnce() -> R) -> R {
        let _entered = self.shards[shard].enter();
        f()
    }

    pub(crate) fn system(&self) -> crate::System {
        crate::System::new(self.shards[0].node())
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.driver.now.set(self.driver.now.get() + duration);
    }

    /// Steps every shard and carries every packet until nothing moves.
    pub(crate) fn settle(&self) {
        loop {
            let mut moved = false;
            for shard in &self.shards {
                let _entered = shard.enter();
                while shard.turn(self.driver.now.get(), &mut Fifo) == Next::Ready {
                    moved = true;
                }
            }
            for from in &self.shards {
                for to in &self.shards {
                    moved |= self.carry(from, to);
                }
            }
            if !moved {
                return;
            }
        }
    }

    /// A pump over the wires to a shard.
    pub(crate) fn pump(&self, shard: usize) -> Pump<WiresInto> {
        let (to, shards) = (self.shards[shard].id(), self.shards[shard].shards());
        Pump::new(WiresInto { to, shards, wires: self.wires.clone() })
    }

    /// Packets on the wires.
    pub(crate) fn on_the_way(&self, from: usize, to: usize, lane: Lane) -> usize {
        let wires = self.wires.0.borrow();
        wires.get(&(from as u16, to as u16)).map_or(0, |lanes| lanes[lane as usize].len())
    }

    pub(crate) fn now(&self) -> Instant {
        self.driver.now.get()
    }

    fn carry(&self, from: &Shard, to: &Shard) -> bool {
        {
            let _entered = from.enter();
            from.flush();
        }
        let _entered = to.enter();
        let packets = self.wires.take(from.id(), to.id()).into_iter().flatten();
        packets.map(|packet| to.deliver(from.id(), packet)).count() > 0
    }
}

/// One shard, for tests that need any.
pub(crate) fn lone_shard(_: u64) -> Shard {
    Rig::new(1).shards.pop().unwrap()
}
