//! The thread that sees that a shard hangs.
//!
//! It is no shard's, so that it sees an endless loop as well; what it looks at and concludes is
//! [`greenroom_core::Watchdog`].

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{JoinHandle, current};
use std::time::Duration;

use greenroom_core::runtime::Clock;
use greenroom_core::{NodeVitals, Reporter, Watchdog};

use crate::driver::NodeClock;

/// Looks in the time that makes a stall. A stall is seen half of that time late at most; more looks
/// would wake an idle machine more often.
const LOOKS: u32 = 2;

/// The shortest limit: below, the looks would keep a core busy and find what is no stall.
const LIMIT_MIN: Duration = Duration::from_millis(1);

/// The watchdog of one system, until this is dropped.
pub(super) struct Watching {
    /// Dropped to end the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watching {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub(super) fn start(
        name: &str,
        vitals: Arc<NodeVitals>,
        limit: Duration,
        clock: NodeClock,
        reporter: Arc<dyn Reporter>,
    ) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let limit = bounded(limit);
        let watchdog = Watchdog::new(vitals, limit);
        let pause = limit / LOOKS;
        let thread = std::thread::Builder::new()
            .name(format!("{name}-watch"))
            .spawn(move || watch(watchdog, pause, clock, &*reporter, &stopped))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

/// What counts as a stall where `limit` is asked for.
fn bounded(limit: Duration) -> Duration {
    limit.max(LIMIT_MIN)
}

fn watch(
    mut watchdog: Watchdog,
    pause: Duration,
    clock: NodeClock,
    reporter: &dyn Reporter,
    stopped: &Receiver<()>,
) {
    while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        for stall in watchdog.look(clock.now()) {
            // What panics in a reporter is told to nobody: there is only the reporter to tell.
            drop(catch_unwind(AssertUnwindSafe(|| reporter.shard_stalled(&stall))));
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        drop(self.stop.take());
        let thread = self.thread.take();
        // A reporter may be the one that ends the system.
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != current().id()) {
            // It catches the panics of reporters, and has none of its own.
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_makes_the_watchdog_spin() {
        for limit in [Duration::ZERO, Duration::from_nanos(1), Duration::from_micros(999)] {
            assert_eq!(bounded(limit) / LOOKS, Duration::from_micros(500), "{limit:?}");
        }
        for limit in [LIMIT_MIN, Duration::from_secs(9), Duration::MAX] {
            assert_eq!(bounded(limit), limit);
        }
    }
}
