//! The loop that is an actor.
//!
//! One future owns the actor's state and runs through its life: `started`, messages, `stopped`,
//! what is left over. A handler is polled as a sub-future that borrows the state, so an
//! `async fn` handler keeps `&mut self` across awaits without an allocation per message. Before
//! each poll the mailbox's state word is tested; a kill drops the handler where it stands.
//!
//! Whatever way the future ends (finished, unwound, or dropped at shutdown), the [`Obituary`]
//! closes the mailbox and tells those who wait for the end.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use super::hook::{HookEnd, limited};
use super::{Actor, Context, ExitReason, Flow, Hook, Undelivered, catch};
use crate::context::Header;
use crate::handle::{SpawnError, Started};
use crate::mailbox::state;
use crate::reply::Reply;
use crate::shard::current;

/// The whole life of an actor. `ack` is told how `started` went.
#[expect(clippy::manual_async_fn, reason = "an `async fn` would keep its arguments twice")]
pub(crate) fn run<A: Actor>(
    mut actor: A,
    ctx: Context<A>,
    ack: Option<Reply<Started>>,
) -> impl Future<Output = ()> {
    async move {
        let mut obituary = Obituary { ctx: &ctx, reason: None };
        let reason = match start(&mut actor, &ctx).await {
            Ok(()) => {
                ctx.door().clear(state::STARTING);
                if let Some(ack) = ack {
                    ack.send(Ok(ctx.pid()));
                }
                guarded_work(&mut actor, &ctx).await
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

/// Polls the message loop, between a look at the state word and a net under panics. Both are once
/// a poll of the task, not once a message: a kill that comes while a handler runs finds it at its
/// next await, which is where the task is polled again.
async fn guarded_work<A: Actor>(actor: &mut A, ctx: &Context<A>) -> ExitReason {
    let mut work = pin!(work(actor, ctx));
    poll_fn(|cx| {
        if ctx.door().has(state::KILL) {
            return Poll::Ready(ctx.door().take_kill_reason());
        }
        catch(|| work.as_mut().poll(cx))
            .unwrap_or_else(|message| Poll::Ready(ExitReason::Panicked(message)))
    })
    .await
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

/// The message loop.
async fn work<A: Actor>(actor: &mut A, ctx: &Context<A>) -> ExitReason {
    let door = ctx.door();
    loop {
        if door.has(state::ENDING | state::PRESSURE) {
            if door.has(state::KILL) {
                return door.take_kill_reason();
            }
            if door.has(state::STOP) {
                return ctx.stop_reason();
            }
            if door.has(state::PRESSURE) {
                ctx.relieve();
            }
        }
        let Some(header) = door.front() else {
            if door.has(state::DRAIN) {
                return ctx.stop_reason();
            }
            idle(ctx).await;
            continue;
        };
        if !header.is_none() && current::with(|shard| shard.expire_message(header)) == Some(true) {
            drop(door.take_front());
            continue;
        }
        let flow = {
            // Straight from the queue into the handler's argument.
            let mut handler = pin!(actor.handle(door.take_front(), ctx));
            let _running = Running { header };
            poll_fn(|cx| {
                current::with(|shard| shard.set_scope(header));
                handler.as_mut().poll(cx)
            })
            .await
        };
        match flow {
            Flow::Continue => {}
            Flow::Stop => return ExitReason::Normal,
        }
        if current::with(|shard| shard.may_go_on()) == Some(false) {
            yield_turn(ctx).await;
        }
    }
}

/// Counts a message as handled when its handler is over, whatever way it ended.
struct Running {
    header: Header,
}

impl Drop for Running {
    #[inline]
    fn drop(&mut self) {
        current::with(|shard| shard.message_done(self.header));
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
