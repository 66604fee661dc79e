//! What `INFO` and `CONFIG GET` tell about the server.

use std::net::IpAddr;

use crate::resp::Limits;

/// Facts about the running server that do not change while it runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    /// The address it listens on.
    pub(crate) bind: IpAddr,
    /// The port it listens on.
    pub(crate) port: u16,
    /// How many shards hold the keyspace.
    pub(crate) shards: u16,
    /// When it was started, in milliseconds of unix time.
    pub(crate) started_ms: u64,
    /// What a command may be.
    pub(crate) limits: Limits,
}

impl Facts {
    /// The version of Redis whose replies are followed; clients choose their commands by it.
    pub(crate) const REDIS_VERSION: &'static str = "7.0.15";
}
