//! A whole server without sockets: one connection over any number of shards.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU16;

use crate::command;
use crate::exec::{Request, execute, execute_local};
use crate::facts::Facts;
use crate::resp::{Decoder, Limits};
use crate::route::{Fanout, Part, Route, ShardMap};
use crate::session::{Next, Session};
use crate::store::Store;

/// Which way to the stores the machine takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Keys of shard 0 in place, others by request: as a connection of shard 0 does.
    Mixed,
    /// Everything by request.
    Remote,
}

/// The server.
pub(crate) struct Machine {
    pub(crate) stores: Vec<Store>,
    pub(crate) facts: Facts,
    map: ShardMap,
    way: Way,
    decoder: Decoder,
    session: Session,
    unread: Vec<u8>,
    closed: bool,
}

impl Machine {
    /// One shard and several, each way to the stores: all must answer alike.
    pub(crate) fn of_every_kind() -> Vec<Self> {
        vec![
            Self::new(1, Way::Mixed),
            Self::new(1, Way::Remote),
            Self::new(3, Way::Mixed),
            Self::new(8, Way::Remote),
        ]
    }

    pub(crate) fn new(shards: u16, way: Way) -> Self {
        let shards_map = ShardMap::new(NonZeroU16::new(shards).unwrap());
        let local = SocketAddr::from(([127, 0, 0, 1], 6379));
        let limits = Limits::default();
        let facts = Facts { bind: local.ip(), port: 6379, shards, started_ms: 0, limits };
        Self {
            stores: (0..shards).map(|shard| Store::new(shard.into())).collect(),
            facts,
            map: shards_map,
            way,
            decoder: Decoder::new(limits),
            session: Session::new(7, SocketAddr::from(([127, 0, 0, 1], 50_000)), local, 0),
            unread: Vec::new(),
            closed: false,
        }
    }

    /// Hands over one read; returns what is sent.
    pub(crate) fn feed(&mut self, now_ms: u64, input: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        if self.closed {
            return out;
        }
        let mut unread = std::mem::take(&mut self.unread);
        unread.extend_from_slice(input);
        let mut decoder = std::mem::replace(&mut self.decoder, Decoder::new(self.facts.limits));
        let mut batch = decoder.batch(&unread);
        while !self.closed {
            match batch.next_command() {
                Ok(Some(args)) => match command::parse(args, now_ms) {
                    Ok(command) => self.run(now_ms, self.map.route(command), &mut out),
                    Err(error) => error.encode(&mut out),
                },
                Ok(None) => break,
                Err(error) => {
                    error.encode(&mut out);
                    self.closed = true;
                }
            }
        }
        let consumed = batch.consumed();
        unread.drain(..consumed);
        (self.decoder, self.unread) = (decoder, unread);
        out
    }

    /// Whether the connection was ended by the server.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    fn run(&mut self, now_ms: u64, route: Route<'_>, out: &mut Vec<u8>) {
        match route {
            Route::Local(command) => {
                let next = self.session.answer(&command, &self.facts, now_ms, out);
                self.closed = next == Next::Close;
            }
            Route::Keyed { shard, command } if shard == 0 && self.way == Way::Mixed => {
                execute_local(&mut self.stores[0], now_ms, &command, out);
            }
            Route::Keyed { shard, command } => {
                let store = &mut self.stores[usize::from(shard)];
                execute(store, now_ms, Request::from(&command)).encode(out);
            }
            Route::Scatter(command) => self.ask(now_ms, Fanout::scatter(command, self.map), out),
            Route::All(command) => self.ask(now_ms, Fanout::broadcast(command, self.map), out),
        }
    }

    fn ask(&mut self, now_ms: u64, fanout: Fanout, out: &mut Vec<u8>) {
        let Fanout { parts, mut gather } = fanout;
        // Last shard first: replies may come in any order.
        for Part { shard, request } in parts.into_iter().rev() {
            let store = &mut self.stores[usize::from(shard)];
            gather.add(shard, execute(store, now_ms, request));
        }
        gather.finish(&self.facts, now_ms, out);
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} shards, {:?}", self.stores.len(), self.way)
    }
}
