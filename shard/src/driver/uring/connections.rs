//! How connections come to be: listening, accepting, connecting.

use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use greenroom_core::runtime::{ListenOptions, NetDone, OpId, SocketId, UnixAddress};
use rustix::io::Errno;
use rustix::net::SocketAddrAny;

use super::operation::{NetOp, Op};
use super::sockets::{ACCEPTED_MAX, FLAGS, Sockets, interrupted, invalid, is_passing};
use super::stream::{Armed, Listener, Peer, Role, Socket, Stream};
use super::table::Io;
use crate::driver::{tcp, unix};

impl Sockets {
    pub(super) fn listen(&mut self, options: &ListenOptions) -> io::Result<NetDone> {
        let fd = tcp::listen(options, FLAGS)?;
        let local = tcp::local_address(&fd)?;
        let listener = self.add(fd, Role::Listener(Listener::default()));
        Ok(NetDone::Listening { listener, local })
    }

    pub(super) fn listen_unix(&mut self, name: &UnixAddress, backlog: u32) -> io::Result<NetDone> {
        let fd = unix::listen(name, backlog, FLAGS)?;
        let listener = Listener { unix: true, ..Listener::default() };
        Ok(NetDone::ListeningUnix { listener: self.add(fd, Role::Listener(listener)) })
    }

    /// A Unix socket's connect never waits, so there is nothing for the ring to do.
    pub(super) fn connect_unix(&mut self, name: &UnixAddress) -> io::Result<NetDone> {
        let fd = unix::connect(name, FLAGS)?;
        Ok(NetDone::ConnectedUnix { stream: self.add(fd, Role::Stream(Stream::default())) })
    }

    pub(super) fn connect(&mut self, io: &mut Io, op: OpId, fd: OwnedFd, address: SocketAddrAny) {
        let fd = Rc::new(fd);
        let id = self.sockets.next();
        let connect = Op::Net(id, NetOp::Connect(Box::new(address)));
        let key = io.ops.start(Some(fd.clone()), connect);
        let mut socket = Socket::new(fd, Role::Connecting(op, key));
        socket.under_way = 1;
        self.sockets.insert(id, socket);
        self.wait(op, id);
    }

    pub(super) fn connected(&mut self, io: &mut Io, id: SocketId, result: io::Result<usize>) {
        let Some(socket) = self.sockets.get_mut(id) else { return };
        let &mut Role::Connecting(op, _) = &mut socket.role else { return };
        let connected = result.and_then(|_| {
            tcp::hurry(&*socket.fd);
            Ok(NetDone::Connected { stream: id, local: tcp::local_address(&*socket.fd)? })
        });
        let connected = connected.map_err(|error| match Errno::from_io_error(&error) {
            Some(Errno::CANCELED | Errno::INTR) => interrupted("cancelled"),
            _ => error,
        });
        socket.role = Role::Stream(Stream::default());
        if connected.is_err() {
            drop(self.sockets.remove(id));
        }
        io.net_done(op, connected);
    }

    pub(super) fn accept(&mut self, io: &mut Io, op: OpId, id: SocketId) {
        match self.open(id).map(|socket| &mut socket.role) {
            Some(Role::Listener(listener)) => listener.accepts.push_back(op),
            Some(_) => return io.net_done(op, Err(invalid("not a listening socket"))),
            None => return io.net_done(op, Err(invalid("no such socket"))),
        }
        self.wait(op, id);
        self.serve_accepts(io, id);
    }

    /// Gives connections to those who wait for one, and sees to it that more come, or stop coming.
    fn serve_accepts(&mut self, io: &mut Io, id: SocketId) {
        while let Some(Role::Listener(listener)) = self.open(id).map(|socket| &mut socket.role) {
            if listener.accepts.is_empty() {
                if let Armed::Yes(key) = listener.armed
                    && listener.ready.len() > ACCEPTED_MAX
                {
                    listener.armed = Armed::Ending;
                    io.ops.cancel(key);
                }
                return;
            }
            let Some((fd, peer)) = listener.ready.pop_front() else {
                if matches!(listener.armed, Armed::No) {
                    self.start(io, id, NetOp::Accept);
                }
                return;
            };
            let Some(op) = listener.accepts.pop_front() else { return };
            let stream = self.add(fd, Role::Stream(Stream::default()));
            io.net_done(
                op,
                Ok(match peer {
                    Peer::Address(peer) => NetDone::Accepted { stream, peer },
                    Peer::Unix(peer) => NetDone::AcceptedUnix { stream, peer },
                }),
            );
        }
    }

    pub(super) fn accepted(
        &mut self,
        io: &mut Io,
        id: SocketId,
        more: bool,
        result: io::Result<Option<OwnedFd>>,
    ) {
        let Some(socket) = self.sockets.get_mut(id) else { return };
        let (closing, Role::Listener(listener)) = (socket.closing.is_some(), &mut socket.role)
        else {
            return;
        };
        if !more {
            listener.armed = Armed::No;
        }
        if closing {
            return;
        }
        match result {
            // One whose peer has gone already has no address, and is nobody's.
            Ok(Some(fd)) if listener.unix => {
                let peer = Peer::Unix(unix::peer_name(&fd));
                listener.ready.push_back((fd, peer));
            }
            Ok(fd) => listener.ready.extend(fd.and_then(|fd| {
                tcp::hurry(&fd);
                tcp::peer_address(&fd).ok().map(|peer| (fd, Peer::Address(peer)))
            })),
            Err(error) if is_passing(&error) => {}
            Err(error) => {
                if let Some(op) = listener.accepts.pop_front() {
                    io.net_done(op, Err(error));
                }
            }
        }
        self.serve_accepts(io, id);
    }
}
