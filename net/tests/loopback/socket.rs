//! Sockets as data.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

use greenroom_core::runtime::SocketId;

pub(crate) struct Listener {
    pub(crate) address: SocketAddr,
    /// Connected sockets that nobody accepted yet.
    pub(crate) backlog: VecDeque<SocketId>,
    pub(crate) backlog_max: usize,
}

pub(crate) struct Stream {
    /// The other end, which may be closed.
    pub(crate) other: SocketId,
    pub(crate) peer: SocketAddr,
    /// Bytes that have arrived and were not received.
    pub(crate) incoming: VecDeque<u8>,
    /// No more will arrive.
    pub(crate) incoming_ended: bool,
    /// The other end was closed with bytes it had not received.
    pub(crate) reset: bool,
    pub(crate) receive_ended: bool,
    pub(crate) send_ended: bool,
}

impl Stream {
    pub(crate) const fn new(other: SocketId, peer: SocketAddr) -> Self {
        Self {
            other,
            peer,
            incoming: VecDeque::new(),
            incoming_ended: false,
            reset: false,
            receive_ended: false,
            send_ended: false,
        }
    }

    /// Whether a receive would complete, and with how many bytes at most.
    pub(crate) fn receivable(&self) -> Option<io::Result<usize>> {
        if self.receive_ended {
            Some(Ok(0))
        } else if !self.incoming.is_empty() {
            Some(Ok(self.incoming.len()))
        } else if self.reset {
            Some(Err(io::ErrorKind::ConnectionReset.into()))
        } else {
            self.incoming_ended.then_some(Ok(0))
        }
    }
}
