//! What a program can do about the shutdown of its system.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::task::Poll;
use std::time::Duration;

use super::hooks::Hook;
use super::phase::ShutdownPhase;
use crate::handle::System;
use crate::limits::SHUTDOWN_HOOK;
use crate::shard::{Shard, current};

/// A hook was not registered, and will not run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum HookRefused {
    /// The system shuts down, and that phase has begun.
    Begun(ShutdownPhase),
    /// Registered outside any shard of the system.
    Outside,
}

impl fmt::Display for HookRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begun(phase) => write!(f, "the shutdown's phase `{phase}` has begun"),
            Self::Outside => f.write_str("a hook is registered on a shard of its system"),
        }
    }
}

impl std::error::Error for HookRefused {}

impl System {
    /// Has `hook` run on the calling shard when the system shuts down. Hooks of one phase run
    /// together, on all shards; the next phase begins when all of them are over. This one may take
    /// [`SHUTDOWN_HOOK`], and no hook takes longer than the shutdown may, but that those of
    /// [`ShutdownPhase::AfterStop`] have [`crate::limits::SHUTDOWN_GRACE`] in any case.
    ///
    /// A hook that panics, or is dropped because it takes too long, is told of by name in the
    /// [`crate::ShutdownReport`] and by [`crate::Reporter::hook_failed`], and stops nothing else.
    ///
    /// # Errors
    ///
    /// See [`HookRefused`].
    pub fn on_shutdown<F>(
        &self,
        phase: ShutdownPhase,
        name: impl Into<Cow<'static, str>>,
        hook: F,
    ) -> Result<(), HookRefused>
    where
        F: AsyncFnOnce() + 'static,
    {
        self.on_shutdown_within(SHUTDOWN_HOOK, phase, name, hook)
    }

    /// The same for a hook that may take so long; see [`System::on_shutdown`].
    ///
    /// # Errors
    ///
    /// See [`HookRefused`].
    pub fn on_shutdown_within<F>(
        &self,
        limit: Duration,
        phase: ShutdownPhase,
        name: impl Into<Cow<'static, str>>,
        hook: F,
    ) -> Result<(), HookRefused>
    where
        F: AsyncFnOnce() + 'static,
    {
        let node = self.node();
        let body = Box::pin(async move { hook().await });
        let hook = Hook { phase, name: name.into(), limit, body };
        let registered = current::with(|shard| {
            if shard.node() != node {
                return Err((HookRefused::Outside, hook));
            }
            if shard.shutdown.reached.get().is_some_and(|reached| reached >= phase) {
                return Err((HookRefused::Begun(phase), hook));
            }
            shard.shutdown.hooks.borrow_mut().push(hook);
            Ok(())
        });
        // Whatever is refused is dropped here, with nothing borrowed.
        registered.map_or(Err(HookRefused::Outside), |done| done.map_err(|(why, _hook)| why))
    }

    /// Waits until the system begins to shut down, which is before any hook runs. At once outside
    /// this system.
    ///
    /// # Cancel safety
    ///
    /// Safe.
    pub async fn until_shutdown(&self) {
        let node = self.node();
        let mut waiter = None;
        std::future::poll_fn(move |cx| {
            let polled = current::with(|shard| {
                if shard.node() != node || shard.shutdown.reached.get().is_some() {
                    return Poll::Ready(());
                }
                let number = waiter.get_or_insert_with(|| Waiter::new(shard)).number;
                let waker = cx.waker().clone();
                let before = shard.shutdown.waiting.borrow_mut().insert(number, waker);
                drop(before);
                Poll::Pending
            });
            polled.unwrap_or(Poll::Ready(()))
        })
        .await;
    }
}

impl Shard {
    fn next_waiter(&self) -> u64 {
        let number = self.shutdown.waiter_last.get() + 1;
        self.shutdown.waiter_last.set(number);
        number
    }
}

/// Somebody who waits for a shutdown to begin; dropping it stops the wait.
struct Waiter {
    number: u64,
    /// The number is one of this shard.
    not_send: PhantomData<*const ()>,
}

impl Waiter {
    fn new(shard: &Shard) -> Self {
        Self { number: shard.next_waiter(), not_send: PhantomData }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let waker = current::with(|shard| shard.shutdown.waiting.borrow_mut().remove(&self.number));
        drop(waker);
    }
}
