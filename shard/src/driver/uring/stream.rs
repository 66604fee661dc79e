//! One socket: what is known of it, who waits for it, and what the kernel holds of it.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use greenroom_core::runtime::{Buffer, NetDone, OpId, UnixAddress};

use super::datagrams::Datagrams;
use super::ops::{Fd, Key};

/// A socket the driver holds.
pub(super) struct Socket {
    pub(super) fd: Fd,
    /// Operations the kernel holds of it. It is closed when there are none.
    pub(super) under_way: u32,
    /// Who waits for the close; nothing is accepted any more.
    pub(super) closing: Option<OpId>,
    pub(super) role: Role,
}

pub(super) enum Role {
    Listener(Listener),
    /// Waits for its connect to be decided.
    Connecting(OpId, Key),
    Stream(Stream),
    Datagrams(Datagrams),
}

/// A socket that listens.
#[derive(Default)]
pub(super) struct Listener {
    /// Who waits for a connection, oldest first.
    pub(super) accepts: VecDeque<OpId>,
    /// Connections that nobody has asked for yet.
    pub(super) ready: VecDeque<(OwnedFd, Peer)>,
    pub(super) armed: Armed,
    /// It is a Unix socket.
    pub(super) unix: bool,
}

/// Who has connected.
pub(super) enum Peer {
    Address(SocketAddr),
    Unix(UnixAddress),
}

/// A connected socket.
#[derive(Default)]
pub(super) struct Stream {
    pub(super) receive: Option<Receive>,
    /// Bytes that nobody has asked for yet.
    pub(super) unread: VecDeque<Unread>,
    /// What comes after them.
    pub(super) ended: Option<End>,
    pub(super) armed: Armed,
    pub(super) send: Option<(OpId, Key)>,
    /// The send is over but for its memory, which the kernel still reads.
    pub(super) lent: bool,
    /// The kernel has refused to send without a copy.
    pub(super) copies: bool,
}

/// Whether the kernel holds an operation that brings something.
#[derive(Clone, Copy, Default)]
pub(super) enum Armed {
    #[default]
    No,
    Yes(Key),
    /// It was cancelled, and its last completion is awaited.
    Ending,
}

/// A receive that waits for bytes.
#[derive(Clone, Copy)]
pub(super) struct Receive {
    pub(super) op: OpId,
    pub(super) max: usize,
}

/// Received bytes, of which the first may have been given away.
pub(super) struct Unread {
    bytes: Vec<u8>,
    from: usize,
}

/// How receiving ended.
pub(super) enum End {
    /// The peer sends no more.
    Quiet,
    /// With this error, told once.
    Failed(io::Error),
}

impl Socket {
    pub(super) const fn new(fd: Fd, role: Role) -> Self {
        Self { fd, under_way: 0, closing: None, role }
    }
}

impl Unread {
    pub(super) const fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, from: 0 }
    }
}

impl Stream {
    /// What the next receive is to be told, if there is anything.
    pub(super) fn next(&mut self, max: usize) -> Option<io::Result<NetDone>> {
        let Some(first) = self.unread.front_mut() else {
            let empty = Ok(NetDone::Received(Buffer::new(Vec::new())));
            return match self.ended.replace(End::Quiet) {
                None => {
                    self.ended = None;
                    None
                }
                Some(End::Quiet) => Some(empty),
                Some(End::Failed(error)) => Some(Err(error)),
            };
        };
        let left = first.bytes.len() - first.from;
        if first.from == 0 && left <= max {
            let bytes = self.unread.pop_front()?.bytes;
            return Some(Ok(NetDone::Received(Buffer::new(bytes))));
        }
        // A part: what is asked for and what came have different sizes.
        let taken = left.min(max);
        let part = first.bytes[first.from..first.from + taken].to_vec();
        first.from += taken;
        if taken == left {
            // Back into the pool.
            drop(self.unread.pop_front().map(|it| Buffer::new(it.bytes)));
        }
        Some(Ok(NetDone::Received(Buffer::new(part))))
    }
}
