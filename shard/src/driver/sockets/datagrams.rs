//! Datagram sockets, and what their operations come to.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use greenroom_core::Shard;
use greenroom_core::limits::BUFFER_BYTES;
use greenroom_core::runtime::{BindOptions, Buffer, NetDone, OpId, SocketId};

use super::calls::{self, Tried};
use super::socket::{Role, Socket};
use super::table::{Table, invalid};
use crate::driver::{datagram, tcp};

/// A datagram socket. Its readiness is remembered as a stream's is; that there is nothing to
/// receive only a call that finds nothing can tell.
#[derive(Debug)]
pub(super) struct Datagrams {
    pub(super) readable: bool,
    pub(super) writable: bool,
    datagram_max: usize,
    pub(super) receive: Option<OpId>,
    /// Sends that wait for room, oldest first.
    pub(super) sends: VecDeque<SendTo>,
}

/// A send that waits for room.
#[derive(Debug)]
pub(super) struct SendTo {
    pub(super) op: OpId,
    pub(super) data: Vec<u8>,
    pub(super) to: Option<SocketAddr>,
}

impl Table {
    fn datagrams(&mut self, id: SocketId) -> io::Result<(&OwnedFd, &mut Datagrams)> {
        match self.sockets.get_mut(id) {
            Some(Socket { fd, role: Role::Datagrams(datagrams) }) => Ok((fd, datagrams)),
            Some(_) => Err(invalid("not a datagram socket")),
            None => Err(invalid("no such socket")),
        }
    }

    pub(super) fn bind(&mut self, options: &BindOptions) -> io::Result<NetDone> {
        let fd = datagram::bind(options, calls::FLAGS)?;
        let local = tcp::local_address(&fd)?;
        let datagrams = Datagrams {
            readable: true,
            writable: true,
            datagram_max: options.datagram_max,
            receive: None,
            sends: VecDeque::new(),
        };
        Ok(NetDone::Bound { socket: self.add(fd, Role::Datagrams(datagrams))?, local })
    }

    pub(super) fn set_peer(&mut self, id: SocketId, peer: &SocketAddr) -> io::Result<NetDone> {
        datagram::set_peer(self.datagrams(id)?.0, peer)?;
        Ok(NetDone::Ended)
    }

    /// Tries again what an edge says may go on.
    pub(super) fn datagrams_ready(&mut self, shard: &Shard, id: SocketId) {
        let Ok((_, datagrams)) = self.datagrams(id) else { return };
        let (receive, sends) = (datagrams.receive.take(), std::mem::take(&mut datagrams.sends));
        self.waiting -= usize::from(receive.is_some()) + sends.len();
        if let Some(op) = receive {
            self.receive_from(shard, id, op);
        }
        for send in sends {
            self.send_to(id, send);
        }
    }

    pub(super) fn receive_from(&mut self, shard: &Shard, id: SocketId, op: OpId) {
        let (fd, datagrams) = match self.datagrams(id) {
            Ok((_, datagrams)) if datagrams.receive.is_some() => {
                return self.finish(op, Err(invalid("a receive is under way already")));
            }
            Ok(found) => found,
            Err(error) => return self.finish(op, Err(error)),
        };
        if datagrams.readable {
            let max = datagrams.datagram_max;
            let mut bytes = match max {
                0..=BUFFER_BYTES => shard.take_buffer(),
                _ => Vec::with_capacity(max),
            };
            match calls::receive_from(fd, &mut bytes) {
                Tried::Done(received) => {
                    bytes.truncate(max);
                    let data = Buffer::new(bytes);
                    let received = received.map(|(len, from)| (data, from, len));
                    let received =
                        received.map(|(data, from, len)| NetDone::ReceivedFrom { data, from, len });
                    return self.finish(op, received);
                }
                Tried::Later => {
                    datagrams.readable = false;
                    // Back into the pool.
                    drop(Buffer::new(bytes));
                }
            }
        }
        datagrams.receive = Some(op);
        self.wait(op, id);
    }

    pub(super) fn send_to(&mut self, id: SocketId, send: SendTo) {
        let op = send.op;
        let (fd, datagrams) = match self.datagrams(id) {
            Ok(found) => found,
            Err(error) => return self.finish(op, Err(error)),
        };
        if datagrams.writable {
            match calls::send_to(fd, &send.data, send.to.as_ref()) {
                Tried::Done(sent) => {
                    let sent = sent.map(|written| NetDone::Sent { data: send.data, written });
                    return self.finish(op, sent.map_err(datagram::told));
                }
                Tried::Later => datagrams.writable = false,
            }
        }
        datagrams.sends.push_back(send);
        self.wait(op, id);
    }
}
