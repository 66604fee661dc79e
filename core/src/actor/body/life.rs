//! The parts of a life, and their types, which have no names.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::pin;

use crate::actor::hook::{HookEnd, limited};
use crate::actor::left::{HandOver, Left};
use crate::actor::{Actor, Context, Ending, Flow, Hook, Signal, Undelivered, catch};
use crate::handle::Started;
use crate::mailbox::state;
use crate::reply::Reply;

/// How the futures of an actor's life are made. Of no size: it is there for their types.
///
/// The references are said to last for ever because the room has no lifetime to give them; in
/// truth they last as long as the room holds the future. An implementation of [`Actor`] is generic
/// over them, so it cannot tell.
pub(super) trait Life: Copy + 'static {
    type Actor: Actor;
    type Begin: Future<Output = Option<Ending>>;
    type Handler: Future<Output = Flow>;
    type Hearer: Future<Output = Flow>;
    type End: Future<Output = Ending>;

    /// `started`; gives why the actor is to end at once, if it is.
    fn begin(self, actor: Mut<Self>, ctx: Ctx<Self>, ack: Reply<Started>) -> Self::Begin;

    /// One message.
    fn handle(self, actor: Mut<Self>, message: Message<Self>, ctx: Ctx<Self>) -> Self::Handler;

    /// News of another actor.
    fn hear(self, actor: Mut<Self>, signal: Signal, ctx: Ctx<Self>) -> Self::Hearer;

    /// `stopped`, and what is left over.
    fn end(
        self,
        actor: Mut<Self>,
        ctx: Ctx<Self>,
        reason: Ending,
        left: Option<Left<Message<Self>>>,
    ) -> Self::End;
}

type Ctx<L> = &'static Context<<L as Life>::Actor>;
type Mut<L> = &'static mut <L as Life>::Actor;
type Message<L> = <<L as Life>::Actor as Actor>::Message;

/// The life of that type of actor: the same type whoever asks.
pub(super) const fn life<A: Actor>() -> impl Life<Actor = A> {
    Parts {
        begin: begin::<A>,
        handle: A::handle,
        hear: A::on_signal,
        end: end::<A>,
        actor: PhantomData,
    }
}

struct Parts<A, B, H, S, E> {
    begin: B,
    handle: H,
    hear: S,
    end: E,
    actor: PhantomData<fn(A)>,
}

impl<A, B: Copy, H: Copy, S: Copy, E: Copy> Clone for Parts<A, B, H, S, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A, B: Copy, H: Copy, S: Copy, E: Copy> Copy for Parts<A, B, H, S, E> {}

impl<A, B, BF, H, HF, S, SF, E, EF> Life for Parts<A, B, H, S, E>
where
    A: Actor,
    B: Fn(&'static mut A, &'static Context<A>, Reply<Started>) -> BF + Copy + 'static,
    BF: Future<Output = Option<Ending>>,
    H: Fn(&'static mut A, A::Message, &'static Context<A>) -> HF + Copy + 'static,
    HF: Future<Output = Flow>,
    S: Fn(&'static mut A, Signal, &'static Context<A>) -> SF + Copy + 'static,
    SF: Future<Output = Flow>,
    E: Fn(&'static mut A, &'static Context<A>, Ending, Option<Left<A::Message>>) -> EF
        + Copy
        + 'static,
    EF: Future<Output = Ending>,
{
    type Actor = A;
    type Begin = BF;
    type Handler = HF;
    type Hearer = SF;
    type End = EF;

    fn begin(self, actor: Mut<Self>, ctx: Ctx<Self>, ack: Reply<Started>) -> BF {
        (self.begin)(actor, ctx, ack)
    }

    #[inline(always)]
    fn handle(self, actor: Mut<Self>, message: A::Message, ctx: Ctx<Self>) -> HF {
        (self.handle)(actor, message, ctx)
    }

    fn hear(self, actor: Mut<Self>, signal: Signal, ctx: Ctx<Self>) -> SF {
        (self.hear)(actor, signal, ctx)
    }

    fn end(
        self,
        actor: Mut<Self>,
        ctx: Ctx<Self>,
        reason: Ending,
        left: Option<Left<A::Message>>,
    ) -> EF {
        (self.end)(actor, ctx, reason, left)
    }
}

#[expect(
    clippy::manual_async_fn,
    reason = "it keeps what it is given twice: as given and as bound"
)]
fn begin<A: Actor>(
    actor: &'static mut A,
    ctx: &'static Context<A>,
    ack: Reply<Started>,
) -> impl Future<Output = Option<Ending>> {
    async move {
        let end = match catch(|| actor.started(ctx)) {
            Err(panic) => HookEnd::Panicked(panic),
            Ok(hook) => limited(ctx, Hook::Started, pin!(hook)).await,
        };
        ctx.began(end, ack)
    }
}

#[expect(clippy::manual_async_fn, reason = "as `begin`: all of it is what an idle actor weighs")]
fn end<A: Actor>(
    actor: &'static mut A,
    ctx: &'static Context<A>,
    reason: Ending,
    mut left: Option<Left<A::Message>>,
) -> impl Future<Output = Ending> {
    async move {
        if !ctx.door().has(state::STARTING | state::KILL) {
            let end = match catch(|| actor.stopped(reason.reason(), ctx)) {
                Err(panic) => HookEnd::Panicked(panic),
                Ok(hook) => limited(ctx, Hook::Stopped, pin!(hook)).await,
            };
            ctx.report_hook(Hook::Stopped, &end);
        }
        if left.is_some() {
            Box::pin(hand_over(ctx, actor, left.take().expect("some"))).await;
        }
        reason
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
