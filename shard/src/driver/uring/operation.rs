//! Operations: what each is, and what it owns while the kernel has it.

use std::ffi::CString;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;

use greenroom_core::runtime::{Blocks, FileId, OpId, OpenMode, ShutdownSide, SocketId};
use rustix::fs::Statx;
use rustix::net::SocketAddrAny;

use super::datagram::{Incoming, Outgoing};

/// An operation, and whom its completion concerns.
pub(super) enum Op {
    /// The shard's bell, watched.
    Bell,
    /// Of a socket.
    Net(SocketId, NetOp),
    /// Of a file.
    Disk(OpId, DiskOp),
}

/// What is done with a socket.
pub(super) enum NetOp {
    /// Takes connections: all, or one where the kernel cannot.
    Accept,
    Connect(Box<SocketAddrAny>),
    /// Takes bytes as they come, into buffers of the buffer ring.
    Receive,
    /// Takes bytes once.
    ReceiveInto(Vec<u8>),
    Send {
        op: OpId,
        data: Vec<u8>,
        start: usize,
    },
    /// A send from where `data` lies. The kernel tells of it twice: what was sent, and that it needs
    /// the memory no more.
    SendZc {
        op: OpId,
        data: Vec<u8>,
        start: usize,
        /// What it has told first.
        told: Option<i32>,
    },
    Shutdown(OpId, ShutdownSide),
    /// Takes datagrams as they come, into buffers of the buffer ring.
    ReceiveMessages,
    /// Takes a datagram once.
    ReceiveMessage(Box<Incoming>),
    SendMessage(Box<Outgoing>),
}

/// How a file is opened.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub(super) mode: OpenMode,
    pub(super) direct: bool,
    pub(super) durable: bool,
}

/// Bytes to be written.
pub(super) enum Data {
    Bytes(Vec<u8>),
    Blocks(Blocks),
}

/// A write, of which the first part may be done.
pub(super) struct Write {
    pub(super) file: FileId,
    pub(super) data: Data,
    pub(super) offset: u64,
    pub(super) written: usize,
    /// A sync belongs to it.
    pub(super) sync: bool,
}

/// What is done with a file.
pub(super) enum DiskOp {
    Open {
        path: CString,
        way: Way,
    },
    /// Asks for the length; of a file that was just opened, or because somebody wants to know.
    Stat {
        file: FileId,
        stat: Box<MaybeUninit<Statx>>,
        opened: bool,
    },
    Read {
        file: FileId,
        data: Vec<u8>,
        offset: u64,
        len: usize,
    },
    ReadBlocks {
        file: FileId,
        into: Blocks,
        offset: u64,
        read: usize,
    },
    Write(Write),
    /// The sync that is linked to a write.
    SyncAfter,
    Sync {
        file: FileId,
        data_only: bool,
    },
    Truncate {
        file: FileId,
        len: u64,
    },
    Allocate {
        file: FileId,
        len: u64,
    },
    /// Closes a descriptor that is nobody else's any more.
    Close(RawFd),
}
