//! The system as threads outside it see it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_channel::oneshot;

use super::{ActorRef, CallError, Placement, SendError, SpawnError, System};
use crate::actor::{Actor, ActorConfig};
use crate::pid::{NodeId, ShardId};
use crate::process;
use crate::reply::Reply;
use crate::runtime::{Injected, is_inline};
use crate::shard::{Shard, current};

/// A system, for programs and threads that are not part of it: a tokio server, `main`, a test.
///
/// What it starts runs on a shard; the futures it returns only wait for the news, so any executor
/// may run them. Requests enter through an unbounded queue: bound them by waiting for answers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SystemHandle {
    node: NodeId,
}

/// Why a request from outside has no result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum OutsideError {
    /// The system has shut down, or did so before the request was finished. Whether the request
    /// had its effect is unknown.
    ShutDown,
    /// There is no shard of that number.
    NoSuchShard,
    /// A blocking call on a shard's own thread would stop the shard for ever. In the simulator that
    /// is every thread there is.
    OnShard,
}

impl fmt::Display for OutsideError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ShutDown => "the system has shut down",
            Self::NoSuchShard => "there is no shard of that number",
            Self::OnShard => "a blocking call would stop the shard it is made on",
        })
    }
}

impl std::error::Error for OutsideError {}

/// The news of something that runs on a shard.
///
/// # Cancel safety
///
/// Dropping this leaves what runs there running.
#[must_use = "a future does nothing unless it is awaited"]
pub struct Outside<T> {
    news: Result<oneshot::Receiver<T>, OutsideError>,
}

impl<T> fmt::Debug for Outside<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outside")
    }
}

impl<T> Future for Outside<T> {
    type Output = Result<T, OutsideError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.news {
            Ok(receiver) => {
                Pin::new(receiver).poll(cx).map(|news| news.map_err(|_| OutsideError::ShutDown))
            }
            Err(error) => Poll::Ready(Err(*error)),
        }
    }
}

impl<T> Outside<T> {
    /// Waits by stopping the thread.
    ///
    /// # Errors
    ///
    /// [`OutsideError::OnShard`] on a shard's own thread; else as the future.
    pub fn wait(self) -> Result<T, OutsideError> {
        if current::with(|_| ()).is_some() || is_inline() {
            return Err(OutsideError::OnShard);
        }
        futures_lite::future::block_on(self)
    }
}

impl SystemHandle {
    pub(crate) const fn new(node: NodeId) -> Self {
        Self { node }
    }

    /// The node this system is.
    #[must_use]
    pub const fn node(&self) -> NodeId {
        self.node
    }

    /// Runs `body` as a task of a shard.
    ///
    /// # Errors
    ///
    /// See [`OutsideError`]; a body that panics reads as [`OutsideError::ShutDown`].
    pub fn run_on<T, F>(&self, shard: ShardId, body: F) -> Outside<T>
    where
        T: Send + 'static,
        F: AsyncFnOnce(System) -> T + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let start = move |shard: &Shard| {
            let system = System::new(shard.node());
            let task = async move {
                let result = body(system).await;
                // Nobody listens any more when this fails.
                drop(sender.send(result));
            };
            // Without a slot the sender is dropped, which is the news.
            shard.spawn_task(Box::pin(task));
        };
        let injected = process::inject(self.node, shard, Injected::Run(Box::new(start)));
        let news = match injected {
            Ok(()) => Ok(receiver),
            Err(_) if process::node_name(self.node).is_some() => Err(OutsideError::NoSuchShard),
            Err(_) => Err(OutsideError::ShutDown),
        };
        Outside { news }
    }

    /// Calls an actor; see [`ActorRef::call`].
    ///
    /// # Errors
    ///
    /// The outer error is about reaching the system, the inner one about the call.
    pub fn call<A, R, F>(&self, to: ActorRef<A>, request: F) -> Outside<Result<R, CallError>>
    where
        A: Actor,
        R: Send + 'static,
        F: FnOnce(Reply<R>) -> A::Message + Send + 'static,
    {
        self.run_on(to.pid().shard(), async move |_| to.call(request).await)
    }

    /// Calls an actor, stopping the thread until the answer is there.
    ///
    /// # Errors
    ///
    /// [`OutsideError::OnShard`] on a shard's own thread; else as [`SystemHandle::call`].
    pub fn call_blocking<A, R, F>(
        &self,
        to: ActorRef<A>,
        request: F,
    ) -> Result<Result<R, CallError>, OutsideError>
    where
        A: Actor,
        R: Send + 'static,
        F: FnOnce(Reply<R>) -> A::Message + Send + 'static,
    {
        self.call(to, request).wait()
    }

    /// Sends a message, waiting for room; see [`ActorRef::send`].
    ///
    /// # Errors
    ///
    /// The outer error is about reaching the system, the inner one about the message.
    pub fn send<A: Actor>(
        &self,
        to: ActorRef<A>,
        message: A::Message,
    ) -> Outside<Result<(), SendError<A::Message>>> {
        self.run_on(to.pid().shard(), async move |_| to.send(message).await)
    }

    /// Builds an actor; see [`System::spawn_with`]. Placements are seen from shard 0.
    ///
    /// # Errors
    ///
    /// The outer error is about reaching the system, the inner one about the actor.
    pub fn spawn<A: Actor, F>(
        &self,
        config: ActorConfig,
        placement: Placement,
        factory: F,
    ) -> Outside<Result<ActorRef<A>, SpawnError>>
    where
        F: FnOnce() -> A + Send + 'static,
    {
        self.run_on(ShardId(0), async move |system| {
            system.spawn_with(config, placement, factory).await
        })
    }
}
