//! What can be set for a system.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use greenroom_core::limits::STALL_LIMIT;
use greenroom_core::{Reporter, Result, ShardId, System, TaskError, spawn_local};

use super::start::start;
use super::{IdleStrategy, Pin, RunError, Running, StartError, StderrReporter};
use crate::driver::Driver;
#[cfg(feature = "driver-uring")]
use crate::driver::RingLimits;

/// What runs at the start of each shard.
pub(super) type OnShardStart = Arc<dyn Fn(ShardId) + Send + Sync>;

/// Builds a system: one shard per core, each bound to its core, unless told otherwise.
///
/// # Examples
///
/// ```no_run
/// use greenroom_shard::{Builder, IdleStrategy};
///
/// let shards = Builder::new().shards(2).idle(IdleStrategy::Park).run(async |system| {
///     Ok(system.shards())
/// })?;
/// assert_eq!(shards, 2);
/// # Ok::<(), greenroom_shard::RunError>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it runs or starts a system"]
pub struct Builder {
    pub(super) name: String,
    /// `None` for one per core.
    pub(super) shards: Option<usize>,
    pub(super) driver: Driver,
    #[cfg(feature = "driver-uring")]
    pub(super) ring: RingLimits,
    pub(super) pin: Pin,
    pub(super) idle: IdleStrategy,
    pub(super) on_shard_start: Option<OnShardStart>,
    pub(super) reporter: Arc<dyn Reporter>,
    pub(super) shutdown_limit: Duration,
    pub(super) blocking_threads_max: usize,
    /// `None` for no watchdog.
    pub(super) stall_limit: Option<Duration>,
    pub(super) stop_on_signals: bool,
}

impl Builder {
    /// How long [`run`](Self::run), and dropping a [`Running`], let actors finish by default:
    /// what a supervisor gives its children.
    pub const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);

    /// The default settings.
    pub fn new() -> Self {
        Self {
            name: "greenroom".into(),
            shards: None,
            driver: Driver::default(),
            #[cfg(feature = "driver-uring")]
            ring: RingLimits::default(),
            pin: Pin::default(),
            idle: IdleStrategy::default(),
            on_shard_start: None,
            reporter: Arc::new(StderrReporter),
            shutdown_limit: Self::SHUTDOWN_LIMIT,
            blocking_threads_max: crate::pool::THREADS_MAX,
            stall_limit: Some(STALL_LIMIT),
            stop_on_signals: false,
        }
    }

    /// What the system is called in pids, and its threads in the operating system's lists.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// How many shards; 1 to 65,535. By default one for each core this process may use.
    pub const fn shards(mut self, shards: usize) -> Self {
        self.shards = Some(shards);
        self
    }

    /// What runs the shards, and what their I/O stands on.
    pub const fn driver(mut self, driver: Driver) -> Self {
        self.driver = driver;
        self
    }

    /// What the rings may be and use.
    #[cfg(all(test, feature = "driver-uring"))]
    pub(crate) const fn ring(mut self, ring: RingLimits) -> Self {
        self.ring = ring;
        self
    }

    /// Has sends of at least so many bytes on TCP streams not be copied, where the kernel can
    /// (`SEND_ZC`, 6.0); by default all are.
    ///
    /// Such a send completes when the peer has acknowledged its bytes, as its memory is in use until
    /// then: one stream sends no more than one buffer a round trip. It pays for long sends through a
    /// network card that gathers; through loopback the kernel copies all the same, and the rest is
    /// in vain. Without effect on a driver that has no ring of its own.
    #[cfg(feature = "driver-uring")]
    pub const fn zero_copy_min_bytes(mut self, bytes: usize) -> Self {
        self.ring.zero_copy_min_bytes = bytes;
        self
    }

    /// How shards are bound to cores.
    pub fn pin(mut self, pin: Pin) -> Self {
        self.pin = pin;
        self
    }

    /// What shards do when they have nothing to do.
    pub const fn idle(mut self, idle: IdleStrategy) -> Self {
        self.idle = idle;
        self
    }

    /// Runs `hook` on each shard's thread, inside the shard, before anything else does.
    pub fn on_shard_start(mut self, hook: impl Fn(ShardId) + Send + Sync + 'static) -> Self {
        self.on_shard_start = Some(Arc::new(hook));
        self
    }

    /// Who is told of crashes; by default [`StderrReporter`].
    pub fn reporter(mut self, reporter: Arc<dyn Reporter>) -> Self {
        self.reporter = reporter;
        self
    }

    /// How long actors have to finish when a run is over or a [`Running`] is dropped; those that
    /// are left are killed.
    pub const fn shutdown_limit(mut self, limit: Duration) -> Self {
        self.shutdown_limit = limit;
        self
    }

    /// Shuts the system down, within [`Builder::shutdown_limit`], when the process is told to end by
    /// SIGINT or SIGTERM; a second such signal ends the process at once, with 128 and the signal's
    /// number as its status. Once no system of the process is left that does this, the signals do
    /// what they do by default.
    ///
    /// For programs; a library leaves its program's signals alone. A root that is to return when
    /// the shutdown begins waits for [`System::until_shutdown`]: one that does not return ends
    /// with the system, and [`Builder::run`] with [`RunError::ShutDown`].
    pub const fn stop_on_signals(mut self) -> Self {
        self.stop_on_signals = true;
        self
    }

    /// Most threads for blocking work, at least 1. They are started when needed.
    pub const fn blocking_threads_max(mut self, threads: usize) -> Self {
        self.blocking_threads_max = threads;
        self
    }

    /// How long a shard may be in one step until the watchdog reports that it hangs, and new actors
    /// are placed elsewhere; [`STALL_LIMIT`] by default, and 1 ms where less is asked for. `None` for
    /// no watchdog, which saves a thread that looks twice in that time.
    pub const fn stall_limit(mut self, limit: Option<Duration>) -> Self {
        self.stall_limit = limit;
        self
    }

    /// Starts the system and lets it run until the handle is dropped or shut down.
    ///
    /// # Errors
    ///
    /// See [`StartError`]; nothing is left of the system.
    pub fn start(self) -> std::result::Result<Running, StartError> {
        start(self)
    }

    /// Starts a system, runs `root` as a task of shard 0, shuts the system down, and returns what
    /// the root did. Actors that the root leaves alive are asked to stop.
    ///
    /// # Errors
    ///
    /// See [`RunError`].
    pub fn run<T, F>(self, root: F) -> std::result::Result<T, RunError>
    where
        T: Send + 'static,
        F: AsyncFnOnce(System) -> Result<T> + Send + 'static,
    {
        if System::current().is_some() {
            return Err(RunError::OnShard);
        }
        let limit = self.shutdown_limit;
        let running = self.start()?;
        // A task of its own, so that a panic of the root has a message.
        let task = async move |system: System| spawn_local(async move { root(system).await }).await;
        let outcome = running.handle().run_on(ShardId(0), task).wait();
        let report = running.shutdown(limit);
        match outcome {
            Ok(Ok(Ok(value))) => Ok(value),
            Ok(Ok(Err(error))) => Err(RunError::Root(error)),
            Ok(Err(TaskError::Panicked(message))) => Err(RunError::Panicked(message)),
            Ok(Err(_)) | Err(_) => Err(RunError::of(report)),
        }
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("name", &self.name)
            .field("shards", &self.shards)
            .field("driver", &self.driver)
            .field("pin", &self.pin)
            .field("idle", &self.idle)
            .field("shutdown_limit", &self.shutdown_limit)
            .finish_non_exhaustive()
    }
}

/// Runs `root` in a system of default settings: [`Builder::run`], with the root's own error as it
/// is, for a `main` to return.
///
/// # Errors
///
/// The root's error, or a [`RunError`].
pub fn run<T, F>(root: F) -> Result<T>
where
    T: Send + 'static,
    F: AsyncFnOnce(System) -> Result<T> + Send + 'static,
{
    Builder::new().run(root).map_err(RunError::into_error)
}
