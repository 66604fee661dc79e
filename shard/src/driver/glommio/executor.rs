//! One glommio executor on the calling thread.

use std::future::Future;
use std::io;
use std::time::Duration;

use glommio::{LocalExecutorBuilder, Placement};

/// When glommio wants its thread back. It sets this timer before it polls its tasks, and when the
/// timer fires before the first was polled, because another thread had the core, it takes its
/// queues for empty and goes to sleep: for ever, if nothing else is set. So the timer is so long
/// that no thread is kept from a core for it. A shard asks a clock of its own how long its turn
/// lasts; nothing else is to be preempted.
const PREEMPT: Duration = Duration::from_secs(10);

/// Bytes of buffers glommio registers with each of its three rings, and pins. Files are read and
/// written through the page cache, so none of it is used; this is the least there can be.
const IO_MEMORY: usize = 64 * 1024;

/// Runs `task` as the one task of a new executor, until it is finished. It is the executor's own
/// future: one that only waited for another would have to be polled once more at the end, and that
/// poll is lost when the timer above fires.
///
/// # Errors
///
/// When the executor cannot be made; `task` was not polled.
pub(crate) fn run<T: 'static>(task: impl Future<Output = T> + 'static) -> io::Result<T> {
    let executor = LocalExecutorBuilder::new(Placement::Unbound)
        .io_memory(IO_MEMORY)
        .preempt_timer(PREEMPT)
        .make()
        .map_err(io::Error::from)?;
    Ok(executor.run(task))
}
