//! Datagrams, and the names of Unix sockets.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::limits::DATAGRAM_BYTES;

/// How to open a datagram socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BindOptions {
    /// The address to bind; port 0 lets the system choose.
    pub address: SocketAddr,
    /// Whether several shards may bind this address, the kernel spreading what comes by its sender.
    pub reuse_port: bool,
    /// Most bytes of a datagram that are received; what a longer one has beyond them is lost. Up to
    /// [`DATAGRAM_BYTES`] a datagram is received into a buffer of the shard's pool, beyond it into
    /// one of its own.
    pub datagram_max: usize,
}

impl BindOptions {
    /// Binds `address` alone, and receives datagrams of at most [`DATAGRAM_BYTES`] whole.
    #[must_use]
    pub const fn new(address: SocketAddr) -> Self {
        Self { address, reuse_port: false, datagram_max: DATAGRAM_BYTES }
    }
}

/// The name of a Unix socket.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum UnixAddress {
    /// None: what a socket has that connects, or whose name cannot be told.
    Unnamed,
    /// A file. It is made by listening and stays when the listener is closed: nobody can listen
    /// there until it is removed, and who connects is refused.
    Path(PathBuf),
    /// A name of the machine's, that is no file and is gone with its listener. Not every system has
    /// those.
    Abstract(Vec<u8>),
}
