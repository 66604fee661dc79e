//! The shard and its pump.

use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use greenroom_core::process::{NodeRegistration, register_node};
use greenroom_core::runtime::{Clock, Injector, NoPeers};
use greenroom_core::{
    Fifo, InUse, Instant, LocalTask, Next, Shard, ShardId, ShardSetup, Silent, System, spawn_local,
};

use super::driver::{Loopback, Nowhere};
use super::network::Network;

/// One shard on a loopback network.
pub(crate) struct Rig {
    shard: Shard,
    driver: Rc<Loopback>,
    seed: u64,
    _registration: NodeRegistration,
}

impl Rig {
    pub(crate) fn new(seed: u64) -> Self {
        let injector: Arc<dyn Injector> = Arc::new(Nowhere);
        let registration = register_node("loopback", vec![injector]).expect("a free number");
        let driver = Rc::new(Loopback::new(seed));
        let shard = Shard::new(ShardSetup {
            node: registration.node(),
            id: ShardId(0),
            shards: 1,
            unique: registration.unique(ShardId(0)),
            seed,
            driver: driver.clone(),
            outlet: Rc::new(NoPeers),
            observer: None,
            reporter: Arc::new(Silent),
        });
        Self { shard, driver, seed, _registration: registration }
    }

    /// Runs a body to its end, and checks that it left nothing behind.
    pub(crate) fn run<T: 'static, F>(&self, body: impl FnOnce(System) -> F) -> T
    where
        F: Future<Output = T> + 'static,
    {
        let value = self.run_only(body);
        let _on_panic = Name(self.seed);
        assert_eq!(self.shard.in_use(), InUse::default(), "left behind");
        assert_eq!(self.network(|network| network.sockets()), 0, "sockets left open");
        assert!(!self.network(|network| network.close_cancelled), "a close was cancelled");
        value
    }

    /// Runs a body to its end.
    pub(crate) fn run_only<T: 'static, F>(&self, body: impl FnOnce(System) -> F) -> T
    where
        F: Future<Output = T> + 'static,
    {
        let _on_panic = Name(self.seed);
        self.shard.enter(|| {
            let system = System::current().expect("entered");
            let mut task = spawn_local(body(system));
            while !task.is_finished() {
                assert!(self.advance(), "nothing moves any more: {:?}", self.shard.waits());
            }
            let value = take(&mut task);
            drop(task);
            while self.progress() {}
            value
        })
    }

    pub(crate) fn network<R>(&self, f: impl FnOnce(&mut Network) -> R) -> R {
        f(&mut self.driver.network.borrow_mut())
    }

    pub(crate) fn driver(&self) -> Rc<Loopback> {
        self.driver.clone()
    }

    /// A turn and a completion; `false` when neither had anything to do.
    fn progress(&self) -> bool {
        let ready = self.shard.next() == Next::Ready;
        self.shard.turn(self.driver.now(), &mut Fifo);
        let completed = self.driver.step();
        let moved = ready || completed.is_some();
        if let Some((op, result)) = completed {
            self.shard.complete(op, result);
        }
        moved
    }

    /// The same, going on to the next timer when nothing else is left.
    fn advance(&self) -> bool {
        if self.progress() {
            return true;
        }
        match self.shard.next() {
            Next::Ready => true,
            Next::Until(time) => {
                self.driver.set_time(time.max(self.driver.now()));
                time > Instant::ORIGIN
            }
            Next::Idle => false,
        }
    }
}

fn take<T>(task: &mut LocalTask<T>) -> T {
    match pin!(task).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(value)) => value,
        Poll::Ready(Err(error)) => panic!("the body did not end well: {error}"),
        Poll::Pending => panic!("a finished task has a result"),
    }
}

/// Tells which seed failed.
struct Name(u64);

impl Drop for Name {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("with seed {}", self.0);
        }
    }
}
