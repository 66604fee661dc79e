//! Datagram sockets, and what their operations come to.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

use greenroom_core::limits::DATAGRAM_BYTES;
use greenroom_core::runtime::{BindOptions, NetDone, OpId, SocketId};
use rustix::io::Errno;
use rustix::net::SendFlags;

use super::datagram::{Incoming, Outgoing, from_ring};
use super::operation::NetOp;
use super::ops::Key;
use super::sockets::{FLAGS, Sockets, interrupted, invalid, is_passing};
use super::stream::{Armed, Role, Socket};
use super::table::Io;
use crate::driver::{datagram, tcp};

/// Most datagrams that wait in the driver for somebody to receive them. What a visit to the kernel
/// brings at once comes on top; the rest waits in the socket's own buffer, which drops what does not
/// fit.
pub(super) const DATAGRAMS_MAX: usize = 16;

/// A datagram socket.
pub(super) struct Datagrams {
    datagram_max: usize,
    pub(super) receive: Option<OpId>,
    /// What nobody has asked for yet.
    pub(super) unread: VecDeque<io::Result<NetDone>>,
    pub(super) armed: Armed,
    pub(super) sends: Vec<(OpId, Key)>,
}

impl Sockets {
    pub(super) fn bind(&mut self, options: &BindOptions) -> io::Result<NetDone> {
        let fd = datagram::bind(options, FLAGS)?;
        let local = tcp::local_address(&fd)?;
        let datagrams = Datagrams {
            datagram_max: options.datagram_max,
            receive: None,
            unread: VecDeque::new(),
            armed: Armed::No,
            sends: Vec::new(),
        };
        Ok(NetDone::Bound { socket: self.add(fd, Role::Datagrams(datagrams)), local })
    }

    pub(super) fn set_peer(&mut self, id: SocketId, peer: &SocketAddr) -> io::Result<NetDone> {
        self.datagrams(id)?;
        let socket = self.open(id).ok_or_else(|| invalid("no such socket"))?;
        datagram::set_peer(&*socket.fd, peer)?;
        Ok(NetDone::Ended)
    }

    fn datagrams(&mut self, id: SocketId) -> io::Result<&mut Datagrams> {
        match self.open(id).map(|socket| &mut socket.role) {
            Some(Role::Datagrams(datagrams)) => Ok(datagrams),
            Some(_) => Err(invalid("not a datagram socket")),
            None => Err(invalid("no such socket")),
        }
    }

    pub(super) fn receive_from(&mut self, io: &mut Io, op: OpId, id: SocketId) {
        match self.datagrams(id) {
            Ok(datagrams) if datagrams.receive.is_some() => {
                io.net_done(op, Err(invalid("a receive is under way already")));
            }
            Ok(datagrams) => {
                datagrams.receive = Some(op);
                self.wait(op, id);
                self.serve_receive_from(io, id);
            }
            Err(error) => io.net_done(op, Err(error)),
        }
    }

    /// Gives a datagram to who waits for one, and sees to it that more come, or stop coming.
    fn serve_receive_from(&mut self, io: &mut Io, id: SocketId) {
        let Ok(datagrams) = self.datagrams(id) else { return };
        if let Some(op) = datagrams.receive {
            if let Some(told) = datagrams.unread.pop_front() {
                datagrams.receive = None;
                return io.net_done(op, told);
            }
            if matches!(datagrams.armed, Armed::No) {
                let max = datagrams.datagram_max;
                let receive = if io.ops.receives_many() && max <= DATAGRAM_BYTES {
                    NetOp::ReceiveMessages
                } else {
                    NetOp::ReceiveMessage(Incoming::new(max))
                };
                self.start(io, id, receive);
            }
        } else if datagrams.unread.len() > DATAGRAMS_MAX {
            datagrams.armed.end(io);
        }
    }

    /// A datagram came into the buffer ring, or none will any more.
    pub(super) fn received_message(
        &mut self,
        io: &mut Io,
        id: SocketId,
        more: bool,
        result: io::Result<Option<Vec<u8>>>,
    ) {
        let max = match self.datagrams(id) {
            Ok(datagrams) => datagrams.datagram_max,
            Err(_) => 0,
        };
        let told = match result {
            Ok(Some(bytes)) => Some(from_ring(bytes, max)),
            Ok(None) => None,
            Err(error) => {
                if Errno::from_io_error(&error) == Some(Errno::NOBUFS) {
                    io.ops.grow_buffers();
                }
                (!is_passing(&error)).then_some(Err(error))
            }
        };
        self.received_from(io, id, more, told);
    }

    /// A receive into a buffer of its own has ended.
    pub(super) fn received_alone(
        &mut self,
        io: &mut Io,
        id: SocketId,
        incoming: Incoming,
        result: io::Result<usize>,
    ) {
        let told = match result {
            Ok(len) => Some(incoming.received(len)),
            Err(error) => (!is_passing(&error)).then_some(Err(error)),
        };
        self.received_from(io, id, false, told);
    }

    fn received_from(
        &mut self,
        io: &mut Io,
        id: SocketId,
        more: bool,
        told: Option<io::Result<NetDone>>,
    ) {
        let Some(Socket { role: Role::Datagrams(datagrams), closing, .. }) =
            self.sockets.get_mut(id)
        else {
            return;
        };
        if !more {
            datagrams.armed = Armed::No;
        }
        if closing.is_none() {
            datagrams.unread.extend(told);
            self.serve_receive_from(io, id);
        }
    }

    /// Sends a datagram at once, unless the socket is full or earlier ones wait for it.
    pub(super) fn send_to(
        &mut self,
        io: &mut Io,
        op: OpId,
        id: SocketId,
        data: Vec<u8>,
        to: Option<SocketAddr>,
    ) {
        let waits = match self.datagrams(id) {
            Ok(datagrams) => !datagrams.sends.is_empty(),
            Err(error) => return io.net_done(op, Err(error)),
        };
        if !waits
            && io.at_once
            && let Some(sent) = self.send_to_at_once(id, &data, to.as_ref())
        {
            return io.net_done(op, sent.map(|written| NetDone::Sent { data, written }));
        }
        self.start(io, id, NetOp::SendMessage(Outgoing::new(op, data, to)));
        self.wait(op, id);
    }

    /// What became of a datagram; `None` where the kernel has no room for it yet.
    fn send_to_at_once(
        &mut self,
        id: SocketId,
        data: &[u8],
        to: Option<&SocketAddr>,
    ) -> Option<io::Result<usize>> {
        let fd = &*self.open(id)?.fd;
        let sent = match to {
            Some(to) => rustix::net::sendto(fd, data, SendFlags::DONTWAIT, to),
            None => rustix::net::send(fd, data, SendFlags::DONTWAIT),
        };
        match sent {
            Err(Errno::AGAIN | Errno::INTR) => None,
            sent => Some(sent.map_err(|error| datagram::told(error.into()))),
        }
    }

    pub(super) fn sent_to(
        &mut self,
        io: &mut Io,
        id: SocketId,
        outgoing: Box<Outgoing>,
        result: io::Result<usize>,
    ) {
        let op = outgoing.op;
        let Some(Socket { role: Role::Datagrams(datagrams), closing, .. }) =
            self.sockets.get_mut(id)
        else {
            return;
        };
        datagrams.sends.retain(|(send, _)| *send != op);
        let sent = match result {
            Ok(written) => Ok(NetDone::Sent { data: outgoing.data, written }),
            Err(_) if closing.is_some() => Err(interrupted("its socket was closed")),
            Err(error) => match Errno::from_io_error(&error) {
                Some(Errno::CANCELED) => Err(interrupted("cancelled")),
                Some(Errno::INTR | Errno::AGAIN) => {
                    return self.start(io, id, NetOp::SendMessage(outgoing));
                }
                _ => Err(datagram::told(error)),
            },
        };
        io.net_done(op, sent);
    }
}
