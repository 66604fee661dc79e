//! A whole server without sockets: one connection over any number of shards.

use std::cell::RefCell;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::rc::Rc;

use crate::exec::{Answered, Batch, State, execute};
use crate::facts::Facts;
use crate::pubsub::{Outbox, Subscriptions};
use crate::resp::{Decoder, Limits, Writer};
use crate::route::{Fanout, Part, ShardMap};
use crate::session::{Here, Outcome, Session};
use crate::store::{Place, Store};

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
    pub(crate) states: Vec<State>,
    pub(crate) facts: Facts,
    map: ShardMap,
    way: Way,
    decoder: Decoder,
    session: Session,
    asked: Batch,
    out: Writer,
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
        Self::with_limits(shards, way, Limits::default())
    }

    pub(crate) fn with_limits(shards: u16, way: Way, limits: Limits) -> Self {
        let map = ShardMap::new(NonZeroU16::new(shards).unwrap());
        let local = SocketAddr::from(([127, 0, 0, 1], 6379));
        let facts = Facts { bind: local.ip(), port: 6379, shards, started_ms: 0, limits };
        let store = |shard: u16| Store::new(shard.into(), Place { shard, shards });
        let states: Vec<State> = (0..shards).map(|shard| State::new(store(shard))).collect();
        let outbox = Rc::new(Outbox::new(1 << 20));
        let topics: Rc<RefCell<_>> = states[0].topics.clone();
        let peers = (SocketAddr::from(([127, 0, 0, 1], 50_000)), local);
        let session = Session::new(7, peers, 0, Subscriptions::new(0, outbox, topics));
        Self {
            states,
            facts,
            map,
            way,
            decoder: Decoder::new(limits),
            session,
            asked: Batch::default(),
            out: Writer::default(),
            unread: Vec::new(),
            closed: false,
        }
    }

    /// Hands over one read; returns what is sent.
    pub(crate) fn feed(&mut self, now_ms: u64, input: &[u8]) -> Vec<u8> {
        if self.closed {
            return Vec::new();
        }
        self.unread.extend_from_slice(input);
        let mut batch = self.decoder.batch(&self.unread);
        while !self.closed {
            let args = match batch.next_command() {
                Ok(Some(args)) => args,
                Ok(None) => break,
                Err(error) => {
                    error.encode(&mut self.out);
                    self.closed = true;
                    break;
                }
            };
            let mut here = Here {
                // A shard that does not exist owns nothing.
                shard: if self.way == Way::Mixed { 0 } else { u16::MAX },
                state: &mut self.states[0],
                map: self.map,
                facts: &self.facts,
                now_ms,
            };
            match self.session.take(args, &mut here, &mut self.out) {
                Outcome::Done => {}
                Outcome::Close => self.closed = true,
                Outcome::Ask { shard, asked } => {
                    self.asked.push(asked, self.out.protocol());
                    let state = &mut self.states[usize::from(shard)];
                    self.asked.carry_out(state, now_ms, usize::MAX);
                    match self.asked.fetch() {
                        Some(Answered::Text(reply)) => self.out.raw(reply),
                        other => panic!("{other:?} is no reply"),
                    }
                    self.asked.settle();
                }
                Outcome::Scatter(Fanout { parts, mut gather }) => {
                    // Last shard first: replies may come in any order.
                    for Part { shard, request } in parts.into_iter().rev() {
                        let state = &mut self.states[usize::from(shard)];
                        gather.add(shard, execute(state, now_ms, request));
                    }
                    gather.finish(&self.facts, now_ms, &mut self.out);
                }
            }
        }
        let consumed = batch.consumed();
        self.unread.drain(..consumed);
        self.session.drain_messages(&mut self.out);
        self.out.take()
    }

    /// Whether the connection was ended by the server.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} shards, {:?}", self.states.len(), self.way)
    }
}
