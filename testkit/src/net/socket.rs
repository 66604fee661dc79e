//! Sockets.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

use greenroom_core::runtime::UnixAddress;

use super::datagram::DatagramSocket;
use super::pipe::Pipe;

/// A socket of any node.
#[derive(Debug)]
pub(super) enum Socket {
    Listener(Listener),
    Stream(Stream),
    Datagram(DatagramSocket),
}

#[derive(Debug)]
pub(super) struct Listener {
    pub(super) node: u16,
    pub(super) address: SocketAddr,
    /// The name of one that listens within its node, and has no address.
    pub(super) unix: Option<UnixAddress>,
    pub(super) backlog_max: usize,
    pub(super) reuse_port: bool,
    /// Server ends that nobody has accepted, with their clients' addresses.
    pub(super) backlog: VecDeque<(u64, SocketAddr)>,
    /// Accepts that wait, oldest first.
    pub(super) accepts: VecDeque<u64>,
}

/// What travels towards a stream.
#[derive(Clone, Copy, Debug)]
pub(super) enum Segment {
    /// So many bytes.
    Data(usize),
    /// No more will come.
    Fin,
    /// The other side is gone, and with it what was on its way.
    Reset,
}

/// One end of a connection. Its fields are about what comes towards it; the other direction is
/// the peer's.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) node: u16,
    pub(super) peer: u64,
    pub(super) peer_node: u16,
    /// Bytes that arrived and were not received, and those of the flight.
    pub(super) pipe: Pipe,
    pub(super) flight: VecDeque<Segment>,
    /// When the last of the flight arrives.
    pub(super) arrives_last: u64,
    /// Most bytes buffered and in flight together.
    pub(super) window: usize,
    /// The peer's end of stream arrived.
    pub(super) ended: bool,
    /// The peer's reset arrived.
    pub(super) reset: bool,
    /// The reset is this side's own: what it sent was never acknowledged.
    pub(super) timed_out: bool,
    /// Nothing arrives here any more, and nobody says so.
    pub(super) dark: bool,
    /// What is on its way here is being sent again and again, until then at most.
    pub(super) giving_up: Option<u64>,
    /// This side receives no more.
    pub(super) deaf: bool,
    /// This side has said that it sends no more.
    pub(super) mute: bool,
    /// The receive that waits for bytes.
    pub(super) receive: Option<u64>,
    /// The send that waits for room.
    pub(super) send: Option<u64>,
}

impl Stream {
    pub(super) fn new(node: u16, (peer, peer_node): (u64, u16), window: usize) -> Self {
        Self {
            node,
            peer,
            peer_node,
            pipe: Pipe::default(),
            flight: VecDeque::new(),
            arrives_last: 0,
            window,
            ended: false,
            reset: false,
            timed_out: false,
            dark: false,
            giving_up: None,
            deaf: false,
            mute: false,
            receive: None,
            send: None,
        }
    }

    /// What an operation on a connection that is over fails with, if it is.
    pub(super) fn failure(&self) -> Option<io::Error> {
        let kind =
            if self.timed_out { io::ErrorKind::TimedOut } else { io::ErrorKind::ConnectionReset };
        self.reset.then(|| kind.into())
    }

    pub(super) fn room(&self) -> usize {
        self.window.saturating_sub(self.pipe.len())
    }

    /// Whether bytes would be lost if this end were closed now.
    pub(super) fn has_unread(&self) -> bool {
        self.pipe.len() > 0
    }
}
