//! The sockets of a shard, and what their operations come to.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use greenroom_core::Shard;
use greenroom_core::runtime::{
    Buffer, IoDone, IoResult, ListenOptions, NetDone, NetRequest, OpId, ShutdownSide, SocketId,
    UnixAddress,
};
use rustix::io::Errno;

use super::calls::{self, Tried};
use super::datagrams::SendTo;
use super::poller::{Edge, Poller};
use super::socket::{Listener, Receive, Role, Send, Socket, Stream};
use crate::driver::slots::Slots;
use crate::driver::{tcp, unix};

/// What is asked of the table, in the order in which it was.
#[derive(Debug)]
pub(super) enum Command {
    Submit(OpId, NetRequest),
    Cancel(OpId),
}

/// The sockets, the operations that wait for them, and those that are done.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) poller: Poller,
    pub(super) sockets: Slots<Socket>,
    /// Where an operation waits, by the operation's slot. An entry may be out of date; the socket
    /// knows.
    places: Vec<SocketId>,
    /// Operations that wait for an edge.
    pub(super) waiting: usize,
    /// Completions that the shard has not been told of.
    pub(super) done: Vec<(OpId, IoResult)>,
}

pub(super) fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

fn interrupted(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, what)
}

impl Table {
    pub(super) fn new(poller: Poller) -> Self {
        let (places, done) = (Vec::new(), Vec::new());
        Self { poller, sockets: Slots::default(), places, waiting: 0, done }
    }

    /// Whether an edge could complete anything.
    pub(super) const fn is_waiting(&self) -> bool {
        self.waiting > 0
    }

    pub(super) fn run(&mut self, shard: &Shard, command: Command) {
        match command {
            Command::Cancel(op) => self.cancel(op),
            Command::Submit(op, request) => match request {
                NetRequest::Listen(options) => {
                    let listening = self.listen(&options);
                    self.finish(op, listening);
                }
                NetRequest::Connect { address } => match calls::connect(&address) {
                    Ok((fd, connecting)) => self.connect(op, fd, connecting),
                    Err(error) => self.finish(op, Err(error)),
                },
                NetRequest::Accept { listener } => self.accept(op, listener),
                NetRequest::Receive { stream, max } => {
                    self.receive(shard, stream, Receive { op, max });
                }
                NetRequest::Send { stream, data, start } => {
                    self.send(stream, Send { op, data, start });
                }
                NetRequest::ListenUnix { address, backlog } => {
                    let listening = self.listen_unix(&address, backlog);
                    self.finish(op, listening);
                }
                NetRequest::ConnectUnix { address } => {
                    let connected = self.connect_unix(&address);
                    self.finish(op, connected);
                }
                NetRequest::Bind(options) => {
                    let bound = self.bind(&options);
                    self.finish(op, bound);
                }
                NetRequest::SetPeer { socket, peer } => {
                    let set = self.set_peer(socket, &peer);
                    self.finish(op, set);
                }
                NetRequest::ReceiveFrom { socket } => self.receive_from(shard, socket, op),
                NetRequest::SendTo { socket, data, to } => {
                    self.send_to(socket, SendTo { op, data, to });
                }
                NetRequest::Shutdown { stream, side } => {
                    let ended = self.shutdown(stream, side);
                    self.finish(op, ended);
                }
                NetRequest::Close { socket } => self.close(op, socket),
            },
        }
    }

    /// Tries again what the edge says may go on.
    pub(super) fn edge(&mut self, shard: &Shard, edge: Edge) {
        let id = SocketId(edge.key);
        let Some(socket) = self.sockets.get_mut(id) else { return };
        match &mut socket.role {
            Role::Listener(listener) => {
                listener.ready |= edge.read;
                self.accept_waiting(id);
            }
            Role::Connecting(op) => {
                if edge.write {
                    let op = *op;
                    self.connect_decided(op, id);
                }
            }
            Role::Datagrams(datagrams) => {
                datagrams.readable |= edge.read;
                datagrams.writable |= edge.write;
                self.datagrams_ready(shard, id);
            }
            Role::Stream(stream) => {
                stream.readable |= edge.read;
                stream.writable |= edge.write;
                stream.ended |= edge.ended;
                if let Some(receive) = stream.receive.take() {
                    self.waiting -= 1;
                    self.receive(shard, id, receive);
                }
                let send = self.stream(id).ok().and_then(|(_, stream)| stream.send.take());
                if let Some(send) = send {
                    self.waiting -= 1;
                    self.send(id, send);
                }
            }
        }
    }

    pub(super) fn finish(&mut self, op: OpId, result: io::Result<NetDone>) {
        self.done.push((op, result.map(IoDone::Net)));
    }

    /// Notes where an operation waits.
    pub(super) fn wait(&mut self, op: OpId, at: SocketId) {
        let slot = op.as_word() as u32 as usize;
        if self.places.len() <= slot {
            self.places.resize(slot + 1, SocketId(u64::MAX));
        }
        self.places[slot] = at;
        self.waiting += 1;
    }

    fn stream(&mut self, id: SocketId) -> io::Result<(&OwnedFd, &mut Stream)> {
        match self.sockets.get_mut(id) {
            Some(Socket { fd, role: Role::Stream(stream) }) => Ok((fd, stream)),
            Some(_) => Err(invalid("not a connected socket")),
            None => Err(invalid("no such socket")),
        }
    }

    /// Enters a descriptor and has it watched.
    pub(super) fn add(&mut self, fd: OwnedFd, role: Role) -> io::Result<SocketId> {
        let id = self.sockets.next();
        self.poller.add(&fd, id.0)?;
        self.sockets.insert(id, Socket { fd, role });
        Ok(id)
    }

    fn listen(&mut self, options: &ListenOptions) -> io::Result<NetDone> {
        let fd = tcp::listen(options, calls::FLAGS)?;
        let local = tcp::local_address(&fd)?;
        let listener = Listener { ready: true, ..Listener::default() };
        Ok(NetDone::Listening { listener: self.add(fd, Role::Listener(listener))?, local })
    }

    fn listen_unix(&mut self, name: &UnixAddress, backlog: u32) -> io::Result<NetDone> {
        let fd = unix::listen(name, backlog, calls::FLAGS)?;
        let listener = Listener { ready: true, unix: true, ..Listener::default() };
        Ok(NetDone::ListeningUnix { listener: self.add(fd, Role::Listener(listener))? })
    }

    fn connect_unix(&mut self, name: &UnixAddress) -> io::Result<NetDone> {
        let fd = unix::connect(name, calls::FLAGS)?;
        Ok(NetDone::ConnectedUnix { stream: self.add(fd, Role::Stream(Stream::new()))? })
    }

    fn accept(&mut self, op: OpId, id: SocketId) {
        match self.sockets.get_mut(id).map(|socket| &mut socket.role) {
            Some(Role::Listener(listener)) => listener.accepts.push_back(op),
            Some(_) => return self.finish(op, Err(invalid("not a listening socket"))),
            None => return self.finish(op, Err(invalid("no such socket"))),
        }
        self.wait(op, id);
        self.accept_waiting(id);
    }

    /// Takes connections for as long as there are some, and somebody who waits for one.
    fn accept_waiting(&mut self, id: SocketId) {
        while let Some(Socket { fd, role: Role::Listener(listener) }) = self.sockets.get_mut(id) {
            if !listener.ready || listener.accepts.is_empty() {
                return;
            }
            let Tried::Done(accepted) = calls::accept(fd) else {
                listener.ready = false;
                return;
            };
            let (Some(op), unix) = (listener.accepts.pop_front(), listener.unix) else { return };
            self.waiting -= 1;
            let accepted = accepted.and_then(|(fd, peer)| {
                if unix {
                    let (stream, peer) =
                        (self.add(fd, Role::Stream(Stream::new()))?, unix::name(peer));
                    return Ok(NetDone::AcceptedUnix { stream, peer });
                }
                let peer = SocketAddr::try_from(peer.ok_or(Errno::AFNOSUPPORT)?)?;
                tcp::hurry(&fd);
                Ok(NetDone::Accepted { stream: self.add(fd, Role::Stream(Stream::new()))?, peer })
            });
            self.finish(op, accepted);
        }
    }

    fn connect(&mut self, op: OpId, fd: OwnedFd, connecting: Tried<()>) {
        let added = match connecting {
            Tried::Done(Err(error)) => Err(error),
            // Decided at once or later: the poller tells of either.
            Tried::Done(Ok(())) | Tried::Later => self.add(fd, Role::Connecting(op)),
        };
        match added {
            Ok(id) => self.wait(op, id),
            Err(error) => self.finish(op, Err(error)),
        }
    }

    fn connect_decided(&mut self, op: OpId, id: SocketId) {
        self.waiting -= 1;
        let Some(socket) = self.sockets.get_mut(id) else { return };
        let connected = calls::connected(&socket.fd).and_then(|()| {
            tcp::hurry(&socket.fd);
            let local = tcp::local_address(&socket.fd)?;
            socket.role = Role::Stream(Stream::new());
            Ok(NetDone::Connected { stream: id, local })
        });
        if connected.is_err() {
            drop(self.sockets.remove(id));
        }
        self.finish(op, connected);
    }

    fn receive(&mut self, shard: &Shard, id: SocketId, receive: Receive) {
        let op = receive.op;
        let (fd, stream) = match self.stream(id) {
            Ok((_, stream)) if stream.receive.is_some() => {
                return self.finish(op, Err(invalid("a receive is under way already")));
            }
            Ok(found) => found,
            Err(error) => return self.finish(op, Err(error)),
        };
        if receive.max == 0 {
            return self.finish(op, Err(invalid("a receive of no bytes")));
        }
        if stream.readable {
            let mut bytes = shard.take_buffer();
            match calls::receive(fd, &mut bytes, receive.max) {
                Tried::Done(received) => {
                    // Fewer bytes than there was room for: the next call would block, unless it
                    // has the end to tell.
                    let room = receive.max.min(bytes.capacity());
                    stream.readable = stream.ended || received.as_ref().is_ok_and(|n| *n == room);
                    let buffer = Buffer::new(bytes);
                    return self.finish(op, received.map(|_| NetDone::Received(buffer)));
                }
                Tried::Later => {
                    stream.readable = false;
                    // Back into the pool.
                    drop(Buffer::new(bytes));
                }
            }
        }
        stream.receive = Some(receive);
        self.wait(op, id);
    }

    fn send(&mut self, id: SocketId, send: Send) {
        let op = send.op;
        let (fd, stream) = match self.stream(id) {
            Ok((_, stream)) if stream.send.is_some() => {
                return self.finish(op, Err(invalid("a send is under way already")));
            }
            Ok(found) => found,
            Err(error) => return self.finish(op, Err(error)),
        };
        let Some(rest) = send.data.get(send.start..) else {
            return self.finish(op, Err(invalid("a send from beyond its data")));
        };
        if rest.is_empty() {
            return self.finish(op, Ok(NetDone::Sent { data: send.data, written: 0 }));
        }
        if stream.writable {
            match calls::send(fd, rest) {
                Tried::Done(sent) => {
                    let sent = sent.map(|written| NetDone::Sent { data: send.data, written });
                    return self.finish(op, sent);
                }
                Tried::Later => stream.writable = false,
            }
        }
        stream.send = Some(send);
        self.wait(op, id);
    }

    fn shutdown(&mut self, id: SocketId, side: ShutdownSide) -> io::Result<NetDone> {
        calls::shutdown(self.stream(id)?.0, side)?;
        Ok(NetDone::Ended)
    }

    fn close(&mut self, op: OpId, id: SocketId) {
        let Some(mut socket) = self.sockets.remove(id) else {
            return self.finish(op, Err(invalid("no such socket")));
        };
        for waiting in socket.role.take_operations() {
            self.waiting -= 1;
            self.finish(waiting, Err(interrupted("its socket was closed")));
        }
        drop(socket);
        self.finish(op, Ok(NetDone::Ended));
    }

    fn cancel(&mut self, op: OpId) {
        let slot = op.as_word() as u32 as usize;
        let Some(&id) = self.places.get(slot) else { return };
        let Some(socket) = self.sockets.get_mut(id) else { return };
        // An operation that is done, or another one of its slot, is not found.
        if !socket.role.take_operation(op) {
            return;
        }
        if matches!(socket.role, Role::Connecting(_)) {
            drop(self.sockets.remove(id));
        }
        self.waiting -= 1;
        self.finish(op, Err(interrupted("cancelled")));
    }
}
