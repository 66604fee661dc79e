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

use std::cell::RefMut;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{self, Poll};

use super::hook::{HookEnd, limited};
use super::{Actor, Context, Ending, ExitReason, Flow, Hook, Undelivered};
use crate::context::Header;
use crate::handle::{SpawnError, Started};
use crate::mailbox::{Envelope, state};
use crate::reply::Reply;
use crate::shard::{TaskFuture, current};

/// An actor's life, up to a panic. `ack` is told how `started` went.
#[expect(
    clippy::await_holding_refcell_ref,
    reason = "the loop is the state's one owner until it ends; an `async fn` would keep `ctx` twice"
)]
pub(crate) fn run<A: Actor>(
    ctx: Rc<Context<A>>,
    ack: Reply<Started>,
) -> impl Future<Output = ()> {
    let obituary = Obituary { ctx };
    async move {
        let mut actor = obituary.ctx.borrow_state();
        let started = start(&obituary.ctx, &mut actor, ack).await;
        let reason = match started {
            Err(reason) => reason,
            Ok(()) => loop {
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
                    Some(Flow::Stop) => break Ending::NORMAL,
                    None => break obituary.ctx.door().take_kill_reason(),
                }
                if current::with(|shard| shard.may_go_on()) == Some(false)
                    && !obituary.ctx.door().is_empty()
                {
                    let mut waited = false;
                    poll_fn(|_| obituary.ctx.yield_once(&mut waited)).await;
                }
            },
        };
        obituary.settle(finish(&obituary.ctx, &mut actor, reason).await, actor);
    }
}

/// The rest of an actor's life after its loop panicked with that message; the first time only.
pub(super) fn crashed<A: Actor>(ctx: Rc<Context<A>>, reason: Ending) -> TaskFuture {
    let obituary = Obituary { ctx };
    Box::pin(after_crash(obituary, reason))
}

#[expect(clippy::await_holding_refcell_ref, reason = "the loop is gone, and this the one owner")]
async fn after_crash<A: Actor>(obituary: Obituary<A>, reason: Ending) {
    let mut actor = obituary.ctx.borrow_state();
    obituary.settle(finish(&obituary.ctx, &mut actor, reason).await, actor);
}

/// Runs the first hook, and tells whoever spawned the actor how it went.
async fn start<A: Actor>(
    ctx: &Context<A>,
    actor: &mut A,
    ack: Reply<Started>,
) -> Result<(), Ending> {
    let end = limited(ctx, ctx.config().started_limit, || actor.started(ctx)).await;
    let reason = match end {
        HookEnd::Done(Ok(())) => {
            ctx.door().clear(state::STARTING);
            if !ack.is_none() {
                ack.send(Ok(ctx.pid().place()));
            }
            return Ok(());
        }
        HookEnd::Done(Err(error)) => ExitReason::InitFailed(error.to_string().into()),
        HookEnd::Panicked(message) => ExitReason::Panicked(message),
        HookEnd::TimedOut => ExitReason::HookTimeout(Hook::Started),
        HookEnd::Killed => ctx.door().take_kill_reason().into(),
    };
    if !ack.is_none() {
        ack.send(Err(Box::new(SpawnError::Start(reason.clone()))));
    }
    Err(reason.into())
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
        if ctx.door().has(state::KILL) {
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
async fn finish<A: Actor>(ctx: &Context<A>, actor: &mut A, reason: Ending) -> Ending {
    // From here on nothing is admitted, and every parked sender hears of it.
    let left = ctx.close();
    let started = !ctx.door().has(state::STARTING);
    if started && !ctx.door().has(state::KILL) {
        let end = limited(ctx, ctx.config().stopped_limit, || actor.stopped(reason.reason(), ctx)).await;
        ctx.report_hook(Hook::Stopped, &end);
    }
    if !left.is_empty() {
        // Boxed, because this future lies within what an idle actor weighs.
        Box::pin(hand_over(ctx, actor, left)).await;
    }
    reason
}

/// Tells the actor of each message that will not be handled.
async fn hand_over<A: Actor>(
    ctx: &Context<A>,
    actor: &mut A,
    left: VecDeque<Envelope<A::Message>>,
) {
    let messages = async {
        for envelope in left {
            ctx.count_undelivered(envelope.header, Undelivered::Stopped);
            if !ctx.door().has(state::KILL) {
                actor.on_undelivered(envelope.message, Undelivered::Stopped, ctx).await;
            }
        }
    };
    let end = limited(ctx, ctx.config().undelivered_limit, || messages).await;
    ctx.report_hook(Hook::Undelivered, &end);
}

/// Tells the world that an actor has ended.
struct Obituary<A: Actor> {
    ctx: Rc<Context<A>>,
}

impl<A: Actor> Obituary<A> {
    /// The end; `actor` is let go of first, so that it can be dropped.
    fn settle(&self, reason: Ending, actor: RefMut<'_, A>) {
        drop(actor);
        self.ctx.bury(reason);
    }
}

impl<A: Actor> Drop for Obituary<A> {
    fn drop(&mut self) {
        // Unwound, the actor has its end still before it; dropped before its end otherwise, its
        // shard goes down.
        if !self.ctx.door().has(state::GONE) && !std::thread::panicking() {
            self.ctx.bury(ExitReason::Shutdown.into());
        }
    }
}
