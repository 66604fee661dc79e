//! How an actor ended.

use std::fmt;
use std::sync::Arc;

use super::Panic;
use crate::pid::Pid;

/// Why an actor ended. Cheap to clone; any number of waiters get it, before or after the end.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ExitReason {
    /// It was stopped or drained, or its handler said so.
    Normal,
    /// Its system shut down.
    Shutdown,
    /// It was killed.
    Killed,
    /// Its handler or a hook panicked, with that.
    Panicked(Panic),
    /// `started` returned that error.
    InitFailed(Arc<str>),
    /// Its handler took longer than its settings let it: [`crate::ActorConfig::handler_limit`], or,
    /// after a stop, [`crate::StopMode::AbortAtAwait`].
    HandlerTimeout,
    /// An actor it was linked to ended.
    Linked {
        /// Which.
        pid: Pid,
        /// How that one ended; where it was linked to another in turn, how the first one of all did.
        reason: Arc<Self>,
    },
    /// A supervisor has ended because a child crashed more often than it may.
    GaveUp {
        /// The child.
        child: Pid,
        /// How it ended last.
        reason: Arc<Self>,
    },
    /// A hook took longer than it may.
    HookTimeout(Hook),
    /// A test wanted it so, see the testkit's `inject_failure`.
    Injected(Arc<str>),
    /// There is no such actor, or it ended so long ago that nobody remembers how.
    NoSuchActor,
    /// The shard it lived on is gone, or cannot be asked from here.
    Unreachable,
}

/// The hooks that have a time limit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Hook {
    /// [`crate::Actor::started`].
    Started,
    /// [`crate::Actor::stopped`].
    Stopped,
    /// All calls of [`crate::Actor::on_undelivered`] together.
    Undelivered,
}

impl ExitReason {
    /// Whether the actor ended because it or its owner wanted to.
    #[must_use]
    pub const fn is_normal(&self) -> bool {
        matches!(self, Self::Normal | Self::Shutdown)
    }
}

/// An exit reason on its way through the framework: one word, and nothing at all for the normal
/// end, which nearly every end is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Ending(Option<Arc<ExitReason>>);

impl Ending {
    pub(crate) const NORMAL: Self = Self(None);

    pub(crate) fn reason(&self) -> &ExitReason {
        self.0.as_deref().unwrap_or(&ExitReason::Normal)
    }
}

impl From<ExitReason> for Ending {
    fn from(reason: ExitReason) -> Self {
        Self((reason != ExitReason::Normal).then(|| Arc::new(reason)))
    }
}

impl From<Ending> for ExitReason {
    #[inline]
    fn from(ending: Ending) -> Self {
        match ending.0 {
            None => Self::Normal,
            Some(reason) => Arc::unwrap_or_clone(reason),
        }
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => f.write_str("normal"),
            Self::Shutdown => f.write_str("the system shut down"),
            Self::Killed => f.write_str("killed"),
            Self::Panicked(panic) => write!(f, "panicked: {panic}"),
            Self::InitFailed(error) => write!(f, "did not start: {error}"),
            Self::HandlerTimeout => f.write_str("its handler did not end in time"),
            Self::Linked { pid, reason } => write!(f, "linked to {pid}, which ended: {reason}"),
            Self::GaveUp { child, reason } => {
                write!(f, "gave up on {child}, which ended too often: {reason}")
            }
            Self::HookTimeout(hook) => write!(f, "hook {hook:?} took too long"),
            Self::Injected(what) => write!(f, "injected failure: {what}"),
            Self::NoSuchActor => f.write_str("no such actor"),
            Self::Unreachable => f.write_str("its shard cannot be reached"),
        }
    }
}
