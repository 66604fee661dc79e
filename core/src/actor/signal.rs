//! News of other actors, which come before messages.

use std::sync::Arc;

use super::ExitReason;
use crate::pid::Pid;

/// What an actor hears of others: see [`crate::Actor::on_signal`].
///
/// Signals travel in a lane of their own, outside every mailbox's bound, and are handled before
/// messages: a [`Signal::Down`] may overtake messages that the dead actor had sent, but not its
/// replies.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Signal {
    /// An actor that this one monitored has ended, or there never was one.
    Down {
        /// What [`crate::Context::monitor`] returned.
        monitor: Monitor,
        /// Who ended.
        pid: Pid,
        /// How; [`ExitReason::NoSuchActor`] when nobody remembers.
        reason: ExitReason,
    },
    /// An actor that is linked to this one has ended, and this one
    /// [traps exits](crate::ActorConfig::trap_exits).
    Exit {
        /// Who ended. The link is gone.
        pid: Pid,
        /// How.
        reason: ExitReason,
    },
    /// An actor has joined a group that this one [monitors](crate::Context::monitor_group).
    Joined {
        /// Which group.
        group: Arc<str>,
        /// Who.
        pid: Pid,
    },
    /// An actor has left a group that this one monitors, or has ended.
    Left {
        /// Which group.
        group: Arc<str>,
        /// Who.
        pid: Pid,
    },
    /// A supervised actor crashed or stopped by itself. It keeps its pid and its mailbox, and waits
    /// for its supervisor, which is this actor, to say how it is to go on.
    Suspended {
        /// Who.
        pid: Pid,
        /// Which of its incarnations ended; the first is 1.
        incarnation: u32,
        /// How that incarnation ended.
        reason: ExitReason,
    },
}

/// One monitor of an actor, named by a number that its owner never uses twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Monitor(pub(crate) u64);
