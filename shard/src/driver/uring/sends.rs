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

use std::io;

use greenroom_core::runtime::{NetDone, OpId, SocketId};
use rustix::io::Errno;
use rustix::net::SendFlags;

use super::ops::NetOp;
use super::sockets::{Sockets, interrupted, invalid};
use super::stream::{Role, Socket};
use super::table::Io;

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
        let sent = match result {
            _ if closing.is_some() => Err(interrupted("its socket was closed")),
            Ok(written) => Ok(NetDone::Sent { data, written }),
            Err(error) => match Errno::from_io_error(&error) {
                Some(Errno::CANCELED) => Err(interrupted("cancelled")),
                Some(Errno::INTR | Errno::AGAIN) => {
                    return self.start(io, id, NetOp::Send { op, data, start });
                }
                _ => Err(error),
            },
        };
        io.net_done(op, sent);
    }
}
