//! The actor on the shard that stands for one that may block.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::batch::{Batch, Item};
use super::carrier::{Carrier, Done, End, OnShard, Work, end_of};
use super::context::{Around, BlockingContext};
use super::contract::BlockingActor;
use super::left::Left;
use super::on_pool::OnPool;
use super::on_thread::OnThread;
use super::trip::Trip;
use crate::actor::{Actor, Context, ExitReason, Flow, Panic, Result, Undelivered};
use crate::shard::shielded;
use crate::time::Instant;

/// Where an actor that may block runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Backend {
    /// On its shard, like any actor: for one that turns out not to block, and for comparison.
    Shard,
    /// On whatever thread of the node's blocking pool is free, one batch of messages at a time.
    Blocking,
    /// On a thread of its own, from its making to its end.
    Thread,
}

/// The actor that stands for a [`BlockingActor`] on a shard: has its pid and its mailbox, and
/// carries its messages to where it lives. See [`Backend`], and `docs/guide/blocking.md`.
pub struct Courier<A: BlockingActor> {
    /// Makes the actor, where it is to live. `None` once it has.
    factory: Option<Box<dyn FnOnce() -> A + Send>>,
    carrier: Box<dyn Carrier<A>>,
    /// Messages that came back, for the actor to be told of.
    left: Option<Left<A::Message>>,
    ending: Arc<AtomicBool>,
}

impl<A: BlockingActor> Courier<A> {
    /// A courier for what `factory` makes, which lives where `backend` says: for
    /// [`System::spawn`](crate::System::spawn). The factory runs there too, and may block.
    pub fn new(backend: Backend, factory: impl FnOnce() -> A + Send + 'static) -> Self
    where
        A: Send,
    {
        match backend {
            Backend::Shard => Self::on_shard(factory),
            Backend::Blocking => Self::with(factory, OnPool::new()),
            Backend::Thread => Self::on_thread(factory),
        }
    }

    /// As [`Courier::new`] with [`Backend::Thread`], for an actor that is not `Send`: it is built
    /// on its thread and never leaves it.
    pub fn on_thread(factory: impl FnOnce() -> A + Send + 'static) -> Self {
        Self::with(factory, OnThread::new())
    }

    /// As [`Courier::new`] with [`Backend::Shard`], for an actor that is not `Send`.
    pub fn on_shard(factory: impl FnOnce() -> A + Send + 'static) -> Self {
        Self::with(factory, OnShard(None))
    }

    fn with(
        factory: impl FnOnce() -> A + Send + 'static,
        carrier: impl Carrier<A> + 'static,
    ) -> Self {
        Self {
            factory: Some(Box::new(factory)),
            carrier: Box::new(carrier),
            left: None,
            ending: Arc::default(),
        }
    }

    fn around(&self, ctx: &Context<Self>) -> Around {
        Around { pid: ctx.pid(), now: ctx.now(), seed: ctx.random(), ending: self.ending.clone() }
    }

    /// Has a hook run, and returns what it came to. What it wants sent is sent.
    async fn hook(&mut self, work: Work<A>) -> Result {
        let Done { end, posts } = self.carrier.carry(work).await.map_err(lost)?;
        for post in posts {
            (post.send)().await;
        }
        match end {
            End::Continue | End::Stop => Ok(()),
            End::Failed(error) => Err(error),
            End::Panicked(panic) => panic.resume(),
        }
    }
}

impl<A: BlockingActor> Actor for Courier<A> {
    type Message = A::Message;

    async fn handle(&mut self, message: A::Message, ctx: &Context<Self>) -> Flow {
        let batches = self.carrier.takes_batches();
        let messages_max = if batches { ctx.config().turn_messages } else { 1 };
        let mut trip = Trip::load(message, messages_max, ctx, self.ending.clone());
        let (around, batch) = (self.around(ctx), trip.batch());
        let mut carrying = self.carrier.carry(Box::new(move |actor| handle(actor, around, &batch)));
        let carried = poll_fn(|cx| {
            if ctx.is_ending() {
                trip.hold();
            }
            carrying.as_mut().poll(cx)
        });
        let carried = carried.await;
        drop(carrying);
        let Done { end, posts } = match carried {
            Ok(done) => done,
            Err(error) => stopped_short(&error),
        };
        trip.send(posts).await;
        let left = self.left.insert(trip.settle());
        let flow = match end {
            End::Continue => Flow::Continue,
            End::Stop | End::Failed(_) => Flow::Stop,
            End::Panicked(panic) => panic.resume(),
        };
        if flow == Flow::Stop || ctx.is_ending() {
            // One trip for all of them, instead of one each.
            left.extend(ctx.take_left());
        }
        flow
    }

    async fn started(&mut self, ctx: &Context<Self>) -> Result {
        let Some(factory) = self.factory.take() else { return Ok(()) };
        let around = self.around(ctx);
        self.hook(Box::new(move |actor| {
            let ctx = BlockingContext::new(around);
            let end = end_of(|| match actor.insert(factory()).started(&ctx) {
                Ok(()) => End::Continue,
                Err(error) => End::Failed(error),
            });
            ctx.done(end)
        }))
        .await
    }

    async fn stopped(&mut self, reason: &ExitReason, ctx: &Context<Self>) {
        let (around, reason) = (self.around(ctx), reason.clone());
        let left = Handing::over(self.left.take());
        let batch = left.0.clone();
        let told = self.hook(Box::new(move |actor| {
            let ctx = BlockingContext::new(around);
            let end = end_of(|| {
                let Some(actor) = actor else { return End::Continue };
                actor.stopped(&reason, &ctx);
                while let Some(item) = batch.take() {
                    actor.on_undelivered(item.message, Undelivered::Stopped, &ctx);
                }
                End::Continue
            });
            ctx.done(end)
        }));
        told.await.unwrap_or_else(|error| stopped_short(&error));
    }

    async fn on_undelivered(
        &mut self,
        message: A::Message,
        reason: Undelivered,
        ctx: &Context<Self>,
    ) {
        let around = self.around(ctx);
        let told = self.hook(Box::new(move |actor| {
            let ctx = BlockingContext::new(around);
            let end = end_of(|| {
                if let Some(actor) = actor {
                    actor.on_undelivered(message, reason, &ctx);
                }
                End::Continue
            });
            ctx.done(end)
        }));
        told.await.unwrap_or_else(|error| stopped_short(&error));
    }
}

impl<A: BlockingActor> Drop for Courier<A> {
    /// Tells a handler or hook that still runs.
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Release);
    }
}

/// Handles a batch, where the actor lives, until there is no message left or it wants to stop.
fn handle<A: BlockingActor>(
    actor: &mut Option<A>,
    around: Around,
    batch: &Batch<A::Message>,
) -> Done {
    let ctx = BlockingContext::new(around);
    let end = end_of(|| {
        let Some(actor) = actor else { return End::Continue };
        while let Some(Item { message, deadline }) = batch.take() {
            ctx.begin(deadline);
            if actor.handle(message, &ctx) == Flow::Stop || ctx.wants_to_stop() {
                return End::Stop;
            }
        }
        End::Continue
    });
    ctx.done(end)
}

/// Messages on their way to `on_undelivered`, counted; those that do not get there are dropped.
struct Handing<M>(Arc<Batch<M>>);

impl<M> Handing<M> {
    fn over(mut left: Option<Left<M>>) -> Self {
        let messages = std::iter::from_fn(|| left.as_mut()?.pop());
        let items = messages.map(|message| Item { message, deadline: Instant::NEVER });
        Self(Arc::new(Batch::new(items.collect())))
    }
}

impl<M> Drop for Handing<M> {
    fn drop(&mut self) {
        for item in self.0.take_back().1 {
            shielded("a message's drop", || drop(item.message));
        }
    }
}

/// The work will never be done.
fn lost(error: io::Error) -> crate::actor::Error {
    Box::new(error)
}

/// Ends the actor, whose work was not done, and never will be.
fn stopped_short<T>(error: &dyn fmt::Display) -> T {
    Panic::from(error.to_string()).resume()
}

impl<A: BlockingActor> fmt::Debug for Courier<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Courier<{}>", std::any::type_name::<A>())
    }
}
