//! One connection's own state.

use std::net::SocketAddr;

use super::transaction::Transaction;
use super::{client, config, hello, introspect};
use crate::command::SessionCommand;
use crate::facts::Facts;
use crate::pubsub::Subscriptions;
use crate::resp::{Protocol, Writer};

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
    pub(super) subscriptions: Subscriptions,
    /// What `MULTI` began.
    pub(super) transaction: Option<Transaction>,
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
    pub(crate) fn new(
        id: u64,
        (peer, local): (SocketAddr, SocketAddr),
        now_ms: u64,
        subscriptions: Subscriptions,
    ) -> Self {
        Self {
            id,
            peer,
            local,
            opened_ms: now_ms,
            name: Vec::new(),
            library_name: Vec::new(),
            library_version: Vec::new(),
            subscriptions,
            transaction: None,
        }
    }

    /// Whether nothing stands between a command and its execution: no transaction has begun, and
    /// nothing is subscribed.
    pub(crate) fn is_plain(&self) -> bool {
        self.transaction.is_none() && self.subscriptions.len() == 0
    }

    /// Whether the connection is for messages only: in RESP3 they can be told from replies.
    pub(super) fn is_subscribed(&self, protocol: Protocol) -> bool {
        protocol == Protocol::Resp2 && self.subscriptions.len() > 0
    }

    /// Moves what was published to the client to the end of `out`.
    pub(crate) fn drain_messages(&self, out: &mut Writer) {
        self.subscriptions.outbox().drain_into(out);
    }

    /// Carries out `command` and appends the reply.
    pub(crate) fn answer(
        &mut self,
        command: &SessionCommand<'_>,
        facts: &Facts,
        now_ms: u64,
        out: &mut Writer,
    ) -> Next {
        match *command {
            SessionCommand::Ping(message) if self.is_subscribed(out.protocol()) => {
                out.array(2);
                out.bulk(b"pong");
                out.bulk(message.unwrap_or_default());
            }
            SessionCommand::Ping(None) => out.simple("PONG"),
            SessionCommand::Ping(Some(message)) | SessionCommand::Echo(message) => {
                out.bulk(message);
            }
            SessionCommand::Quit => {
                out.ok();
                return Next::Close;
            }
            SessionCommand::Select | SessionCommand::Auth => out.ok(),
            SessionCommand::Hello(hello) => hello::answer(self, &hello, out),
            SessionCommand::Subscription(subscription) => {
                self.subscriptions.answer(&subscription, out);
            }
            // What begins and ends a transaction is no part of one.
            SessionCommand::Transaction(_) => {}
            SessionCommand::Client(command) => client::answer(self, command, now_ms, out),
            SessionCommand::Config(command) => config::answer(command, facts, out),
            SessionCommand::Command(query) => introspect::answer(query, out),
        }
        Next::Continue
    }
}
