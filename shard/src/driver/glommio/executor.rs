//! One glommio executor on the calling thread.

use std::future::{Future, poll_fn};
use std::io;
use std::os::fd::AsFd;
use std::task::{Poll, Waker};
use std::time::Duration;

use glommio::{LocalExecutorBuilder, Placement};
use greenroom_core::Shard;

use super::pump::ShardPump;
use super::reactor::Reactor;
use super::world::GlommioWorld;
use crate::driver::Setup;
use crate::driver::sockets::Poller;

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
fn run<T: 'static>(task: impl Future<Output = T> + 'static) -> io::Result<T> {
    let executor = LocalExecutorBuilder::new(Placement::Unbound)
        .io_memory(IO_MEMORY)
        .preempt_timer(PREEMPT)
        .make()
        .map_err(io::Error::from)?;
    Ok(executor.run(task))
}

/// Builds a shard inside a new executor, asks `begin` whether it may run, and runs it to its end.
///
/// # Errors
///
/// When the executor or the epoll set cannot be made; `begin` was not called.
pub(crate) fn drive(setup: Setup, begin: impl FnOnce(&Shard) -> bool + 'static) -> io::Result<()> {
    // Made before the bell moves into the loop.
    let poller = Poller::new(setup.bell())?;
    run(async move {
        let task = poll_fn(|cx| Poll::Ready::<Waker>(cx.waker().clone())).await;
        let reactor = Reactor::new(poller.as_fd(), &task)?;
        let world = GlommioWorld::new(setup.clock, poller, setup.jobs.clone());
        let pump = ShardPump::new(setup.build(world), reactor);
        if begin(&pump.shard_loop.shard) {
            pump.await;
        }
        Ok(())
    })?
}

/// Makes an executor and ends it.
///
/// # Errors
///
/// When it cannot be made.
pub(crate) fn try_out() -> io::Result<()> {
    run(async {})
}
