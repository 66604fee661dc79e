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
use crate::report::{Reporter, Silent};
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
    fn submit(&self, _: OpId, _: NetRequest) -> Option<IoResult> {
        None
    }

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
    fn open(&self, _: &str) -> io::Result<ThreadId> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn submit(&self, _: OpId, _: ThreadId, _: ThreadJob) {}

    fn close(&self, _: ThreadId) {}
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
    reporter: Arc<dyn Reporter>,
    registration: NodeRegistration,
}

impl Rig {
    pub(crate) fn new(shards: u16) -> Self {
        Self::with_reporter(shards, Silent)
    }

    pub(crate) fn with_reporter(shards: u16, reporter: impl Reporter + 'static) -> Self {
        let reporter: Arc<dyn Reporter> = Arc::new(reporter);
        let injectors = (0..shards).map(|_| Arc::new(Nowhere) as Arc<dyn Injector>).collect();
        let registration = process::register_node("rig", injectors).unwrap();
        let driver = Rc::new(Manual { now: Cell::new(Instant::from_nanos(1)) });
        let wires = Rc::<Wires>::default();
        let mut rig = Self { shards: Vec::new(), wires, driver, reporter, registration };
        rig.shards = (0..shards).map(|id| rig.build_of(shards, id)).collect();
        rig
    }

    /// Builds a shard of that number beside those there are.
    pub(crate) fn build(&self, id: u16) -> Shard {
        self.build_of(self.shards.len() as u16, id)
    }

    fn build_of(&self, shards: u16, id: u16) -> Shard {
        let outlet = Rc::new(Wired { from: ShardId(id), wires: self.wires.clone() });
        let known = id < shards;
        Shard::new(ShardSetup {
            node: self.registration.node(),
            id: ShardId(id),
            shards,
            unique: if known { self.registration.unique(ShardId(id)) } else { 0 },
            seed: 7,
            driver: self.driver.clone(),
            outlet,
            observer: None,
            reporter: self.reporter.clone(),
        })
    }

    pub(crate) fn on<R>(&self, shard: usize, f: impl FnOnce() -> R) -> R {
        self.shards[shard].enter(f)
    }

    pub(crate) fn system(&self) -> crate::System {
        crate::System::new(self.shards[0].node())
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.driver.now.set(self.driver.now.get() + duration);
    }

    /// Steps every shard and carries every packet until nothing moves.
    pub(crate) fn settle(&self) {
        self.settle_but(&[]);
    }

    /// The same while those shards do not run.
    pub(crate) fn settle_but(&self, stuck: &[usize]) {
        loop {
            let shards = (0..self.shards.len()).filter(|shard| !stuck.contains(shard));
            let turned = shards.filter(|&shard| self.turn(shard)).count() > 0;
            if self.carry_between(|_, to| !stuck.contains(&to)) == 0 && !turned {
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

    /// Steps a shard until it has nothing to do. Returns whether it had.
    pub(crate) fn turn(&self, shard: usize) -> bool {
        let shard = &self.shards[shard];
        shard.enter(|| {
            let mut moved = false;
            while shard.turn(self.driver.now.get(), &mut Fifo) == Next::Ready {
                moved = true;
            }
            moved
        })
    }

    /// Carries every packet that has left a shard by now, but from one shard to another none.
    pub(crate) fn carry_all_but(&self, held: (usize, usize)) -> usize {
        self.carry_between(|from, to| (from, to) != held)
    }

    /// Carries every packet that has left a shard by now, pair by pair.
    fn carry_between(&self, goes: impl Fn(usize, usize) -> bool) -> usize {
        let shards = self.shards.len();
        let pairs = (0..shards).flat_map(|from| (0..shards).map(move |to| (from, to)));
        let pairs = pairs.filter(|&(from, to)| goes(from, to));
        pairs.map(|(from, to)| self.carry(&self.shards[from], &self.shards[to])).sum()
    }

    /// Carries the packets that have left a shard by now, and none that leave another on the way.
    pub(crate) fn hop(&self) {
        let pairs =
            self.shards.iter().flat_map(|from| self.shards.iter().map(move |to| (from, to)));
        let under_way: Vec<_> = pairs.map(|(from, to)| (from, to, self.take(from, to))).collect();
        under_way.into_iter().for_each(|(from, to, packets)| deliver(from, to, packets));
    }

    fn carry(&self, from: &Shard, to: &Shard) -> usize {
        let packets = self.take(from, to);
        let carried = packets.len();
        deliver(from, to, packets);
        carried
    }

    pub(crate) fn take(&self, from: &Shard, to: &Shard) -> Vec<Packet> {
        from.enter(|| from.flush());
        self.wires.take(from.id(), to.id()).into_iter().flatten().collect()
    }
}

fn deliver(from: &Shard, to: &Shard, packets: Vec<Packet>) {
    to.enter(|| packets.into_iter().for_each(|packet| to.deliver(from.id(), packet)));
}

/// One shard, for tests that need any.
pub(crate) fn lone_shard(_: u64) -> Shard {
    Rig::new(1).shards.pop().unwrap()
}
