//! What clients may use.

use std::time::Duration;

use crate::resp;

/// Bounds of a server and of its connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerLimits {
    /// Connections at a time. Each shard takes an equal part of them, at least one, because no
    /// shard knows what the others have.
    pub(crate) clients_max: usize,
    /// Commands that are carried out before the replies are sent and others get their turn; at
    /// least 1. One pipelining client holds a shard no longer than this.
    pub(crate) batch_commands_max: usize,
    /// Bytes of replies after which a batch ends, at least 1: those of this shard, and those of each
    /// other one. The reply that crosses the bound is still part of it.
    pub(crate) batch_bytes_max: usize,
    /// Bytes of published messages that wait for one client; a client with more is ended.
    pub(crate) message_bytes_max: usize,
    /// How long another shard may take to answer a batch.
    pub(crate) answer_limit: Duration,
    /// How long a connection that the server ends waits for the client to end it too.
    pub(crate) linger: Duration,
    /// What one command may be. A connection holds at most one command that has not arrived
    /// completely, and one receive.
    pub(crate) command: resp::Limits,
    /// A bug that a test plants, to show that it would be found: another shard answers a `GET` with
    /// what it would have answered the time before.
    #[cfg(test)]
    pub(crate) stale_reads: bool,
}

impl Default for ServerLimits {
    /// Redis's limits where it has them.
    fn default() -> Self {
        Self {
            clients_max: 10_000,
            // About a tenth of a millisecond of work.
            batch_commands_max: 512,
            batch_bytes_max: 256 * 1024,
            // Redis: 8 MiB for a minute, 32 MiB at once.
            message_bytes_max: 8 << 20,
            answer_limit: Duration::from_secs(5),
            linger: Duration::from_millis(500),
            command: resp::Limits::default(),
            #[cfg(test)]
            stale_reads: false,
        }
    }
}
