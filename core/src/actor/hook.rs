//! Hooks: user code with a time limit.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use super::{Actor, Context, Hook, Panic, catch};
use crate::context::Header;
use crate::mailbox::state;
use crate::shard::current;
use crate::timer::Sleep;

/// How a hook ended.
pub(crate) enum HookEnd<T> {
    Done(T),
    Panicked(Panic),
    TimedOut,
    /// The actor was killed while the hook waited.
    Killed,
}

/// Polls a hook's future until it is done, for at most as long as the settings say. The timer is
/// set only once the hook waits, so a hook that never waits costs none.
///
/// The future is pinned where the hook was called, and only there: a future that is passed on by
/// value is kept by each `async fn` on the way, and all of it would lie within what an idle actor
/// weighs. For the same reason this is no `async fn`.
pub(crate) fn limited<A: Actor, F: Future>(
    ctx: &Context<A>,
    hook: Hook,
    mut future: Pin<&mut F>,
) -> impl Future<Output = HookEnd<F::Output>> {
    let mut timer: Option<Box<Sleep>> = None;
    let already_killed = ctx.door().has(state::KILL);
    poll_fn(move |cx| {
        if !already_killed && ctx.door().has(state::KILL) {
            return Poll::Ready(HookEnd::Killed);
        }
        current::with(|shard| shard.set_scope(Header::NONE));
        match catch(|| future.as_mut().poll(cx)) {
            Ok(Poll::Ready(value)) => return Poll::Ready(HookEnd::Done(value)),
            Err(panic) => return Poll::Ready(HookEnd::Panicked(panic)),
            Ok(Poll::Pending) => {}
        }
        let limit = ctx.config().hook_limit(hook);
        let timer = Pin::new(timer.get_or_insert_with(|| Box::new(ctx.sleep(limit))));
        timer.poll(cx).map(|()| HookEnd::TimedOut)
    })
}
