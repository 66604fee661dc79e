//! A system that runs.

use std::fmt;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use greenroom_core::limits::SHUTDOWN_GRACE;
use greenroom_core::process::NodeRegistration;
use greenroom_core::{ShutdownReport, SystemHandle};

use super::Stage;
use super::signals::SignalWatch;
use super::watchdog::Watching;
use crate::pool::Workers;

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
    /// Where the system stops on signals.
    pub(super) signals: Option<SignalWatch>,
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

    /// Ends the system. The hooks of [`greenroom_core::System::on_shutdown`] run, supervision trees
    /// stop, the last one started first, and then every actor is asked to; all that has until
    /// `deadline`, and what is left then is killed. Every port, call and task that is left fails,
    /// wherever somebody waits for it. Stops the calling thread until all is done.
    ///
    /// Where the shutdown has begun already, by a signal, that one's deadline counts.
    ///
    /// A shard whose thread is inside a handler that neither returns nor awaits cannot be ended:
    /// after the deadline and a short grace it is reported as stuck, and left behind.
    pub fn shutdown(mut self, deadline: Duration) -> ShutdownReport {
        self.parts.take().map(|parts| parts.shut_down(deadline)).unwrap_or_else(|| {
            unreachable!("the parts are taken by `shutdown`, which consumes, and by `drop`")
        })
    }

    /// Waits until the system shuts down by itself, on a signal, and is done. Stops the calling
    /// thread until then: for ever, where nothing ends the system.
    pub fn wait(self) -> ShutdownReport {
        if let Some(parts) = &self.parts {
            parts.stage.wait_for_begin();
        }
        let limit = self.shutdown_limit;
        self.shutdown(limit)
    }
}

impl Parts {
    pub(super) fn shut_down(self, deadline: Duration) -> ShutdownReport {
        let Self { stage, signals, threads, workers, watching, registration } = self;
        stage.begin(deadline);
        stage.see_through();
        let ends = stage.ends();
        for (thread, end) in threads.into_iter().zip(&ends) {
            // On a shard's own thread this is the drop of a handle by one of its tasks.
            if end.is_some() && thread.thread().id() != std::thread::current().id() {
                // The thread caught its panics; a driver's own have nobody left to tell.
                drop(thread.join());
            }
        }
        let threads_left = workers.close(SHUTDOWN_GRACE);
        drop(watching);
        drop(registration);
        drop(signals);
        let mut report = ShutdownReport::new(ends);
        report.threads_left = threads_left;
        report
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
