//! Waiting for a time.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::{Fire, TimerId};
use crate::pid::ShardSerial;
use crate::shard::current;
use crate::task::waker::StoredWaker;
use crate::time::Instant;

/// Waits for `duration` on the current shard's timer wheel.
///
/// # Panics
///
/// Outside any shard: there is no wheel there.
///
/// # Cancel safety
///
/// Dropping the future cancels the timer.
pub fn sleep(duration: Duration) -> Sleep {
    let now = current::with(|shard| shard.now()).expect("sleep needs a shard's timer wheel");
    sleep_until(now + duration)
}

/// Waits for `deadline` on the current shard's timer wheel.
///
/// # Panics
///
/// When polled outside any shard.
///
/// # Cancel safety
///
/// Dropping the future cancels the timer.
pub const fn sleep_until(deadline: Instant) -> Sleep {
    Sleep { deadline, set: None, not_send: PhantomData }
}

/// See [`sleep`].
#[derive(Debug)]
#[must_use = "a future does nothing unless it is awaited"]
pub struct Sleep {
    deadline: Instant,
    /// The timer, and the shard whose it is.
    set: Option<(ShardSerial, TimerId)>,
    /// The wheel is reached through the current shard of this thread.
    not_send: PhantomData<*const ()>,
}

impl Sleep {
    /// When the wait ends.
    #[must_use]
    pub const fn deadline(&self) -> Instant {
        self.deadline
    }

    fn cancel(&mut self) {
        let Some((home, id)) = self.set.take() else { return };
        let fire = current::with(|shard| (shard.serial() == home).then(|| shard.timers.cancel(id)));
        drop(fire);
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline;
        let set = self.set;
        let polled = current::with(|shard| {
            if deadline <= shard.now() {
                return Poll::Ready(());
            }
            let mut waker = StoredWaker::of(cx.waker());
            if let Some((home, id)) = set
                && shard.serial() == home
            {
                match shard.timers.renew(id, waker) {
                    Ok(_old) => return Poll::Pending,
                    Err(unused) => waker = unused,
                }
            }
            let id = shard.timers.insert(deadline, Fire::Wake(waker));
            self.set = Some((shard.serial(), id));
            Poll::Pending
        });
        polled.expect("sleep needs a shard's timer wheel")
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// A future did not finish in time; it was dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Elapsed;

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time limit passed first")
    }
}

impl std::error::Error for Elapsed {}

/// Runs `future` for at most `duration`.
///
/// # Errors
///
/// [`Elapsed`] when the time passes first; the future is then dropped where it stands.
///
/// # Panics
///
/// Outside any shard.
///
/// # Cancel safety
///
/// As cancel safe as `future`.
pub fn timeout<F: Future>(duration: Duration, future: F) -> Timeout<F> {
    Timeout { future: Box::pin(future), sleep: sleep(duration) }
}

/// See [`timeout`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Timeout<F> {
    future: Pin<Box<F>>,
    sleep: Sleep,
}

impl<F> fmt::Debug for Timeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").field("sleep", &self.sleep).finish_non_exhaustive()
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(value) = self.future.as_mut().poll(cx) {
            return Poll::Ready(Ok(value));
        }
        Pin::new(&mut self.sleep).poll(cx).map(|()| Err(Elapsed))
    }
}
