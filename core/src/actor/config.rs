//! What can be set for one actor.

use std::borrow::Cow;
use std::time::Duration;

use super::Hook;
use crate::limits;
use crate::mailbox::MailboxBound;

/// Settings of one actor. Every field has a default that holds for most.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActorConfig {
    /// How the actor is called in reports; its type's name when empty.
    pub name: Cow<'static, str>,
    /// How much its mailbox holds.
    pub mailbox: MailboxBound,
    /// Most messages it handles before other tasks get a turn; at least 1.
    pub turn_messages: u32,
    /// Whether the ends of linked actors come as signals instead of ending this one.
    pub trap_exits: bool,
    /// What a stop does to a handler that waits.
    pub stop_mode: StopMode,
    /// Longest time one message or signal may take, from when its handler first waits; one that is
    /// at it for longer is dropped where it waits, and the actor ends for
    /// [`crate::ExitReason::HandlerTimeout`], which counts as a crash. `None` for as long as it
    /// wants. A handler that computes and never waits is the [watchdog](crate::Watchdog)'s to tell
    /// of. Of a [`crate::Courier`] a whole batch counts as one, and what its thread is at goes on.
    pub handler_limit: Option<Duration>,
    /// Longest time `started` may take.
    pub started_limit: Duration,
    /// Longest time `stopped` may take.
    pub stopped_limit: Duration,
    /// Longest time all calls of `on_undelivered` may take together.
    pub undelivered_limit: Duration,
}

/// What becomes of a handler that waits when its actor is asked to stop.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub enum StopMode {
    /// It goes on to its end, and then the actor stops.
    #[default]
    BetweenMessages,
    /// If it has not come to its end in time, from when somebody else or the end of the system
    /// first asked, it is dropped where it waits, and the actor ends for
    /// [`crate::ExitReason::HandlerTimeout`]. As the state may be half changed, that counts as a
    /// crash, and [`crate::Actor::stopped`] does not run.
    AbortAtAwait {
        /// How long it may go on.
        grace: Duration,
    },
}

impl Default for ActorConfig {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            mailbox: MailboxBound::default(),
            turn_messages: limits::TURN_MESSAGES,
            trap_exits: false,
            stop_mode: StopMode::BetweenMessages,
            handler_limit: None,
            started_limit: limits::HOOK_LIMIT,
            stopped_limit: limits::HOOK_LIMIT,
            undelivered_limit: limits::HOOK_LIMIT,
        }
    }
}

impl ActorConfig {
    /// Longest time that hook may take.
    pub(crate) const fn hook_limit(&self, hook: Hook) -> Duration {
        match hook {
            Hook::Started => self.started_limit,
            Hook::Stopped => self.stopped_limit,
            Hook::Undelivered => self.undelivered_limit,
        }
    }

    /// The default settings under a name.
    #[must_use]
    pub fn named(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// These settings with another mailbox.
    #[must_use]
    pub fn mailbox(self, mailbox: MailboxBound) -> Self {
        Self { mailbox, ..self }
    }
}
