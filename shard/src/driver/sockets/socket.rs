//! One socket: its descriptor, what is known of its readiness, and who waits for it.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;

use greenroom_core::runtime::OpId;

use super::datagrams::Datagrams;

/// A descriptor the driver holds, and the operations under way on it.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) fd: OwnedFd,
    pub(super) role: Role,
}

#[derive(Debug)]
pub(super) enum Role {
    Listener(Listener),
    /// Waits for its connect to be decided.
    Connecting(OpId),
    Stream(Stream),
    Datagrams(Datagrams),
}

#[derive(Default, Debug)]
pub(super) struct Listener {
    /// Who waits for a connection, oldest first.
    pub(super) accepts: VecDeque<OpId>,
    /// Connections may wait in the kernel. Cleared by an accept that finds none.
    pub(super) ready: bool,
    /// It is a Unix socket.
    pub(super) unix: bool,
}

/// A connected socket.
///
/// Readiness is remembered between operations, because the poller tells of it once: a side is
/// ready until a call on it would have blocked.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) readable: bool,
    pub(super) writable: bool,
    /// The peer sends no more, so reads never block again.
    pub(super) ended: bool,
    pub(super) receive: Option<Receive>,
    pub(super) send: Option<Send>,
}

/// A receive that waits for bytes. It holds no buffer while it waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Receive {
    pub(super) op: OpId,
    pub(super) max: usize,
}

/// A send that waits for room.
#[derive(Debug)]
pub(super) struct Send {
    pub(super) op: OpId,
    pub(super) data: Vec<u8>,
    pub(super) start: usize,
}

impl Stream {
    /// A stream of which nothing is known: both sides are tried first.
    pub(super) const fn new() -> Self {
        Self { readable: true, writable: true, ended: false, receive: None, send: None }
    }
}

impl Role {
    /// Takes out every operation under way, in the order in which they will be completed.
    pub(super) fn take_operations(&mut self) -> Vec<OpId> {
        match self {
            Self::Listener(listener) => listener.accepts.drain(..).collect(),
            Self::Connecting(op) => vec![*op],
            Self::Stream(stream) => {
                let receive = stream.receive.take().map(|receive| receive.op);
                let send = stream.send.take().map(|send| send.op);
                receive.into_iter().chain(send).collect()
            }
            Self::Datagrams(datagrams) => {
                let sends = datagrams.sends.drain(..).map(|send| send.op);
                datagrams.receive.take().into_iter().chain(sends).collect()
            }
        }
    }

    /// Takes out one operation; tells whether it was under way here.
    pub(super) fn take_operation(&mut self, op: OpId) -> bool {
        match self {
            Self::Listener(listener) => {
                let place = listener.accepts.iter().position(|accept| *accept == op);
                place.and_then(|place| listener.accepts.remove(place)).is_some()
            }
            // Its socket goes with it.
            Self::Connecting(connecting) => *connecting == op,
            Self::Stream(stream) => {
                stream.receive.take_if(|receive| receive.op == op).is_some()
                    || stream.send.take_if(|send| send.op == op).is_some()
            }
            Self::Datagrams(datagrams) => {
                let place = datagrams.sends.iter().position(|send| send.op == op);
                datagrams.receive.take_if(|receive| *receive == op).is_some()
                    || place.and_then(|place| datagrams.sends.remove(place)).is_some()
            }
        }
    }
}
