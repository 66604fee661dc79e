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
    /// Longest time `started` may take.
    pub started_limit: Duration,
    /// Longest time `stopped` may take.
    pub stopped_limit: Duration,
    /// Longest time all calls of `on_undelivered` may take together.
    pub undelivered_limit: Duration,
}

impl Default for ActorConfig {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            mailbox: MailboxBound::default(),
            turn_messages: limits::TURN_MESSAGES,
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
