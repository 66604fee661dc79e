//! One glommio executor on the calling thread.

use std::future::Future;
use std::io;
use std::time::Duration;

use glommio::{Latency, LocalExecutorBuilder, Placement, Shares};

/// How often glommio wants its thread back: a shorter timer can leave it asleep with work to do.
const PREEMPT: Duration = Duration::from_millis(1);

/// Bytes of buffers glommio registers with each of its three rings, and pins. Files are read and
/// written through the page cache, so none of it is used; this is the least there can be.
const IO_MEMORY: usize = 64 * 1024;

/// Runs `task` as the one task of a new executor, until it is finished.
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
    executor.run(async {
        let latency = Latency::Matters(PREEMPT);
        let queue = glommio::executor().create_task_queue(Shares::default(), latency, "shard");
        let task = glommio::spawn_local_into(task, queue).map_err(io::Error::from)?;
        Ok(task.await)
    })
}
