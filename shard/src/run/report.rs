//! What a system leaves behind.

use std::fmt;
use std::sync::Arc;

use greenroom_core::{Ledger, ShardId};

use super::ShardEnd;

/// How a system ended.
#[derive(Clone, Debug)]
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
    /// What the runtime itself panicked with on this shard, which is a bug of the runtime.
    pub failed: Option<Arc<str>>,
}

impl ShutdownReport {
    pub(super) fn new(ends: Vec<Option<ShardEnd>>, threads_left: usize) -> Self {
        let shards = Vec::with_capacity(ends.len());
        let mut report = Self { shards, stuck: Vec::new(), threads_left };
        for (index, end) in ends.into_iter().enumerate() {
            let shard = ShardId(index as u16);
            if end.is_none() {
                report.stuck.push(shard);
            }
            let ShardEnd { ledger, killed, failed } = end.unwrap_or_default();
            report.shards.push(ShardReport { shard, ledger, killed, failed });
        }
        report
    }

    /// Whether every actor ended by itself in time, and every thread with it.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let clean = |shard: &ShardReport| shard.killed == 0 && shard.failed.is_none();
        self.stuck.is_empty() && self.threads_left == 0 && self.shards.iter().all(clean)
    }

    /// Actors that were killed at the deadline, on all shards.
    #[must_use]
    pub fn killed(&self) -> usize {
        self.shards.iter().map(|shard| shard.killed).sum()
    }
}

impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} shards, {} actors killed", self.shards.len(), self.killed())?;
        for shard in &self.stuck {
            write!(f, ", shard {shard} is stuck")?;
        }
        if self.threads_left > 0 {
            write!(f, ", {} threads are inside a call that blocks", self.threads_left)?;
        }
        for ShardReport { shard, failed, .. } in &self.shards {
            if let Some(message) = failed {
                write!(f, ", shard {shard} failed: {message}")?;
            }
        }
        Ok(())
    }
}
