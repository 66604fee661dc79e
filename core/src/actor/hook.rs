//! Hooks: user code with a time limit.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::{Actor, Context, catch};
use crate::context::Header;
use crate::mailbox::state;
use crate::shard::current;
use crate::timer::Sleep;

/// How a hook ended.
pub(crate) enum HookEnd<T> {
    Done(T),
    Panicked(Arc<str>),
    TimedOut,
    /// The actor was killed while the hook waited.
    Killed,
}

/// Runs a hook for at most `limit`. The timer is set only once the hook waits, so a hook that
/// never waits costs none.
pub(crate) async fn limited<A: Actor, F: Future>(
    ctx: &Context<A>,
    limit: Duration,
    hook: impl FnOnce() -> F,
) -> HookEnd<F::Output> {
    let made = catch(hook);
    let mut future = pin!(match made {
        Ok(future) => future,
        Err(message) => return HookEnd::Panicked(message),
    });
    // Boxed: hooks hardly ever wait, and this lies within what an idle actor weighs.
    let mut timer: Option<Box<Sleep>> = None;
    let already_killed = ctx.door().has(state::KILL);
    poll_fn(|cx| {
        if !already_killed && ctx.door().has(state::KILL) {
            return Poll::Ready(HookEnd::Killed);
        }
        current::with(|shard| shard.set_scope(Header::NONE));
        match catch(|| future.as_mut().poll(cx)) {
            Ok(Poll::Ready(value)) => return Poll::Ready(HookEnd::Done(value)),
            Err(message) => return Poll::Ready(HookEnd::Panicked(message)),
            Ok(Poll::Pending) => {}
        }
        let timer = Pin::new(timer.get_or_insert_with(|| Box::new(ctx.sleep(limit))));
        timer.poll(cx).map(|()| HookEnd::TimedOut)
    })
    .await
}
