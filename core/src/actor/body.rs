//! The loop that is an actor.
//!
//! One future owns the actor's state and runs through its life: `started`, messages, `stopped`,
//! what is left over. A handler is polled as a sub-future that borrows the state, so an
//! `async fn` handler keeps `&mut self` across awaits without an allocation per message. Before
//! each poll of the handler the loop tests the mailbox's state word; a kill drops the handler
//! where it stands.
//!
//! Whatever way the future ends (finished, unwound, or dropped at shutdown), the [`Obituary`]
//! closes the mailbox and tells those who wait for the end.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{self, Poll};

use super::hook::{HookEnd, limited};
use super::{Actor, Context, ExitReason, Flow, Hook, Undelivered, catch};
use crate::context::Header;
use crate::handle::{SpawnError, Started};
use crate::mailbox::{Envelope, state};
use crate::reply::Reply;
use crate::shard::current;

/// The whole life of an actor. `ack` is told how `started` went.
pub(crate) fn run<A: Actor>(
    mut actor: A,
    ctx: Context<A>,
    ack: Option<Reply<Started>>,
) -> impl Future<Output = ()> {
    // The state stays where it was captured: an `async fn`'s arguments would be moved, and kept
    // twice.
    async move {
        let mut obituary = Obituary { ctx: &ctx, reason: None };
        let reason = match start(&mut actor, &ctx).await {
            Ok(()) => {
                ctx.door().clear(state::STARTING);
                if let Some(ack) = ack {
                    ack.send(Ok(ctx.pid()));
                }
                work(&mut actor, &ctx).await
            }
            Err(reason) => {
                if let Some(ack) = ack {
                    ack.send(Err(SpawnError::Start(reason.clone())));
                }
                reason
            }
        };
        finish(&mut actor, &ctx, &reason).await;
        obituary.reason = Some(reason);
    }
}

async fn start<A: Actor>(actor: &mut A, ctx: &Context<A>) -> Result<(), ExitReason> {
    let limit = ctx.config().started_limit;
    match limited(ctx, limit, || actor.started(ctx)).await {
        HookEnd::Done(Ok(())) => Ok(()),
        HookEnd::Done(Err(error)) => Err(ExitReason::InitFailed(error.to_string().into())),
        HookEnd::Panicked(message) => Err(ExitReason::Panicked(message)),
        HookEnd::TimedOut => Err(ExitReason::HookTimeout(Hook::Started)),
        HookEnd::Killed => Err(ctx.door().take_kill_reason()),
    }
}

/// How one message was handled.
enum Handled {
    Flow(Flow),
    Killed,
    Panicked(Arc<str>),
}

async fn work<A: Actor>(actor: &mut A, ctx: &Context<A>) -> ExitReason {
    let door = ctx.door();
    loop {
        if door.has(state::KILL) {
            return door.take_kill_reason();
        }
        if door.has(state::STOP) {
            return ctx.stop_reason();
        }
        let next = match door.pop() {
            // What waits in the overflow is kept out by room that is reserved.
            None if door.has(state::PRESSURE) => {
                ctx.relieve();
                door.pop()
            }
            next => next,
        };
        let Some(Envelope { header, message }) = next else {
            if door.has(state::DRAIN) && !door.has_overflow() {
                return ctx.stop_reason();
            }
            idle(ctx).await;
            continue;
        };
        if door.has(state::PRESSURE) {
            ctx.relieve();
        }
        if !header.is_none() && current::with(|shard| shard.expire_message(header)) == Some(true) {
            drop(message);
            continue;
        }
        let handled = {
            let mut handler = pin!(actor.handle(message, ctx));
            poll_fn(|cx| poll_handler(handler.as_mut(), cx, ctx, header)).await
        };
        let more = current::with(|shard| shard.message_done(header)).unwrap_or(true);
        match handled {
            Handled::Flow(Flow::Continue) => {}
            Handled::Flow(Flow::Stop) => return ExitReason::Normal,
            Handled::Killed => return door.take_kill_reason(),
            Handled::Panicked(message) => return ExitReason::Panicked(message),
        }
        if !more {
            yield_turn(ctx).await;
        }
    }
}

/// One poll of a handler, between a look at the state word and a net under panics.
#[inline(always)]
fn poll_handler<A: Actor, F: Future<Output = Flow>>(
    handler: Pin<&mut F>,
    cx: &mut task::Context<'_>,
    ctx: &Context<A>,
    header: Header,
) -> Poll<Handled> {
    if ctx.door().has(state::KILL) {
        return Poll::Ready(Handled::Killed);
    }
    current::with(|shard| shard.set_scope(header));
    match catch(|| handler.poll(cx)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(flow)) => Poll::Ready(Handled::Flow(flow)),
        Err(message) => Poll::Ready(Handled::Panicked(message)),
    }
}

/// Waits until there is a message or a signal.
#[inline]
async fn idle<A: Actor>(ctx: &Context<A>) {
    let door = ctx.door();
    door.set(state::IDLE);
    poll_fn(|_| if door.has(state::IDLE) { Poll::Pending } else { Poll::Ready(()) }).await;
}

/// Lets other tasks run.
async fn yield_turn<A: Actor>(ctx: &Context<A>) {
    let mut yielded = false;
    poll_fn(|_| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        current::with(|shard| shard.schedule(ctx.pid().slot()));
        Poll::Pending
    })
    .await;
}

/// The hooks after the last message.
async fn finish<A: Actor>(actor: &mut A, ctx: &Context<A>, reason: &ExitReason) {
    // From here on nothing is admitted, and every parked sender hears of it.
    let left = ctx.close();
    let killed = ctx.door().has(state::KILL);
    if !killed && !matches!(reason, ExitReason::InitFailed(_)) {
        let limit = ctx.config().stopped_limit;
        let end = limited(ctx, limit, || actor.stopped(reason, ctx)).await;
        ctx.report_hook(Hook::Stopped, &end);
    }
    if left.is_empty() {
        return;
    }
    let hand_over = async {
        for envelope in left {
            ctx.count_undelivered(envelope.header, Undelivered::Stopped);
            if !ctx.door().has(state::KILL) {
                actor.on_undelivered(envelope.message, Undelivered::Stopped, ctx).await;
            }
        }
    };
    let end = limited(ctx, ctx.config().undelivered_limit, || hand_over).await;
    ctx.report_hook(Hook::Undelivered, &end);
}

/// Tells the world that an actor has ended, whatever way its future went.
struct Obituary<'a, A: Actor> {
    ctx: &'a Context<A>,
    reason: Option<ExitReason>,
}

impl<A: Actor> Drop for Obituary<'_, A> {
    fn drop(&mut self) {
        let reason = self.reason.take().unwrap_or_else(|| {
            if std::thread::panicking() {
                ExitReason::Panicked("a panic while the actor was being ended".into())
            } else {
                ExitReason::Shutdown
            }
        });
        self.ctx.bury(reason);
    }
}
