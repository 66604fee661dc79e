//! What is sent on streams.
//!
//! # At once, or with the rest
//!
//! Entries of a turn go to the kernel together, which is worth a call for each of them where there
//! are many. Where there is one, it has a price: the call that takes the send to the kernel is the
//! one that was to sleep, and comes back at once, because the send has completed. So a send that is
//! the only thing to hand over goes by a call of its own, at once, and the call that sleeps is the
//! only one of the ring for a request and its answer.
//!
//! Whether it is the only one is not known when it is asked for. It is taken for that as long as it
//! is the turn's first, nothing else waits to be handed over, and what woke the shard was one
//! completion rather than several. So of a turn's sends one is made apart from the others at most,
//! and none overtakes what was asked for before it.
//!
//! # Without a copy
//!
//! Where the system asks for it, long sends are of another kind: the kernel sends from where the
//! bytes lie, and tells twice, what was sent and that it does not need the memory any more. The
//! second is when the peer has acknowledged the bytes, and only then is the send told of, because
//! telling gives the memory back. A socket that is closed between the two is closed; what was sent
//! goes out, and the memory stays with the table ([`super::ops`]) until the second. A shard that ends
//! does not wait for it, as the peer may be gone, and leaks the memory instead.

use std::io;

use greenroom_core::runtime::{NetDone, OpId, ShutdownSide, SocketId};
use rustix::io::Errno;
use rustix::net::{SendFlags, Shutdown};

use super::features::Feature;
use super::operation::NetOp;
use super::sockets::{Sockets, interrupted, invalid};
use super::stream::{Role, Socket, Stream};
use super::table::Io;

impl Io {
    /// The length from which on sends of a stream are not copied.
    fn zero_copy_min(&self, stream: &Stream) -> usize {
        let can = self.ops.ring.features().has(Feature::SendZc) && !stream.copies;
        if can { self.zero_copy_min_bytes } else { usize::MAX }
    }
}

/// A longer send may not fit the socket; and beside what the kernel copies then, a call is nothing.
const AT_ONCE_MAX: usize = 16 * 1024;

impl Sockets {
    pub(super) fn send(
        &mut self,
        io: &mut Io,
        op: OpId,
        id: SocketId,
        data: Vec<u8>,
        start: usize,
    ) {
        let error = match self.stream(id) {
            Ok(stream) if stream.send.is_some() => invalid("a send is under way already"),
            Ok(_) if start > data.len() => invalid("a send from beyond its data"),
            Ok(_) if start == data.len() => {
                return io.net_done(op, Ok(NetDone::Sent { data, written: 0 }));
            }
            Ok(stream) if data.len() - start >= io.zero_copy_min(stream) => {
                self.start(io, id, NetOp::SendZc { op, data, start, told: None });
                return self.wait(op, id);
            }
            Ok(_) => {
                if data.len() - start <= AT_ONCE_MAX
                    && io.sends_at_once()
                    && let Some(sent) = self.send_at_once(id, &data[start..])
                {
                    let sent = sent.map(|written| NetDone::Sent { data, written });
                    return io.net_done(op, sent);
                }
                self.start(io, id, NetOp::Send { op, data, start });
                return self.wait(op, id);
            }
            Err(error) => error,
        };
        io.net_done(op, Err(error));
    }

    /// Sends what can be sent without waiting; `None` where that is nothing.
    fn send_at_once(&mut self, id: SocketId, rest: &[u8]) -> Option<io::Result<usize>> {
        let fd = &self.open(id)?.fd;
        match rustix::net::send(&**fd, rest, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
            Err(Errno::AGAIN | Errno::INTR) => None,
            sent => Some(sent.map_err(io::Error::from)),
        }
    }

    /// Ends a side of a stream. The call never waits, and of a ring the kernel has a thread of its
    /// own make it, which it starts for that; so it is made here, unless it is to follow a send that
    /// may not have been handed over.
    pub(super) fn shut_down(&mut self, io: &mut Io, op: OpId, id: SocketId, side: ShutdownSide) {
        let follows = match self.stream(id) {
            Ok(stream) => stream.send.is_some(),
            Err(error) => return io.net_done(op, Err(error)),
        };
        let Some(socket) = self.open(id).filter(|_| !follows && io.at_once) else {
            return self.start(io, id, NetOp::Shutdown(op, side));
        };
        let how = match side {
            ShutdownSide::Receive => Shutdown::Read,
            ShutdownSide::Send => Shutdown::Write,
            ShutdownSide::Both => Shutdown::Both,
        };
        let ended = rustix::net::shutdown(&*socket.fd, how);
        io.net_done(op, ended.map(|()| NetDone::Ended).map_err(io::Error::from));
    }

    /// What a send without a copy came to is known; its memory is not free yet.
    pub(super) fn lent(&mut self, io: &mut Io, id: SocketId, op: OpId) {
        let Some(Socket { role: Role::Stream(stream), closing, .. }) = self.sockets.get_mut(id)
        else {
            return;
        };
        if closing.is_some() {
            stream.send = None;
            return io.net_done(op, Err(interrupted("its socket was closed")));
        }
        stream.lent = true;
    }

    /// Whether a send has yet to be told of, now that its memory is free.
    pub(super) fn waits_for_memory(&mut self, id: SocketId, op: OpId) -> bool {
        let lent = |stream: &mut Stream| stream.lent && stream.send.is_some_and(|it| it.0 == op);
        self.stream(id).is_ok_and(lent)
    }

    pub(super) fn sent(
        &mut self,
        io: &mut Io,
        (id, op): (SocketId, OpId),
        (data, start): (Vec<u8>, usize),
        result: io::Result<usize>,
    ) {
        let Some(Socket { role: Role::Stream(stream), closing, .. }) = self.sockets.get_mut(id)
        else {
            return;
        };
        stream.send = None;
        stream.lent = false;
        let sent = match result {
            _ if closing.is_some() => Err(interrupted("its socket was closed")),
            Ok(written) => Ok(NetDone::Sent { data, written }),
            Err(error) => match Errno::from_io_error(&error) {
                Some(Errno::CANCELED) => Err(interrupted("cancelled")),
                Some(Errno::INTR | Errno::AGAIN) => {
                    return self.start(io, id, NetOp::Send { op, data, start });
                }
                // Not on such a socket, or not so much memory of one process.
                Some(Errno::OPNOTSUPP | Errno::NOMEM | Errno::NOBUFS) if !stream.copies => {
                    stream.copies = true;
                    return self.start(io, id, NetOp::Send { op, data, start });
                }
                _ => Err(error),
            },
        };
        io.net_done(op, sent);
    }
}
