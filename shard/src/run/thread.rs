//! The thread of a shard, from its start to its end.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::task::{Poll, Waker};

use crossbeam_channel::Receiver;
use greenroom_core::mesh::Packet;
use greenroom_core::runtime::Injected;
use greenroom_core::{NodeId, Pump, Reporter, Shard, ShardId, ShardSetup, System};

use super::builder::OnShardStart;
use super::start::Started;
use super::{IdleStrategy, Seat, StartError};
use crate::driver::executor::{self, PumpState, Reactor, ShardPump, World};
use crate::driver::sockets::Poller;
use crate::driver::{Bell, Cores, Inject, NodeClock, message_of, sharpen_timers, take_apart};
use crate::mesh::Port;
use crate::pool::{Jobs, Workers};

/// What all shards of a system have in common.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) node: NodeId,
    pub(super) shards: u16,
    pub(super) seed: u64,
    pub(super) clock: NodeClock,
    pub(super) idle: IdleStrategy,
    pub(super) reporter: Arc<dyn Reporter>,
    pub(super) on_shard_start: Option<OnShardStart>,
    /// Where threads may run that are no shard's.
    pub(super) allowed: Cores,
    pub(super) workers: Workers,
}

/// One shard's part of a system, before it is built. It moves to the shard's thread.
pub(super) struct Place {
    pub(super) id: ShardId,
    pub(super) unique: u16,
    pub(super) core: Option<usize>,
    pub(super) port: Port<Packet, Bell>,
    pub(super) door: Arc<Inject>,
    pub(super) queue: Receiver<Injected>,
    pub(super) common: Common,
    /// Last, so that a thread that ends early has given everything else back when it says so.
    pub(super) seat: Seat,
}

impl Place {
    /// The body of the shard's thread. Tells `started` once how the start went.
    pub(super) fn run(self, started: Sender<Started>) {
        let id = self.id;
        let news = Rc::new(News(Cell::new(Some(started))));
        let bound = self.core.map_or(Ok(()), |core| Cores::one(core).bind());
        let outcome = bound.and_then(|()| {
            sharpen_timers();
            // Made before the bell moves into the pump.
            let poller = Poller::new(self.port.sleeper.bell())?;
            let news = news.clone();
            executor::run(async move {
                let pump = self.build(poller, task_waker().await)?;
                if begin(&pump.0, pump.1, &news) {
                    pump.0.await;
                }
                Ok(())
            })?
        });
        if let Err(error) = outcome {
            news.tell(Err(StartError::Shard(id, error)));
        }
    }

    /// Builds the shard. To be called by the task that is to pump it, whose waker is `task`.
    fn build(self, poller: Poller, task: Waker) -> io::Result<(ShardPump, Option<OnShardStart>)> {
        let Self { id, unique, port, door, queue, common, seat, .. } = self;
        let reactor = Reactor::new(poller.as_fd(), &task)?;
        let jobs = Jobs::new(common.workers, door, Some(common.allowed));
        let world = Rc::new(World::new(common.clock, poller, jobs));
        let (outgoing, incoming, sleeper) = take_apart(port);
        let shard = Rc::new(Shard::new(ShardSetup {
            node: common.node,
            id,
            shards: common.shards,
            unique,
            seed: common.seed,
            driver: world.clone(),
            outlet: Rc::new(outgoing),
            observer: None,
            reporter: common.reporter,
        }));
        let pump = ShardPump {
            shard,
            world,
            pump: Pump::new(incoming),
            reactor,
            sleeper,
            injected: queue,
            idle: common.idle,
            state: PumpState::new(),
            seat,
        };
        Ok((pump, common.on_shard_start))
    }
}

/// The waker of the task that awaits this.
async fn task_waker() -> Waker {
    poll_fn(|cx| Poll::Ready(cx.waker().clone())).await
}

/// Runs the start hook and tells how it went. Returns whether the shard may run.
fn begin(pump: &ShardPump, hook: Option<OnShardStart>, started: &News) -> bool {
    let shard = &pump.shard;
    let news = shard.enter(|| {
        let hook = || hook.iter().for_each(|hook| hook(shard.id()));
        match catch_unwind(AssertUnwindSafe(hook)) {
            Ok(()) => Ok(System::current().expect("the shard is entered").handle()),
            Err(payload) => Err(StartError::OnShardStart(shard.id(), message_of(&*payload))),
        }
    });
    let runs = news.is_ok();
    started.tell(news);
    runs
}

/// Tells once how a start went. Who listens also hears when this is dropped before.
struct News(Cell<Option<Sender<Started>>>);

impl News {
    fn tell(&self, started: Started) {
        if let Some(sender) = self.0.take() {
            // Nobody listens any more when another shard has failed before.
            drop(sender.send(started));
        }
    }
}
