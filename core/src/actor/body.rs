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
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{self, Poll};

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
    reason = "the loop is the state's one owner until it ends; an `async fn` would keep `ctx` twice"
)]
pub(crate) fn run<A: Actor>(
    ctx: Rc<Context<A>>,
    ack: Option<Reply<Started>>,
) -> impl Future<Output = ()> {
    // What is needed before and after the loop is boxed: this future is what an idle actor weighs.
    let mut beginning = Some(Box::pin(start(ctx.clone(), ack)));
    let obituary = Obituary { ctx };
    async move {
        let started = poll_fn(|cx| poll_boxed(&mut beginning, cx)).await;
        if let Err(reason) = started {
            return obituary.settle(Box::pin(finish(obituary.ctx.clone(), reason)).await);
        }
        let reason = {
            let mut actor = obituary.ctx.borrow_state();
            loop {
                if let Some(reason) = obituary.ctx.look() {
                    break reason;
                }
                let Some(header) = obituary.ctx.door().front() else {
                    if obituary.ctx.door().has(state::DRAIN) {
                        break obituary.ctx.stop_reason();
                    }
                    obituary.ctx.door().set(state::IDLE);
                    poll_fn(|_| obituary.ctx.door().wait_busy()).await;
                    continue;
                };
                if !header.is_none()
                    && current::with(|shard| shard.expire_message(header)) == Some(true)
                {
                    drop(obituary.ctx.door().take_front());
                    continue;
                }
                let flow = {
                    let running = Running { header };
                    // Straight from the queue into the handler's argument.
                    let mut handler =
                        pin!(actor.handle(obituary.ctx.door().take_front(), &obituary.ctx));
                    poll_fn(|cx| running.poll(&obituary.ctx, handler.as_mut(), cx)).await
                };
                match flow {
                    Some(Flow::Continue) => {}
                    Some(Flow::Stop) => break ExitReason::Normal,
                    None => break obituary.ctx.door().take_kill_reason(),
                }
                if current::with(|shard| shard.may_go_on()) == Some(false)
                    && !obituary.ctx.door().is_empty()
                {
                    let mut waited = false;
                    poll_fn(|_| obituary.ctx.yield_once(&mut waited)).await;
                }
            }
        };
        obituary.settle(Box::pin(finish(obituary.ctx.clone(), reason)).await);
    }
}

/// Polls a boxed future, and lets go of it once it is ready.
fn poll_boxed<F: Future>(
    boxed: &mut Option<Pin<Box<F>>>,
    cx: &mut task::Context<'_>,
) -> Poll<F::Output> {
    let polled = boxed.as_mut().map(|future| future.as_mut().poll(cx));
    let Some(Poll::Ready(output)) = polled else { return Poll::Pending };
    *boxed = None;
    Poll::Ready(output)
}

/// The rest of an actor's life after its loop panicked with that message; the first time only.
pub(super) fn crashed<A: Actor>(ctx: Rc<Context<A>>, reason: ExitReason) -> TaskFuture {
    let obituary = Obituary { ctx };
    Box::pin(async move {
        obituary.settle(finish(obituary.ctx.clone(), reason).await);
    })
}

#[expect(clippy::await_holding_refcell_ref, reason = "the hook is the state's one user")]
async fn start<A: Actor>(
    ctx: Rc<Context<A>>,
    ack: Option<Reply<Started>>,
) -> Result<(), ExitReason> {
    let limit = ctx.config().started_limit;
    let end = {
        let mut actor = ctx.borrow_state();
        limited(&ctx, limit, || actor.started(&ctx)).await
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

/// A message that is being handled; counts it when its handler is over, whatever way it ended.
struct Running {
    header: Header,
}

impl Running {
    /// Polls the handler in the message's context; `None` once the actor is killed.
    #[inline(always)]
    fn poll<A: Actor, F: Future<Output = Flow>>(
        &self,
        ctx: &Context<A>,
        handler: Pin<&mut F>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<Flow>> {
        if ctx.is_killed() {
            return Poll::Ready(None);
        }
        current::with(|shard| shard.set_scope(self.header));
        handler.poll(cx).map(Some)
    }
}

impl Drop for Running {
    #[inline]
    fn drop(&mut self) {
        current::with(|shard| shard.message_done(self.header));
    }
}

/// The hooks after the last message. Gives the reason back.
#[expect(clippy::await_holding_refcell_ref, reason = "the hooks are the state's one user")]
async fn finish<A: Actor>(ctx: Rc<Context<A>>, reason: ExitReason) -> ExitReason {
    // From here on nothing is admitted, and every parked sender hears of it.
    let left = ctx.close();
    let mut actor = ctx.borrow_state();
    let started = !ctx.door().has(state::STARTING);
    if started && !ctx.door().has(state::KILL) {
        let limit = ctx.config().stopped_limit;
        let end = limited(&ctx, limit, || actor.stopped(&reason, &ctx)).await;
        ctx.report_hook(Hook::Stopped, &end);
    }
    if left.is_empty() {
        return reason;
    }
    let hand_over = async {
        for envelope in left {
            ctx.count_undelivered(envelope.header, Undelivered::Stopped);
            if !ctx.door().has(state::KILL) {
                actor.on_undelivered(envelope.message, Undelivered::Stopped, &ctx).await;
            }
        }
    };
    let end = limited(&ctx, ctx.config().undelivered_limit, || hand_over).await;
    ctx.report_hook(Hook::Undelivered, &end);
    reason
}

/// Tells the world that an actor has ended.
struct Obituary<A: Actor> {
    ctx: Rc<Context<A>>,
}

impl<A: Actor> Obituary<A> {
    fn settle(&self, reason: ExitReason) {
        self.ctx.bury(reason);
    }
}

impl<A: Actor> Drop for Obituary<A> {
    fn drop(&mut self) {
        // Unwound, the actor has its end still before it; dropped before its end otherwise, its
        // shard goes down.
        if !self.ctx.door().has(state::GONE) && !std::thread::panicking() {
            self.ctx.bury(ExitReason::Shutdown);
        }
    }
}
