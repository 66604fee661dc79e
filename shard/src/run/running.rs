//! A system that runs.

use std::fmt;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use greenroom_core::SystemHandle;
use greenroom_core::process::NodeRegistration;

use super::watchdog::Watching;
use super::{Phase, ShutdownReport, Stage};
use crate::pool::Workers;

/// How long the end of a system may take after its deadline: for killed actors to be dropped, and
/// again for shards that wait for nobody. Only a handler that neither returns nor awaits takes it.
const GRACE: Duration = Duration::from_secs(1);

/// A system that runs on threads of its own until this is dropped, which shuts it down within the
/// limit its builder was given.
#[must_use = "dropping this shuts the system down"]
pub struct Running {
    handle: SystemHandle,
    shutdown_limit: Duration,
    /// `None` once shut down.
    parts: Option<Parts>,
}

/// What is taken apart at the end, in this order.
pub(super) struct Parts {
    pub(super) stage: Arc<Stage>,
    /// The shards' threads, by shard.
    pub(super) threads: Vec<JoinHandle<()>>,
    pub(super) workers: Workers,
    pub(super) watching: Option<Watching>,
    pub(super) registration: NodeRegistration,
}

impl Running {
    pub(super) const fn new(handle: SystemHandle, limit: Duration, parts: Parts) -> Self {
        Self { handle, shutdown_limit: limit, parts: Some(parts) }
    }

    /// The system, for any thread.
    #[must_use]
    pub const fn handle(&self) -> SystemHandle {
        self.handle
    }

    /// Ends the system. Every actor is asked to stop and has until `deadline` to finish; what is
    /// left then is killed. Every port, call and task that is left fails, wherever somebody waits
    /// for it. Stops the calling thread until all is done.
    ///
    /// A shard whose thread is inside a handler that neither returns nor awaits cannot be ended:
    /// after the deadline and a short grace it is reported as stuck, and left behind.
    pub fn shutdown(mut self, deadline: Duration) -> ShutdownReport {
        self.parts.take().map(|parts| parts.shut_down(deadline)).unwrap_or_else(|| {
            unreachable!("the parts are taken by `shutdown`, which consumes, and by `drop`")
        })
    }
}

impl Parts {
    pub(super) fn shut_down(self, deadline: Duration) -> ShutdownReport {
        let Self { stage, threads, workers, watching, registration } = self;
        stage.advance(Phase::Closing);
        if !stage.wait(deadline) {
            stage.advance(Phase::Killing);
        }
        if !stage.wait(GRACE) {
            stage.advance(Phase::Abandoning);
        }
        stage.wait(GRACE);
        let ends = stage.ends();
        for (thread, end) in threads.into_iter().zip(&ends) {
            // On a shard's own thread this is the drop of a handle by one of its tasks.
            if end.is_some() && thread.thread().id() != std::thread::current().id() {
                // The thread caught its panics; a driver's own have nobody left to tell.
                drop(thread.join());
            }
        }
        let threads_left = workers.close(GRACE);
        drop(watching);
        drop(registration);
        ShutdownReport::new(ends, threads_left)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(parts) = self.parts.take() {
            parts.shut_down(self.shutdown_limit);
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("handle", &self.handle).finish_non_exhaustive()
    }
}
