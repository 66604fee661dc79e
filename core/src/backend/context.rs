//! What a handler that may block can ask, away from any shard.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Courier;
use super::carrier::{Done, End};
use super::contract::BlockingActor;
use crate::actor::Actor;
use crate::handle::{ActorRef, System, SystemHandle};
use crate::hash::mix;
use crate::pid::Pid;
use crate::time::Instant;

/// What the courier knows and its actor may want to.
#[derive(Clone, Debug)]
pub(super) struct Around {
    pub(super) pid: Pid,
    pub(super) now: Instant,
    pub(super) seed: u64,
    pub(super) ending: Arc<AtomicBool>,
}

/// A message that a handler gave to be sent.
pub(super) struct Post {
    /// The place in its batch of the message that was handled.
    pub(super) about: usize,
    pub(super) send: Box<dyn FnOnce() -> Sending + Send>,
}

type Sending = Pin<Box<dyn Future<Output = ()>>>;

/// The actor's side of a shard that it is not on: who it is, what time it was when its messages
/// left, and what it wants to be sent.
pub struct BlockingContext<A: BlockingActor> {
    around: Around,
    draws: Cell<u64>,
    /// How many messages were begun, less one.
    about: Cell<usize>,
    deadline: Cell<Instant>,
    stop: Cell<bool>,
    posts: RefCell<Vec<Post>>,
    actor: PhantomData<fn(A)>,
}

impl<A: BlockingActor> BlockingContext<A> {
    pub(super) const fn new(around: Around) -> Self {
        Self {
            around,
            draws: Cell::new(0),
            about: Cell::new(usize::MAX),
            deadline: Cell::new(Instant::NEVER),
            stop: Cell::new(false),
            posts: RefCell::new(Vec::new()),
            actor: PhantomData,
        }
    }

    /// The next message is being handled.
    pub(super) fn begin(&self, deadline: Instant) {
        self.about.set(self.about.get().wrapping_add(1));
        self.deadline.set(deadline);
    }

    /// Whether the handler said so with [`BlockingContext::stop`].
    pub(super) const fn wants_to_stop(&self) -> bool {
        self.stop.get()
    }

    /// What the courier is to be told.
    pub(super) fn done(self, end: End) -> Done {
        Done { end, posts: self.posts.into_inner() }
    }

    /// This actor's pid.
    #[must_use]
    pub const fn pid(&self) -> Pid {
        self.around.pid
    }

    /// A ref to this actor.
    #[must_use]
    pub const fn myself(&self) -> ActorRef<Courier<A>> {
        ActorRef::from_pid(self.pid())
    }

    /// The system this actor belongs to, as threads outside see it. The simulator has no thread
    /// that could wait: there `wait` and `call_blocking` are
    /// [`OutsideError::OnShard`](crate::OutsideError::OnShard), as on [`Backend::Shard`].
    ///
    /// [`Backend::Shard`]: super::Backend::Shard
    #[must_use]
    pub const fn system(&self) -> SystemHandle {
        System::new(self.pid().node()).handle()
    }

    /// Monotonic time, as it was when the messages left the actor's shard.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.around.now
    }

    /// 64 random bits, from a sequence that is this actor's own.
    #[must_use]
    pub fn random(&self) -> u64 {
        let draw = self.draws.get();
        self.draws.set(draw + 1);
        mix(self.around.seed ^ mix(draw))
    }

    /// The deadline of the message being handled; [`Instant::NEVER`] when it has none.
    #[must_use]
    pub const fn deadline(&self) -> Instant {
        self.deadline.get()
    }

    /// Whether the actor was asked to stop, or was killed. A handler that takes long does well to
    /// look now and then: nothing else can end it.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.around.ending.load(Ordering::Acquire)
    }

    /// Ends this actor after the message being handled.
    pub fn stop(&self) {
        self.stop.set(true);
    }

    /// Sends a message when the batch that is being handled is done: from the actor's shard, with
    /// deadline and trace of the message being handled, in the order of these calls. The actor's
    /// next messages wait until there was room for it. A message that is refused then is dropped.
    pub fn send<B: Actor>(&self, to: ActorRef<B>, message: B::Message) {
        let send = move || -> Sending {
            Box::pin(async move {
                // Whoever sent it is at other messages by now.
                drop(to.send(message).await);
            })
        };
        self.posts.borrow_mut().push(Post { about: self.about.get(), send: Box::new(send) });
    }
}

impl<A: BlockingActor> fmt::Debug for BlockingContext<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingContext").field("pid", &self.pid()).finish_non_exhaustive()
    }
}
