//! glommio's reactor, as the one task of its executor uses it.
//!
//! The reactor has a turn when the task returns `Pending`, and only then. Two things follow:
//!
//! - *A turn without a sleep.* Waking oneself is not enough: the executor then polls the task again
//!   without a look at its rings. So the task waits for a descriptor that is always readable, which
//!   the ring answers in the very turn that submits the question.
//! - *A sleep.* The reactor wakes for files, and for the shard's epoll set, in which the bell and
//!   the sockets are; the ring watches the set as one more descriptor.
//!
//! **The heartbeat.** glommio arms a timer, the `preempt_timer`, before it polls tasks. When that
//! fires before the first task was polled, which takes no more than another thread having the core
//! for a millisecond, the executor takes its queue for empty and sleeps, with the task ready in it.
//! Nothing but the next event of a ring ends that sleep. So whenever the task returns `Pending`, a
//! timer of [`HEARTBEAT`] is set, which bounds it. Nothing of this is running while no file
//! operation is under way: an idle shard sleeps in its epoll set, without glommio and without a
//! timer.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use glommio::io::{PollState, PollableFd};
use glommio::timer::Timer;
use rustix::event::{EventfdFlags, eventfd};

/// Longest time the reactor is left alone.
pub(super) const HEARTBEAT: Duration = Duration::from_millis(10);

/// What the task waits with.
#[derive(Debug)]
pub(crate) struct Reactor {
    /// The shard's epoll set.
    epoll: Watch,
    /// Always readable.
    ready: Watch,
    heart: Option<Timer>,
}

impl Reactor {
    /// To be called by the task of an executor, whose waker is `task`.
    ///
    /// # Errors
    ///
    /// What the operating system says, mostly that the process has too many descriptors.
    pub(crate) fn new(epoll: BorrowedFd<'_>, task: &Waker) -> io::Result<Self> {
        let ready = eventfd(1, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let epoll = Watch::new(epoll.try_clone_to_owned()?, task)?;
        Ok(Self { epoll, ready: Watch::new(ready, task)?, heart: None })
    }

    /// Has the task polled again after a turn of the reactor. The task returns `Pending` next.
    pub(super) fn visit(&mut self, cx: &mut Context<'_>) {
        self.ready.arm();
        self.set_heart(HEARTBEAT, cx);
    }

    /// Has the task polled again when a file operation is done, the epoll set has something to
    /// tell, or `timeout` has passed. The task returns `Pending` next.
    pub(super) fn sleep(&mut self, timeout: Option<Duration>, cx: &mut Context<'_>) {
        self.epoll.arm();
        self.set_heart(timeout.unwrap_or(HEARTBEAT).min(HEARTBEAT), cx);
    }

    /// The task is polled.
    pub(super) fn awake(&mut self) {
        self.heart = None;
    }

    fn set_heart(&mut self, timeout: Duration, cx: &mut Context<'_>) {
        // A new timer each time, polled once: glommio's forgets its first entry when it is polled
        // again.
        let mut heart = Timer::new(timeout);
        match Pin::new(&mut heart).poll(cx) {
            Poll::Pending => self.heart = Some(heart),
            Poll::Ready(_) => cx.waker().wake_by_ref(),
        }
    }
}

/// A descriptor the ring watches once each time it is asked to.
///
/// glommio keeps one more clone of the waker for each poll of a question that is open, and panics
/// at the 32,768th clone of a task's. So a question is polled when it is asked and when it is
/// answered, which its waker tells, and never in between.
#[derive(Debug)]
struct Watch {
    fd: PollableFd<OwnedFd>,
    state: PollState,
    signal: Arc<Signal>,
    /// The signal as a waker.
    waker: Waker,
}

#[derive(Debug)]
struct Signal {
    /// No question is open, or it has been answered.
    answered: AtomicBool,
    task: Waker,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.answered.store(true, Ordering::Relaxed);
        self.task.wake_by_ref();
    }
}

impl Watch {
    fn new(fd: OwnedFd, task: &Waker) -> io::Result<Self> {
        let fd = PollableFd::new(fd).map_err(io::Error::from)?;
        let signal = Arc::new(Signal { answered: AtomicBool::new(true), task: task.clone() });
        let waker = Waker::from(signal.clone());
        Ok(Self { fd, state: PollState::new(), signal, waker })
    }

    /// Asks the ring for the descriptor's readiness, unless it is asked already.
    fn arm(&mut self) {
        if !self.signal.answered.swap(false, Ordering::Relaxed) {
            return;
        }
        let mut cx = Context::from_waker(&self.waker);
        // An answer to the question before is taken first.
        while self.fd.poll_readable(&mut cx, &mut self.state).is_ready() {}
    }
}
