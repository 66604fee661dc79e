//! One connection's own state.

use std::net::SocketAddr;

use super::{client, config, introspect};
use crate::command::SessionCommand;
use crate::facts::Facts;
use crate::resp::encode;

/// What a connection knows about its client.
#[derive(Debug)]
pub(crate) struct Session {
    /// Unique among the server's connections, past ones included.
    pub(super) id: u64,
    pub(super) peer: SocketAddr,
    pub(super) local: SocketAddr,
    /// When the connection was accepted, in milliseconds of unix time.
    pub(super) opened_ms: u64,
    /// `CLIENT SETNAME`; empty if there is none.
    pub(super) name: Vec<u8>,
    /// `CLIENT SETINFO LIB-NAME` and `LIB-VER`.
    pub(super) library_name: Vec<u8>,
    pub(super) library_version: Vec<u8>,
}

/// What the connection does after a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Reads on.
    Continue,
    /// Sends what is to be sent and closes.
    Close,
}

impl Session {
    /// A new connection's state.
    pub(crate) fn new(id: u64, peer: SocketAddr, local: SocketAddr, now_ms: u64) -> Self {
        Self {
            id,
            peer,
            local,
            opened_ms: now_ms,
            name: Vec::new(),
            library_name: Vec::new(),
            library_version: Vec::new(),
        }
    }

    /// Carries out `command` and appends the reply.
    pub(crate) fn answer(
        &mut self,
        command: &SessionCommand<'_>,
        facts: &Facts,
        now_ms: u64,
        out: &mut Vec<u8>,
    ) -> Next {
        match *command {
            SessionCommand::Ping(None) => encode::simple(out, "PONG"),
            SessionCommand::Ping(Some(message)) | SessionCommand::Echo(message) => {
                encode::bulk(out, message);
            }
            SessionCommand::Quit => {
                encode::ok(out);
                return Next::Close;
            }
            SessionCommand::Client(command) => client::answer(self, command, now_ms, out),
            SessionCommand::Config(command) => config::answer(command, facts, out),
            SessionCommand::Command(query) => introspect::answer(query, out),
        }
        Next::Continue
    }
}
