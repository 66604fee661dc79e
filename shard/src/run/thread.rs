//! The thread of a shard, from its start to its end.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use crossbeam_channel::Receiver;
use greenroom_core::mesh::Packet;
use greenroom_core::runtime::Injected;
use greenroom_core::{NodeId, Reporter, Shard, ShardId, System};

use super::builder::OnShardStart;
use super::start::Started;
use super::{IdleStrategy, Seat, StartError};
#[cfg(feature = "driver-uring")]
use crate::driver::RingLimits;
use crate::driver::{
    Bell, Cores, Driver, Inject, NodeClock, Setup, drive, message_of, sharpen_timers,
};
use crate::mesh::Port;
use crate::pool::{Jobs, Workers};

/// What all shards of a system have in common.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) node: NodeId,
    pub(super) shards: u16,
    pub(super) seed: u64,
    pub(super) clock: NodeClock,
    pub(super) driver: Driver,
    pub(super) idle: IdleStrategy,
    #[cfg(feature = "driver-uring")]
    pub(super) ring: RingLimits,
    pub(super) reporter: Arc<dyn Reporter>,
    pub(super) on_shard_start: Option<OnShardStart>,
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
            let (news, driver) = (news.clone(), self.common.driver);
            let (setup, hook) = self.set_up();
            drive(driver, setup, move |shard| begin(shard, hook, &news))
        });
        if let Err(error) = outcome {
            news.tell(Err(StartError::Shard(id, error)));
        }
    }

    /// Takes this apart into what the shard is made of, and what is to run first in it.
    fn set_up(self) -> (Setup, Option<OnShardStart>) {
        let Self { id, unique, port, door, queue, common, seat, .. } = self;
        let jobs = Jobs::new(common.workers, door);
        let setup = Setup {
            node: common.node,
            id,
            shards: common.shards,
            unique,
            seed: common.seed,
            reporter: common.reporter,
            clock: common.clock,
            jobs,
            port,
            injected: queue,
            idle: common.idle,
            #[cfg(feature = "driver-uring")]
            ring: common.ring,
            seat,
        };
        (setup, common.on_shard_start)
    }
}

/// Runs the start hook and tells how it went. Returns whether the shard may run.
fn begin(shard: &Shard, hook: Option<OnShardStart>, started: &News) -> bool {
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
