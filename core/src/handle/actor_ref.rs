//! The typed pid.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use crate::actor::Actor;
use crate::pid::Pid;

/// Names an actor that takes `A::Message`.
///
/// Plain data: copying one costs nothing and keeps nothing alive. It names the *logical* actor: it
/// stays valid across supervised restarts, and once the actor has ended it is refused everywhere,
/// for ever.
///
/// # Shard
///
/// Acts inside any shard of the actor's node. Outside any shard its verbs give the message back as
/// `Outside`, on another node's shard as `NotLocal`.
pub struct ActorRef<A> {
    pid: Pid,
    /// The ref is `Send` and `Sync` whatever the actor is.
    actor: PhantomData<fn() -> A>,
}

impl<A: Actor> ActorRef<A> {
    pub(crate) const fn new(pid: Pid) -> Self {
        Self { pid, actor: PhantomData }
    }

    /// A ref to whatever actor that pid names. Whether it takes `A::Message` is checked at each
    /// send, in release builds too.
    #[must_use]
    pub const fn from_pid(pid: Pid) -> Self {
        Self::new(pid)
    }

    /// The actor's pid.
    #[must_use]
    pub const fn pid(&self) -> Pid {
        self.pid
    }
}

/// Why a ref leads nowhere, apart from full and closed mailboxes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum RefError {
    /// Used outside any shard; use a `SystemHandle` there.
    Outside,
    /// The actor lives on another node.
    NotLocal,
    /// The actor takes messages of another type than the ref says.
    WrongType,
}

impl fmt::Display for RefError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Outside => "used outside any shard: use a SystemHandle there",
            Self::NotLocal => "the actor lives on another node",
            Self::WrongType => "the actor takes messages of another type",
        })
    }
}

impl<A> Clone for ActorRef<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for ActorRef<A> {}

impl<A> PartialEq for ActorRef<A> {
    fn eq(&self, other: &Self) -> bool {
        self.pid == other.pid
    }
}

impl<A> Eq for ActorRef<A> {}

impl<A> PartialOrd for ActorRef<A> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<A> Ord for ActorRef<A> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.pid.cmp(&other.pid)
    }
}

impl<A> Hash for ActorRef<A> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.pid.hash(state);
    }
}

impl<A> fmt::Debug for ActorRef<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActorRef<{}>({})", std::any::type_name::<A>(), self.pid)
    }
}
