//! What can be set for a server.

use std::time::Duration;

use crate::limits;

/// Bounds of one server. Every field has a default that holds for most.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServeLimits {
    /// Connections served at a time; at least one. At the bound the server stops accepting.
    pub connections_max: usize,
    /// First pause after an accept failed for want of something.
    pub accept_backoff_min: Duration,
    /// Longest such pause; each failure in a row doubles it up to here.
    pub accept_backoff_max: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections_max: limits::CONNECTIONS_MAX,
            accept_backoff_min: limits::ACCEPT_BACKOFF_MIN,
            accept_backoff_max: limits::ACCEPT_BACKOFF_MAX,
        }
    }
}

impl ServeLimits {
    /// The default limits with another bound on connections.
    #[must_use]
    pub fn connections(connections_max: usize) -> Self {
        Self { connections_max, ..Self::default() }
    }
}
