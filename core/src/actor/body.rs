//! The loop that is an actor.
//!
//! One future runs through the actor's life: `started`, messages, `stopped`, what is left over. A
//! handler is polled as a sub-future that borrows the actor's state, so an `async fn` handler
//! keeps `&mut self` across awaits without an allocation per message. Before each message and
//! each poll of a handler the mailbox's state word is tested; a kill drops the handler where it
//! stands.
//!
//! The loop is one flat state machine, because it is what every message pays for: each `async fn`
//! between the task and the handler would add a state to dispatch on. It holds no net under
//! panics either. A panic unwinds it whole, the shard catches it once a poll, and the actor's end
//! goes on in a future of its own ([`crashed`]) with the state that the panic left.
//!
//! Whatever way the futures end (finished, unwound, or dropped at shutdown), the [`Obituary`]
//! closes the mailbox and tells those who wait for the end.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use super::hook::{HookEnd, limited};
use super::{Actor, Context, ExitReason, Flow, Hook, Undelivered};
use crate::context::Header;
use crate::handle::{SpawnError, Started};
use crate::mailbox::state;
use crate::reply::Reply;
use crate::shard::{TaskFuture, current};

/// An actor's life, up to a panic. `ack` is told how `started` went.
#[expect(
    clippy::await_holding_refcell_ref,
    clippy::manual_async_fn,
    reason = "the loop is the state's one owner until it ends; an `async fn` would keep `ctx` twice"
)]
pub(crate) fn run<A: Actor>(
    ctx: Rc<Context<A>>,
    ack: Option<Reply<Started>>,
) -> impl Future<Output = ()> {
    async move {
        let obituary = Obituary { ctx: &ctx };
        if let Err(reason) = Box::pin(start(&ctx, ack)).await {
            Box::pin(finish(&ctx, &reason)).await;
            return obituary.settle(reason);
        }
        let reason = {
            let mut actor = ctx.borrow_state();
            let door = ctx.door();
            loop {
                if door.has(state::ENDING | state::PRESSURE) {
                    if door.has(state::KILL) {
                        break door.take_kill_reason();
                    }
                    if door.has(state::STOP) {
                        break ctx.stop_reason();
                    }
                    ctx.relieve();
                }
                let Some(header) = door.front() else {
                    if door.has(state::DRAIN) {
                        break ctx.stop_reason();
                    }
                    door.set(state::IDLE);
                    poll_fn(|_| door.wait_busy()).await;
                    continue;
                };
                if !header.is_none()
                    && current::with(|shard| shard.expire_message(header)) == Some(true)
                {
                    drop(door.take_front());
                    continue;
                }
                let flow = {
                    let _running = Running { header };
                    // Straight from the queue into the handler's argument.
                    let mut handler = pin!(actor.handle(door.take_front(), &ctx));
                    poll_fn(|cx| {
                        if door.has(state::KILL) {
                            return Poll::Ready(None);
                        }
                        current::with(|shard| shard.set_scope(header));
                        handler.as_mut().poll(cx).map(Some)
                    })
                    .await
                };
                match flow {
                    Some(Flow::Continue) => {}
                    Some(Flow::Stop) => break ExitReason::Normal,
                    None => break door.take_kill_reason(),
                }
                if current::with(|shard| shard.may_go_on()) == Some(false) && !door.is_empty() {
                    let mut waited = false;
                    poll_fn(|_| ctx.yield_once(&mut waited)).await;
                }
            }
        };
        Box::pin(finish(&ctx, &reason)).await;
        obituary.settle(reason);
    }
}

/// The rest of an actor's life after its loop panicked with that message; the first time only.
pub(super) fn crashed<A: Actor>(ctx: Rc<Context<A>>, reason: ExitReason) -> TaskFuture {
    Box::pin(async move {
        let obituary = Obituary { ctx: &ctx };
        finish(&ctx, &reason).await;
        obituary.settle(reason);
    })
}

#[expect(clippy::await_holding_refcell_ref, reason = "the hook is the state's one user")]
async fn start<A: Actor>(ctx: &Context<A>, ack: Option<Reply<Started>>) -> Result<(), ExitReason> {
    let limit = ctx.config().started_limit;
    let end = {
        let mut actor = ctx.borrow_state();
        limited(ctx, limit, || actor.started(ctx)).await
    };
    let reason = match end {
        HookEnd::Done(Ok(())) => {
            ctx.door().clear(state::STARTING);
            if let Some(ack) = ack {
                ack.send(Ok(ctx.pid()));
            }
            return Ok(());
        }
        HookEnd::Done(Err(error)) => ExitReason::InitFailed(error.to_string().into()),
        HookEnd::Panicked(message) => ExitReason::Panicked(message),
        HookEnd::TimedOut => ExitReason::HookTimeout(Hook::Started),
        HookEnd::Killed => ctx.door().take_kill_reason(),
    };
    if let Some(ack) = ack {
        ack.send(Err(SpawnError::Start(reason.clone())));
    }
    Err(reason)
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

/// The hooks after the last message.
#[expect(clippy::await_holding_refcell_ref, reason = "the hooks are the state's one user")]
async fn finish<A: Actor>(ctx: &Context<A>, reason: &ExitReason) {
    // From here on nothing is admitted, and every parked sender hears of it.
    let left = ctx.close();
    let mut actor = ctx.borrow_state();
    let started = !ctx.door().has(state::STARTING);
    if started && !ctx.door().has(state::KILL) {
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

/// Tells the world that an actor has ended.
struct Obituary<'a, A: Actor> {
    ctx: &'a Context<A>,
}

impl<A: Actor> Obituary<'_, A> {
    fn settle(self, reason: ExitReason) {
        self.ctx.bury(reason);
        std::mem::forget(self);
    }
}

impl<A: Actor> Drop for Obituary<'_, A> {
    fn drop(&mut self) {
        // Unwound, the actor has its end still before it; dropped otherwise, its shard goes down.
        if !std::thread::panicking() {
            self.ctx.bury(ExitReason::Shutdown);
        }
    }
}
