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
use super::left::{HandOver, Left};
use super::{Actor, Context, Ending, ExitReason, Flow, Hook, Undelivered, catch};
use crate::context::Header;
use crate::handle::Started;
use crate::mailbox::state;
use crate::reply::Reply;
use crate::shard::{TaskFuture, current};

/// An actor's life, up to a panic. `ack` is told how `started` went.
#[expect(
    clippy::await_holding_refcell_ref,
    reason = "the loop is the state's one owner until it ends; an `async fn` would keep `ctx` twice"
)]
pub(crate) fn run<A: Actor>(ctx: Rc<Context<A>>, ack: Reply<Started>) -> impl Future<Output = ()> {
    let obituary = Obituary { ctx };
    async move {
        let mut actor = obituary.ctx.borrow_state();
        let end = match catch(|| actor.started(&obituary.ctx)) {
            Err(message) => HookEnd::Panicked(message),
            Ok(hook) => limited(&obituary.ctx, Hook::Started, pin!(hook)).await,
        };
        let reason = if let Some(reason) = obituary.ctx.began(end, ack) {
            reason
        } else {
            loop {
                if let Some(reason) = obituary.ctx.look() {
                    break reason;
                }
                let Some(running) = Running::next(&obituary.ctx) else {
                    // Messages that were dropped made room, and nobody was told of it yet.
                    if obituary.ctx.door().has(state::PRESSURE) && obituary.ctx.refills() {
                        continue;
                    }
                    if obituary.ctx.door().has(state::DRAIN) {
                        break obituary.ctx.stop_reason();
                    }
                    obituary.ctx.door().set(state::IDLE);
                    poll_fn(|_| obituary.ctx.door().wait_busy()).await;
                    continue;
                };
                let flow = {
                    // Straight from the queue into the handler's argument.
                    let mut handler =
                        pin!(actor.handle(obituary.ctx.door().take_front(), &obituary.ctx));
                    poll_fn(move |cx| running.poll(handler.as_mut(), cx)).await
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
            }
        };
        // From here on nothing is admitted, and every parked sender hears of it.
        let left = obituary.ctx.close();
        if !obituary.ctx.door().has(state::STARTING | state::KILL) {
            let end = match catch(|| actor.stopped(reason.reason(), &obituary.ctx)) {
                Err(message) => HookEnd::Panicked(message),
                Ok(hook) => limited(&obituary.ctx, Hook::Stopped, pin!(hook)).await,
            };
            obituary.ctx.report_hook(Hook::Stopped, &end);
        }
        if let Some(left) = left {
            Box::pin(hand_over(&obituary.ctx, &mut actor, left)).await;
        }
        drop(actor);
        obituary.ctx.bury(reason);
    }
}

/// The rest of an actor's life after its loop panicked with that message; the first time only.
pub(super) fn crashed<A: Actor>(ctx: Rc<Context<A>>, reason: Ending) -> TaskFuture {
    let obituary = Obituary { ctx };
    Box::pin(after_crash(obituary, reason))
}

#[expect(clippy::await_holding_refcell_ref, reason = "the loop is gone, and this the one owner")]
async fn after_crash<A: Actor>(obituary: Obituary<A>, reason: Ending) {
    let ctx = &*obituary.ctx;
    let mut actor = ctx.borrow_state();
    let left = ctx.close();
    if !ctx.door().has(state::STARTING | state::KILL) {
        let end = match catch(|| actor.stopped(reason.reason(), ctx)) {
            Err(message) => HookEnd::Panicked(message),
            Ok(hook) => limited(ctx, Hook::Stopped, pin!(hook)).await,
        };
        ctx.report_hook(Hook::Stopped, &end);
    }
    if let Some(left) = left {
        hand_over(ctx, &mut actor, left).await;
    }
    drop(actor);
    ctx.bury(reason);
}

/// A message that is being handled; counts it when its handler is over, whatever way it ended.
struct Running<'a, A: Actor> {
    header: Header,
    ctx: &'a Context<A>,
}

impl<'a, A: Actor> Running<'a, A> {
    /// The oldest message that is worth handling, left in its place; those before it whose
    /// deadline has passed are dropped.
    #[inline(always)]
    fn next(ctx: &'a Context<A>) -> Option<Self> {
        loop {
            let header = ctx.door().front()?;
            if header.is_none() || current::with(|shard| shard.expire_message(header)) != Some(true)
            {
                return Some(Self { header, ctx });
            }
            drop(ctx.door().take_front());
        }
    }

    /// Polls the handler in the message's context; `None` once the actor is killed.
    #[inline(always)]
    fn poll<F: Future<Output = Flow>>(
        &self,
        handler: Pin<&mut F>,
        cx: &mut task::Context<'_>,
    ) -> Poll<Option<Flow>> {
        if self.ctx.is_killed() {
            return Poll::Ready(None);
        }
        current::with(|shard| shard.set_scope(self.header));
        handler.poll(cx).map(Some)
    }
}

impl<A: Actor> Drop for Running<'_, A> {
    #[inline]
    fn drop(&mut self) {
        current::with(|shard| shard.message_done(self.header));
    }
}

/// Tells the actor of each message that will not be handled.
async fn hand_over<A: Actor>(ctx: &Context<A>, actor: &mut A, left: Left<A::Message>) {
    // What the hook does not get to is counted and dropped after it.
    let mut left = HandOver::new(ctx, left);
    let end = {
        let hook = pin!(async {
            while let Some(message) = left.next() {
                actor.on_undelivered(message, Undelivered::Stopped, ctx).await;
            }
        });
        limited(ctx, Hook::Undelivered, hook).await
    };
    ctx.report_hook(Hook::Undelivered, &end);
}

/// Tells the world that an actor has ended.
struct Obituary<A: Actor> {
    ctx: Rc<Context<A>>,
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
