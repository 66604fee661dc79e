//! What a system leaves behind.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::phase::ShutdownPhase;
use crate::actor::Panic;
use crate::pid::ShardId;
use crate::shard::{Ledger, Shard};

/// How a system ended.
#[derive(Clone, Default, Debug)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// How each shard ended, in the order of their numbers.
    pub shards: Vec<ShardReport>,
    /// Shards whose thread did not end: a handler there neither returned nor awaited. Their
    /// threads, and what those hold, are left behind.
    pub stuck: Vec<ShardId>,
    /// Threads of blocking jobs and blocking actors that were inside a call when the shards had
    /// ended, and a grace later still. They are left behind, and end with the call.
    pub threads_left: usize,
}

/// How one shard ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ShardReport {
    /// Which.
    pub shard: ShardId,
    /// What became of every message it accepted; empty when the shard is stuck.
    pub ledger: Ledger,
    /// Actors that were alive at the deadline and were killed.
    pub killed: usize,
    /// Hooks that did not do what they were to.
    pub hooks: Vec<HookFailure>,
    /// What the runtime itself panicked with on this shard: a bug of the runtime, or a kernel that
    /// has lost what it was to tell.
    pub failed: Option<Arc<str>>,
}

/// A hook of a shutdown that did not come to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct HookFailure {
    /// Where it ran.
    pub shard: ShardId,
    /// When.
    pub phase: ShutdownPhase,
    /// What it was registered as.
    pub name: Cow<'static, str>,
    /// What happened.
    pub why: HookFault,
}

/// What ended a hook.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum HookFault {
    /// It panicked, with that message.
    Panicked(Panic),
    /// Its time was over, or its shard was, and it was dropped.
    Overran,
}

impl ShardReport {
    /// Of a shard that has said nothing yet.
    #[must_use]
    pub fn new(shard: ShardId) -> Self {
        Self { shard, ledger: Ledger::default(), killed: 0, hooks: Vec::new(), failed: None }
    }
}

impl Shard {
    /// What is to be told of this shard once it is over.
    #[must_use]
    pub fn end_report(&self) -> ShardReport {
        ShardReport {
            ledger: self.ledger(),
            killed: self.shutdown.killed(),
            hooks: self.shutdown.failures.borrow().clone(),
            ..ShardReport::new(self.id())
        }
    }
}

impl ShutdownReport {
    /// From what each shard said, in the order of their numbers; `None` for one that is stuck.
    #[must_use]
    pub fn new(ends: impl IntoIterator<Item = Option<ShardReport>>) -> Self {
        let mut report = Self::default();
        for (number, end) in (0..).zip(ends) {
            let shard = ShardId(number);
            if end.is_none() {
                report.stuck.push(shard);
            }
            report.shards.push(end.unwrap_or_else(|| ShardReport::new(shard)));
        }
        report
    }

    /// Whether every actor and every hook ended by itself in time, and every thread with it.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let clean = |s: &ShardReport| s.killed == 0 && s.hooks.is_empty() && s.failed.is_none();
        self.stuck.is_empty() && self.threads_left == 0 && self.shards.iter().all(clean)
    }

    /// Actors that were killed at the deadline, on all shards.
    #[must_use]
    pub fn killed(&self) -> usize {
        self.shards.iter().map(|shard| shard.killed).sum()
    }

    /// What became of every message that was accepted, on all shards together. None is open but
    /// where a shard is stuck: what it had, and what was on its way to it, is not counted.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.shards.iter().map(|shard| shard.ledger).sum()
    }
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ledger = self.ledger();
        let undelivered: u64 = ledger.undelivered.iter().sum();
        write!(f, "{} shards, {} actors killed", self.shards.len(), self.killed())?;
        write!(f, ", {} messages accepted, {} handled", ledger.accepted, ledger.handled)?;
        write!(f, ", {undelivered} undelivered")?;
        for shard in &self.stuck {
            write!(f, ", shard {shard} is stuck")?;
        }
        if self.threads_left > 0 {
            write!(f, ", {} threads are inside a call that blocks", self.threads_left)?;
        }
        for ShardReport { shard, hooks, failed, .. } in &self.shards {
            for hook in hooks {
                write!(f, ", {hook}")?;
            }
            if let Some(message) = failed {
                write!(f, ", shard {shard} failed: {message}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for HookFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shard, phase, name, why } = self;
        write!(f, "shutdown hook `{name}` ({phase}, shard {shard}) ")?;
        match why {
            HookFault::Panicked(panic) => write!(f, "panicked: {panic}"),
            HookFault::Overran => f.write_str("took too long"),
        }
    }
}
