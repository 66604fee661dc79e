//! Actors and settings that several tests use.

use std::sync::{Arc, Mutex};

use greenroom_core::io::disk;
use greenroom_core::runtime::{DiskRequest, FileId};
use greenroom_core::{Actor, Context, ExitReason, Flow, HookFailure, Pid, Reply, Reporter};
use greenroom_shard::{Builder, Driver, IdleStrategy, Pin};

/// Makes of each body, which takes a driver, a test for each driver of this build. What a body finds
/// to be so holds on all of them.
macro_rules! on_each_driver {
    ($($body:ident),* $(,)?) => {
        #[cfg(feature = "driver-glommio")]
        mod on_glommio {
            $(#[test]
            fn $body() {
                super::$body(greenroom_shard::Driver::Glommio);
            })*
        }

        #[cfg(feature = "driver-uring")]
        mod on_uring {
            $(#[test]
            fn $body() {
                super::$body(greenroom_shard::Driver::Uring);
            })*
        }
    };
}
pub(crate) use on_each_driver;

/// A system for a test: tests run side by side, so none is bound to a core.
pub(crate) fn system(driver: Driver, shards: usize) -> Builder {
    Builder::new().driver(driver).shards(shards).pin(Pin::None).idle(IdleStrategy::Park)
}

pub(crate) enum Count {
    Add(u64),
    Total(Reply<u64>),
    /// Keeps the port for ever.
    Keep(Reply<u64>),
    /// Calls that counter and answers with its total.
    Ask(greenroom_core::ActorRef<Counter>, Reply<u64>),
    Panic,
    Hang,
}

/// Adds up what it is sent.
#[derive(Default)]
pub(crate) struct Counter {
    total: u64,
    kept: Vec<Reply<u64>>,
}

impl Actor for Counter {
    type Message = Count;

    async fn handle(&mut self, message: Count, _: &Context<Self>) -> Flow {
        match message {
            Count::Add(n) => self.total += n,
            Count::Total(reply) => reply.send(self.total),
            Count::Keep(reply) => self.kept.push(reply),
            Count::Ask(to, reply) => {
                if let Ok(total) = to.call(Count::Total).await {
                    reply.send(total);
                }
            }
            Count::Panic => panic!("asked to"),
            Count::Hang => std::future::pending().await,
        }
        Flow::Continue
    }
}

/// Keeps what is reported: actors that failed, and names of hooks.
#[derive(Clone, Default)]
pub(crate) struct Notes(
    pub(crate) Arc<Mutex<Vec<(String, ExitReason)>>>,
    pub(crate) Arc<Mutex<Vec<String>>>,
);

impl Reporter for Notes {
    fn actor_failed(&self, _: Pid, name: &str, reason: &ExitReason) {
        self.0.lock().unwrap().push((name.into(), reason.clone()));
    }

    fn hook_failed(&self, failure: &HookFailure) {
        self.1.lock().unwrap().push(failure.name.to_string());
    }
}

/// Runs `body` in a process of its own, for what other tests of this process would disturb. `test`
/// is the path of the calling test.
pub(crate) fn alone(test: &str, body: impl FnOnce()) {
    const MARK: &str = "GREENROOM_TEST_ALONE";
    if std::env::var_os(MARK).is_some() {
        return body();
    }
    let program = std::env::current_exe().unwrap();
    let child = std::process::Command::new(program)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(MARK, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    let cried = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{said}{cried}");
    assert!(said.contains("1 passed"), "there is no test {test}: {said}");
}

/// Descriptors this process has open.
pub(crate) fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// The same once the process is down to `threads` threads: the thread that glommio has beside each
/// executor holds a descriptor, and ends by itself a little after the executor.
pub(crate) fn descriptors_with(threads: usize) -> usize {
    let running = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let mut patience = 1_000_000;
    while running() > threads {
        patience -= 1;
        assert!(patience > 0, "{} threads, {threads} expected", running());
        std::thread::yield_now();
    }
    descriptors()
}

/// Comes back once the driver has carried out what was asked of it before. (What there is to say of
/// sockets may be said at once; of files it is said at the next turn.)
pub(crate) async fn driver_turn() {
    let nothing = DiskRequest::Close { file: FileId(u64::MAX) };
    assert!(disk(nothing).await.is_err(), "there is no such file");
}
