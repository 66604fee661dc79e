//! Who asks the servers.

use std::net::SocketAddr;

use super::client::{Client, Rates};
use super::lean::Lean;

/// A client of either kind.
#[derive(Clone, Debug)]
pub(super) enum Load {
    /// `redis-benchmark`
    Benchmark(Client),
    /// One of our own that costs less.
    Lean(Lean),
}

impl Load {
    /// Makes the keys be there, where the client counts on that.
    ///
    /// # Errors
    ///
    /// When the server does not answer as it should.
    pub(super) fn fill(&self, server: SocketAddr) -> Result<(), String> {
        match self {
            Self::Benchmark(_) => Ok(()),
            Self::Lean(lean) => lean.fill(server).map_err(gives_up),
        }
    }

    /// Sets, then gets, each so many times.
    ///
    /// # Errors
    ///
    /// When the client fails, or the server does not answer as it should.
    pub(super) fn run(
        &self,
        server: SocketAddr,
        depth: u64,
        requests: u64,
    ) -> Result<Rates, String> {
        match self {
            Self::Benchmark(client) => client.run(server, depth, requests),
            Self::Lean(lean) => lean.run(server, depth, requests).map_err(gives_up),
        }
    }
}

fn gives_up(error: std::io::Error) -> String {
    format!("the lean client gives up: {error}")
}
