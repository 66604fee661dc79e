//! What is sent on streams.

use std::io;

use greenroom_core::runtime::{NetDone, OpId, SocketId};
use rustix::io::Errno;

use super::ops::NetOp;
use super::sockets::{Sockets, interrupted, invalid};
use super::stream::{Role, Socket};
use super::table::Io;

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
                self.start(io, id, NetOp::Send { op, data, start });
                return self.wait(op, id);
            }
            Err(error) => error,
        };
        io.net_done(op, Err(error));
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
