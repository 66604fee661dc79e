//! Sockets, as operations.

use std::net::SocketAddr;
use std::ops::Deref;

use super::{BindOptions, IoResult, OpId, UnixAddress};
use crate::limits::BACKLOG;
use crate::shard::current;

/// A socket a driver holds for its shard. Never reused while the driver lives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SocketId(pub u64);

/// How to listen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListenOptions {
    /// The address to bind; port 0 lets the system choose.
    pub address: SocketAddr,
    /// Connections the kernel may hold that nobody accepted yet.
    pub backlog: u32,
    /// Whether several shards may listen on this address, the kernel spreading connections.
    pub reuse_port: bool,
}

impl ListenOptions {
    /// Listens on `address` alone, with room for [`BACKLOG`] waiting connections.
    #[must_use]
    pub const fn new(address: SocketAddr) -> Self {
        Self { address, backlog: BACKLOG, reuse_port: false }
    }
}

/// Which half of a stream to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShutdownSide {
    /// No more will be received.
    Receive,
    /// No more will be sent: the peer reads end of stream after what was sent.
    Send,
    /// Both.
    Both,
}

/// A network operation.
#[derive(Debug)]
pub enum NetRequest {
    /// Binds and listens; completes with [`NetDone::Listening`].
    Listen(ListenOptions),
    /// Takes one connection; completes with [`NetDone::Accepted`], of a Unix socket with
    /// [`NetDone::AcceptedUnix`]. A cancelled accept that had already taken a connection completes
    /// with it, and core closes it.
    Accept {
        /// A listening socket.
        listener: SocketId,
    },
    /// Connects; completes with [`NetDone::Connected`].
    Connect {
        /// Where to.
        address: SocketAddr,
    },
    /// Receives what is there, at least one byte unless the stream ended; completes with
    /// [`NetDone::Received`], whose data is empty at end of stream. At most one receive of a
    /// stream may be under way.
    Receive {
        /// A connected socket.
        stream: SocketId,
        /// Most bytes to take.
        max: usize,
    },
    /// Sends from `data[start..]`, possibly not all of it; completes with [`NetDone::Sent`]. At
    /// most one send of a stream may be under way.
    Send {
        /// A connected socket.
        stream: SocketId,
        /// The bytes, which the driver owns until the completion gives them back.
        data: Vec<u8>,
        /// Where in `data` to begin.
        start: usize,
    },
    /// Binds a Unix socket and listens; completes with [`NetDone::ListeningUnix`].
    ListenUnix {
        /// Where; not [`UnixAddress::Unnamed`].
        address: UnixAddress,
        /// Connections the kernel may hold that nobody accepted yet.
        backlog: u32,
    },
    /// Connects to a Unix socket; completes with [`NetDone::ConnectedUnix`], or at once with an
    /// error of kind `WouldBlock` when the listener's backlog is full.
    ConnectUnix {
        /// Where to; not [`UnixAddress::Unnamed`].
        address: UnixAddress,
    },
    /// Opens a datagram socket; completes with [`NetDone::Bound`].
    Bind(BindOptions),
    /// Has a datagram socket send to `peer` and receive from there alone; what had come from others
    /// may still be received. Completes with [`NetDone::Ended`].
    SetPeer {
        /// A datagram socket.
        socket: SocketId,
        /// The other end.
        peer: SocketAddr,
    },
    /// Receives one datagram; completes with [`NetDone::ReceivedFrom`]. At most one receive of a
    /// socket may be under way.
    ReceiveFrom {
        /// A datagram socket.
        socket: SocketId,
    },
    /// Sends one datagram, all of it or nothing; completes with [`NetDone::Sent`]. One that is
    /// longer than the transport takes fails with `InvalidInput`, one to nobody on a socket without
    /// a peer with `NotConnected`. Any number may be under way.
    SendTo {
        /// A datagram socket.
        socket: SocketId,
        /// The bytes, which the driver owns until the completion gives them back.
        data: Vec<u8>,
        /// Where to; `None` is the peer.
        to: Option<SocketAddr>,
    },
    /// Ends one or both halves; completes with [`NetDone::Ended`].
    Shutdown {
        /// A connected socket.
        stream: SocketId,
        /// Which half.
        side: ShutdownSide,
    },
    /// Closes the socket; operations under way on it complete with an error first. Completes with
    /// [`NetDone::Ended`].
    Close {
        /// Any socket.
        socket: SocketId,
    },
}

/// What a network operation came to.
#[derive(Debug)]
pub enum NetDone {
    /// The socket listens.
    Listening {
        /// The listening socket.
        listener: SocketId,
        /// The address it is bound to, the real port filled in.
        local: SocketAddr,
    },
    /// A connection was taken.
    Accepted {
        /// The connected socket.
        stream: SocketId,
        /// The other end's address.
        peer: SocketAddr,
    },
    /// The connection stands.
    Connected {
        /// The connected socket.
        stream: SocketId,
        /// This end's address.
        local: SocketAddr,
    },
    /// The Unix socket listens.
    ListeningUnix {
        /// The listening socket.
        listener: SocketId,
    },
    /// A connection to a Unix socket was taken.
    AcceptedUnix {
        /// The connected socket.
        stream: SocketId,
        /// The other end's name, which it seldom has.
        peer: UnixAddress,
    },
    /// The connection to a Unix socket stands.
    ConnectedUnix {
        /// The connected socket.
        stream: SocketId,
    },
    /// The datagram socket is there.
    Bound {
        /// The socket.
        socket: SocketId,
        /// The address it is bound to, the real port filled in.
        local: SocketAddr,
    },
    /// A datagram arrived.
    ReceivedFrom {
        /// As much of it as the socket takes.
        data: Buffer,
        /// Who sent it.
        from: SocketAddr,
        /// How long it was, in bytes: more than there are when it was cut.
        len: usize,
    },
    /// Bytes arrived; none at end of stream.
    Received(Buffer),
    /// Bytes were handed to the transport.
    Sent {
        /// The buffer, back.
        data: Vec<u8>,
        /// How many bytes from `start` were taken; at least one unless the rest was empty. Of a
        /// datagram, all.
        written: usize,
    },
    /// Shut down or closed.
    Ended,
}

/// Received bytes, in a buffer that goes back to its shard's pool when dropped.
#[derive(Debug)]
pub struct Buffer {
    bytes: Vec<u8>,
    /// Where what was received begins.
    start: u32,
}

impl Buffer {
    /// Wraps bytes a driver received.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, start: 0 }
    }

    /// Wraps a buffer of which what was received begins at `start`, behind what else a driver has
    /// written there.
    ///
    /// # Panics
    ///
    /// When `start` is beyond the end.
    #[must_use]
    pub fn behind(start: usize, bytes: Vec<u8>) -> Self {
        assert!(start <= bytes.len(), "nothing was received there");
        Self { bytes, start: u32::try_from(start).expect("a buffer is smaller") }
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.start as usize..]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        if bytes.capacity() > 0 {
            current::with(|shard| shard.recycle_buffer(bytes));
        }
    }
}

/// The network of one shard. See the module's contract: submitting never fails or blocks, every
/// operation completes.
pub trait Net {
    /// Starts an operation. What it came to is returned where that is known at once, and the shard is
    /// told of it later otherwise, never both.
    ///
    /// A driver that knows much at once has to let a task wait in between all the same: one that
    /// does nothing but operations would never give its thread back else.
    fn submit(&self, op: OpId, request: NetRequest) -> Option<IoResult>;

    /// Asks for an operation to end early. It still completes: with an error of kind
    /// `Interrupted`, or with its result where that came first.
    fn cancel(&self, op: OpId);
}
