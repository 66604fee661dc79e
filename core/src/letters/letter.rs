//! What a subscriber reads, and how much is kept for it.

use std::collections::VecDeque;
use std::fmt;

use crate::actor::Undelivered;
use crate::limits::LETTERS_KEPT;
use crate::pid::{Pid, ShardId};
use crate::time::Instant;

/// Word of a message that was not handled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct DeadLetter {
    /// For whom the message was.
    pub to: Pid,
    /// The name of that actor's type; empty where the shard that noticed does not know it: the actor
    /// was gone, or lives elsewhere.
    pub actor: &'static str,
    /// The name of the message's type.
    pub message: &'static str,
    /// Why.
    pub reason: LetterReason,
    /// When, by the shard that noticed.
    pub at: Instant,
    /// The shard that noticed: of the addressee, mostly; of the sender, where that was refused.
    pub seen_on: ShardId,
}

/// Why a message was not handled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum LetterReason {
    /// It was accepted, and came to that.
    Undelivered(Undelivered),
    /// It was given back: there was no room.
    Full,
    /// It was given back: the actor has ended.
    Closed,
    /// It was given back: the actor takes messages of another type, or lives on another node.
    Unusable,
}

impl fmt::Display for LetterReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Undelivered(Undelivered::Stopped) => "the actor had ended",
            Self::Undelivered(Undelivered::Expired) => "its deadline passed",
            Self::Undelivered(Undelivered::Overflow) => "dropped by a full mailbox",
            Self::Undelivered(Undelivered::Abandoned) => "its shard went down first",
            Self::Full => "returned: no room",
            Self::Closed => "returned: the actor has ended",
            Self::Unusable => "returned: the ref leads nowhere",
        })
    }
}

impl fmt::Display for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { to, actor, message, reason, .. } = self;
        let actor = if actor.is_empty() { "an actor" } else { actor };
        write!(f, "{message} to {actor} {to}: {reason}")
    }
}

/// What becomes of letters for a subscriber that does not read them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum WhenSlow {
    /// The oldest make room: the subscriber sees what happens now.
    #[default]
    DropOldest,
    /// The newest are not kept: the subscriber sees how it began.
    DropNewest,
}

/// How many letters are kept for a subscriber, at its home and on each other shard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LetterBound {
    /// Letters kept at most; at least 1.
    pub letters: usize,
    /// What becomes of the rest.
    pub when_slow: WhenSlow,
}

impl Default for LetterBound {
    fn default() -> Self {
        Self { letters: LETTERS_KEPT, when_slow: WhenSlow::default() }
    }
}

/// Letters that wait to be read or sent, and how many found no room.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    letters: VecDeque<DeadLetter>,
    lost: u64,
}

impl Backlog {
    pub(super) fn push(&mut self, letter: DeadLetter, bound: LetterBound) {
        if self.letters.len() >= bound.letters.max(1) {
            self.lost += 1;
            match bound.when_slow {
                WhenSlow::DropNewest => return,
                WhenSlow::DropOldest => drop(self.letters.pop_front()),
            }
        }
        self.letters.push_back(letter);
    }

    pub(super) const fn add_lost(&mut self, lost: u64) {
        self.lost += lost;
    }

    pub(super) fn pop(&mut self) -> Option<DeadLetter> {
        self.letters.pop_front()
    }

    pub(super) const fn lost(&self) -> u64 {
        self.lost
    }

    /// All of it, if there is any.
    pub(super) fn take(&mut self) -> Option<(Vec<DeadLetter>, u64)> {
        let lost = std::mem::take(&mut self.lost);
        let letters: Vec<_> = self.letters.drain(..).collect();
        (lost > 0 || !letters.is_empty()).then_some((letters, lost))
    }
}
