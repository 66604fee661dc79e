//! The sockets of a shard, and what their operations come to.

use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use greenroom_core::runtime::{Buffer, IoDone, NetDone, NetRequest, OpId, SocketId};
use rustix::io::Errno;
use rustix::net::{SocketAddrAny, SocketFlags};

use super::operation::{NetOp, Op};
use super::ops::Completed;
use super::stream::{Armed, End, Receive, Role, Socket, Stream, Unread};
use super::table::{Io, NOBODY};
use crate::driver::slots::Slots;
use crate::driver::tcp;

/// Most connections that wait in the driver for somebody to accept them. The rest waits in the
/// kernel, which is as good a place and has a bound of its own.
pub(super) const ACCEPTED_MAX: usize = 16;

/// Most buffers of bytes that wait in the driver for somebody to receive them. What a visit to the
/// kernel brings at once comes on top: at most 32 buffers.
pub(super) const UNREAD_MAX: usize = 4;

/// A call waits: the ring does that part.
pub(super) const FLAGS: SocketFlags = SocketFlags::CLOEXEC;

/// The sockets of a shard.
#[derive(Default)]
pub(super) struct Sockets {
    pub(super) sockets: Slots<Socket>,
    /// Where an operation waits, by the operation's slot. An entry may be out of date; the socket
    /// knows.
    places: Vec<SocketId>,
    /// Streams that are to receive into a buffer of their own, which the shard has to give.
    hungry: Vec<SocketId>,
}

pub(super) fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

pub(super) fn interrupted(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, what)
}

/// Whether the kernel only wants to be asked again.
pub(super) fn is_passing(error: &io::Error) -> bool {
    let number = Errno::from_io_error(error);
    matches!(
        number,
        Some(Errno::INTR | Errno::AGAIN | Errno::CANCELED | Errno::NOBUFS | Errno::CONNABORTED)
    )
}

impl Io {
    pub(super) fn net_done(&mut self, op: OpId, result: io::Result<NetDone>) {
        self.done.push((op, result.map(IoDone::Net)));
    }
}

impl Sockets {
    pub(super) fn submit(&mut self, io: &mut Io, op: OpId, request: NetRequest) {
        match request {
            NetRequest::Listen(options) => {
                let listening = self.listen(&options);
                io.net_done(op, listening);
            }
            NetRequest::Connect { address } => match tcp::new_socket(&address, FLAGS) {
                Ok(fd) => self.connect(io, op, fd, SocketAddrAny::from(address)),
                Err(error) => io.net_done(op, Err(error)),
            },
            NetRequest::Accept { listener } => self.accept(io, op, listener),
            NetRequest::Receive { stream, max } => {
                self.receive(io, stream, Receive { op, max });
            }
            NetRequest::Send { stream, data, start } => self.send(io, op, stream, data, start),
            NetRequest::ListenUnix { address, backlog } => {
                let listening = self.listen_unix(&address, backlog);
                io.net_done(op, listening);
            }
            NetRequest::ConnectUnix { address } => io.net_done(op, self.connect_unix(&address)),
            NetRequest::Bind(options) => io.net_done(op, self.bind(&options)),
            NetRequest::SetPeer { socket, peer } => io.net_done(op, self.set_peer(socket, &peer)),
            NetRequest::ReceiveFrom { socket } => self.receive_from(io, op, socket),
            NetRequest::SendTo { socket, data, to } => {
                self.send_to(io, op, socket, data, to);
            }
            NetRequest::Shutdown { stream, side } => self.shut_down(io, op, stream, side),
            NetRequest::Close { socket } => self.close(io, op, socket),
        }
    }

    /// An operation of a socket has completed, or a part of it.
    pub(super) fn completed(&mut self, io: &mut Io, id: SocketId, completed: Completed) {
        let Completed { op: Op::Net(_, op), more, result, fd, bytes } = completed else { return };
        // A send that has lent its memory is counted no more when it gets that back, and its socket
        // may be gone.
        let (gets_back, lends) = match &op {
            NetOp::SendZc { told, .. } => (told.is_some(), more),
            _ => (false, false),
        };
        let Some(socket) = self.sockets.get_mut(id) else {
            debug_assert!(gets_back, "a socket stays until its operations are done");
            return;
        };
        socket.under_way -= u32::from((!more || lends) && !gets_back);
        let closing = socket.closing.is_some();
        match op {
            NetOp::Accept => self.accepted(io, id, more, result.map(|_| fd)),
            NetOp::Connect(_) => self.connected(io, id, result),
            NetOp::Receive => self.received(io, id, more, result.map(|_| bytes)),
            NetOp::ReceiveInto(bytes) => {
                self.received(io, id, false, result.map(|_| Some(bytes)));
            }
            NetOp::SendZc { op, .. } if lends => self.lent(io, id, op),
            // Told of already, by the close of its socket.
            NetOp::SendZc { op, .. } if gets_back && !self.waits_for_memory(id, op) => {}
            NetOp::Send { op, data, start } | NetOp::SendZc { op, data, start, .. } => {
                self.sent(io, (id, op), (data, start), result);
            }
            NetOp::ReceiveMessages => {
                self.received_message(io, id, more, result.map(|_| bytes));
            }
            NetOp::ReceiveMessage(incoming) => self.received_alone(io, id, *incoming, result),
            NetOp::SendMessage(outgoing) => self.sent_to(io, id, outgoing, result),
            NetOp::Shutdown(op, _) => io.net_done(op, result.map(|_| NetDone::Ended)),
        }
        if closing {
            self.finish_close(io, id);
        }
    }

    /// Whether there are receives for [`Sockets::feed`].
    #[inline]
    pub(super) fn is_hungry(&self) -> bool {
        !self.hungry.is_empty()
    }

    /// Starts the receives that need a buffer of their own, each made by `make`.
    pub(super) fn feed(&mut self, io: &mut Io, mut make: impl FnMut() -> Vec<u8>) {
        while let Some(id) = self.hungry.pop() {
            let Ok(stream) = self.stream(id) else { continue };
            if matches!(stream.armed, Armed::No) {
                self.start(io, id, NetOp::ReceiveInto(make()));
            }
        }
    }

    /// Gives the kernel an operation of a socket.
    pub(super) fn start(&mut self, io: &mut Io, id: SocketId, op: NetOp) {
        let Some(socket) = self.sockets.get_mut(id) else { return };
        socket.under_way += 1;
        let sends = match &op {
            NetOp::Send { op, .. } | NetOp::SendZc { op, .. } => Some(*op),
            NetOp::SendMessage(outgoing) => Some(outgoing.op),
            _ => None,
        };
        let arms = matches!(
            op,
            NetOp::Accept
                | NetOp::Receive
                | NetOp::ReceiveInto(_)
                | NetOp::ReceiveMessages
                | NetOp::ReceiveMessage(_)
        );
        let key = io.ops.start(Some(socket.fd.clone()), Op::Net(id, op));
        match &mut socket.role {
            Role::Listener(listener) if arms => listener.armed = Armed::Yes(key),
            Role::Stream(stream) if arms => stream.armed = Armed::Yes(key),
            Role::Stream(stream) => stream.send = sends.map(|op| (op, key)).or(stream.send),
            Role::Datagrams(datagrams) if arms => datagrams.armed = Armed::Yes(key),
            Role::Datagrams(datagrams) => datagrams.sends.extend(sends.map(|op| (op, key))),
            Role::Listener(_) | Role::Connecting(..) => {}
        }
    }

    /// Notes where an operation waits.
    pub(super) fn wait(&mut self, op: OpId, at: SocketId) {
        let slot = op.as_word() as u32 as usize;
        if self.places.len() <= slot {
            self.places.resize(slot + 1, SocketId(u64::MAX));
        }
        self.places[slot] = at;
    }

    /// A socket that is not being closed.
    pub(super) fn open(&mut self, id: SocketId) -> Option<&mut Socket> {
        self.sockets.get_mut(id).filter(|socket| socket.closing.is_none())
    }

    pub(super) fn stream(&mut self, id: SocketId) -> io::Result<&mut Stream> {
        match self.open(id).map(|socket| &mut socket.role) {
            Some(Role::Stream(stream)) => Ok(stream),
            Some(_) => Err(invalid("not a connected socket")),
            None => Err(invalid("no such socket")),
        }
    }

    pub(super) fn add(&mut self, fd: OwnedFd, role: Role) -> SocketId {
        let id = self.sockets.next();
        self.sockets.insert(id, Socket::new(Rc::new(fd), role));
        id
    }

    fn receive(&mut self, io: &mut Io, id: SocketId, receive: Receive) {
        let error = match self.stream(id) {
            Ok(stream) if stream.receive.is_some() => invalid("a receive is under way already"),
            Ok(_) if receive.max == 0 => invalid("a receive of no bytes"),
            Ok(stream) => {
                stream.receive = Some(receive);
                self.wait(receive.op, id);
                return self.serve_receive(io, id);
            }
            Err(error) => error,
        };
        io.net_done(receive.op, Err(error));
    }

    /// Gives bytes to who waits for them, and sees to it that more come, or stop coming.
    fn serve_receive(&mut self, io: &mut Io, id: SocketId) {
        let Ok(stream) = self.stream(id) else { return };
        if let Some(Receive { op, max }) = stream.receive {
            if let Some(told) = stream.next(max) {
                stream.receive = None;
                return io.net_done(op, told);
            }
            if matches!(stream.armed, Armed::No) {
                if io.ops.receives_many() {
                    self.start(io, id, NetOp::Receive);
                } else {
                    self.hungry.push(id);
                }
            }
        } else if let Armed::Yes(key) = stream.armed
            && stream.unread.len() > UNREAD_MAX
        {
            stream.armed = Armed::Ending;
            io.ops.cancel(key);
        }
    }

    /// Brings bytes to a stream: to who waits for them, where they are all there is and no more than
    /// he wants.
    #[inline]
    pub(super) fn bring(&mut self, io: &mut Io, id: SocketId, bytes: Vec<u8>) {
        let Some(Socket { role: Role::Stream(stream), closing: None, .. }) =
            self.sockets.get_mut(id)
        else {
            return;
        };
        let all = stream.unread.is_empty();
        if let Some(waits) = stream.receive.take_if(|it| all && bytes.len() <= it.max) {
            return io.net_done(waits.op, Ok(NetDone::Received(Buffer::new(bytes))));
        }
        stream.unread.push_back(Unread::new(bytes));
        self.serve_receive(io, id);
    }

    fn received(
        &mut self,
        io: &mut Io,
        id: SocketId,
        more: bool,
        result: io::Result<Option<Vec<u8>>>,
    ) {
        let Some(Socket { role: Role::Stream(stream), closing, .. }) = self.sockets.get_mut(id)
        else {
            return;
        };
        if !more {
            stream.armed = Armed::No;
        }
        if closing.is_some() {
            return;
        }
        match result {
            Ok(Some(bytes)) if !bytes.is_empty() => return self.bring(io, id, bytes),
            Ok(_) => stream.ended = Some(End::Quiet),
            Err(error) if is_passing(&error) => {
                if Errno::from_io_error(&error) == Some(Errno::NOBUFS) {
                    io.ops.grow_buffers();
                }
            }
            Err(error) => stream.ended = Some(End::Failed(error)),
        }
        self.serve_receive(io, id);
    }

    fn close(&mut self, io: &mut Io, op: OpId, id: SocketId) {
        let Some(socket) = self.open(id) else {
            return io.net_done(op, Err(invalid("no such socket")));
        };
        socket.closing = Some(op);
        let closed = || Err(interrupted("its socket was closed"));
        match &mut socket.role {
            Role::Listener(listener) => {
                listener.ready.clear();
                listener.accepts.drain(..).for_each(|op| io.net_done(op, closed()));
                listener.armed.end(io);
            }
            Role::Connecting(_, key) => io.ops.cancel(*key),
            Role::Stream(stream) => {
                stream.unread.clear();
                stream.receive.take().into_iter().for_each(|it| io.net_done(it.op, closed()));
                stream.armed.end(io);
                if std::mem::take(&mut stream.lent) {
                    stream.send.take().into_iter().for_each(|(op, _)| io.net_done(op, closed()));
                }
                stream.send.iter().for_each(|(_, key)| io.ops.cancel(*key));
            }
            Role::Datagrams(datagrams) => {
                datagrams.unread.clear();
                datagrams.receive.take().into_iter().for_each(|op| io.net_done(op, closed()));
                datagrams.armed.end(io);
                datagrams.sends.iter().for_each(|(_, key)| io.ops.cancel(*key));
            }
        }
        self.finish_close(io, id);
    }

    /// Closes the descriptor and completes the close, once the kernel holds nothing of it.
    fn finish_close(&mut self, io: &mut Io, id: SocketId) {
        let Some(socket) = self.sockets.get_mut(id) else { return };
        let (Some(op), 0) = (socket.closing, socket.under_way) else { return };
        drop(self.sockets.remove(id));
        io.net_done(op, Ok(NetDone::Ended));
    }

    pub(super) fn cancel(&mut self, io: &mut Io, op: OpId) {
        let slot = op.as_word() as u32 as usize;
        let Some(&id) = self.places.get(slot) else { return };
        let Some(socket) = self.open(id) else { return };
        // An operation that is done, or another one of its slot, is not found.
        let taken = match &mut socket.role {
            Role::Listener(listener) => {
                let place = listener.accepts.iter().position(|accept| *accept == op);
                place.and_then(|place| listener.accepts.remove(place)).is_some()
            }
            Role::Connecting(connecting, key) => {
                if *connecting == op {
                    io.ops.cancel(*key);
                }
                false
            }
            Role::Stream(stream) => {
                if let Some((_, key)) = stream.send.filter(|(send, _)| *send == op) {
                    io.ops.cancel(key);
                }
                stream.receive.take_if(|receive| receive.op == op).is_some()
            }
            Role::Datagrams(datagrams) => {
                let send = datagrams.sends.iter().find(|(send, _)| *send == op);
                send.into_iter().for_each(|(_, key)| io.ops.cancel(*key));
                datagrams.receive.take_if(|receive| *receive == op).is_some()
            }
        };
        if taken {
            io.net_done(op, Err(interrupted("cancelled")));
        }
    }

    /// Begins to close every socket.
    pub(super) fn close_all(&mut self, io: &mut Io) {
        for id in self.sockets.ids() {
            if self.open(id).is_some() {
                self.close(io, NOBODY, id);
            }
        }
    }
}

impl Armed {
    /// Ends what the kernel holds, where it does.
    pub(super) fn end(&mut self, io: &mut Io) {
        if let Self::Yes(key) = *self {
            *self = Self::Ending;
            io.ops.cancel(key);
        }
    }
}
