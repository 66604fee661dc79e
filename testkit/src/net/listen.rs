//! Listening and accepting.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};

use greenroom_core::runtime::{ListenOptions, NetDone, SocketId, UnixAddress};

use super::operate::{Net, Outcome, interrupted, no_such_socket};
use super::socket::{Listener, Segment, Socket};
use crate::faults::Fault;

/// Whether two bound addresses would take the same connections.
pub(super) fn overlap(a: IpAddr, b: IpAddr) -> bool {
    a == b || a.is_unspecified() || b.is_unspecified()
}

impl Net<'_> {
    pub(super) fn listen(&mut self, node: u16, options: &ListenOptions) -> io::Result<NetDone> {
        let mut address = options.address;
        let own = self.world.nodes[usize::from(node)].address;
        if !(address.ip().is_unspecified() || address.ip().is_loopback() || address.ip() == own) {
            return Err(io::ErrorKind::AddrNotAvailable.into());
        }
        if address.port() == 0 {
            address.set_port(self.network.free_port(node)?);
        }
        let bound = self.network.bound.get(&(node, address.port()));
        let taken = bound.into_iter().flatten().any(|id| {
            let Some(Socket::Listener(other)) = self.network.sockets.get(id) else { return false };
            overlap(other.address.ip(), address.ip()) && !(other.reuse_port && options.reuse_port)
        });
        if taken {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let id = self.network.add(Socket::Listener(Listener {
            node,
            address,
            unix: None,
            backlog_max: options.backlog.max(1) as usize,
            reuse_port: options.reuse_port,
            backlog: VecDeque::new(),
            accepts: VecDeque::new(),
        }));
        self.network.bound.entry((node, address.port())).or_default().push(id);
        Ok(NetDone::Listening { listener: SocketId(id), local: address })
    }

    pub(super) fn accept(&mut self, number: u64, listener: SocketId) -> Outcome {
        let Some(Socket::Listener(socket)) = self.network.sockets.get_mut(&listener.0) else {
            return Outcome::Done(Err(no_such_socket()));
        };
        socket.accepts.retain(|&other| other != number);
        let (waits, node) = (!socket.backlog.is_empty(), socket.node);
        if waits && let Err(error) = self.has_descriptors(node) {
            // The connection waits for another accept.
            self.offer_again(listener);
            return Outcome::Done(Err(error));
        }
        let Some(Socket::Listener(socket)) = self.network.sockets.get_mut(&listener.0) else {
            return Outcome::Done(Err(no_such_socket()));
        };
        match socket.backlog.pop_front() {
            Some((stream, peer)) => {
                let stream = SocketId(stream);
                Outcome::Done(Ok(match socket.unix {
                    Some(_) => NetDone::AcceptedUnix { stream, peer: UnixAddress::Unnamed },
                    None => NetDone::Accepted { stream, peer },
                }))
            }
            None => {
                socket.accepts.push_back(number);
                Outcome::WAITS
            }
        }
    }

    /// Puts a new connection before a listener.
    pub(super) fn offer(&mut self, listener: u64, stream: u64, peer: SocketAddr) {
        if let Some(Socket::Listener(socket)) = self.network.sockets.get_mut(&listener) {
            socket.backlog.push_back((stream, peer));
            let accept = socket.accepts.pop_front();
            self.retry(accept, 0);
        }
    }

    /// Lets another accept look, where one that was to take a connection has not.
    pub(super) fn offer_again(&mut self, listener: SocketId) {
        if let Some(Socket::Listener(socket)) = self.network.sockets.get_mut(&listener.0)
            && !socket.backlog.is_empty()
        {
            let accept = socket.accepts.pop_front();
            self.retry(accept, 0);
        }
    }

    pub(super) fn close(&mut self, socket: SocketId) -> io::Result<NetDone> {
        match self.network.sockets.remove(&socket.0).ok_or_else(no_such_socket)? {
            Socket::Listener(listener) => {
                let port = (listener.node, listener.address.port());
                if let Some(bound) = self.network.bound.get_mut(&port) {
                    bound.retain(|&id| id != socket.0);
                    if bound.is_empty() {
                        self.network.bound.remove(&port);
                    }
                }
                if let Some(name) = listener.unix {
                    self.unlisten_unix(listener.node, name);
                }
                for accept in listener.accepts {
                    self.fail(accept, interrupted("the listener was closed"));
                }
                for (stream, _) in listener.backlog {
                    self.network.unix.forget_stream(stream);
                    if let Some(Socket::Stream(stream)) = self.network.sockets.remove(&stream) {
                        self.transmit((stream.node, stream.peer_node), stream.peer, Segment::Reset);
                    }
                }
            }
            Socket::Stream(stream) => {
                for number in [stream.receive, stream.send].into_iter().flatten() {
                    self.fail(number, interrupted("the socket was closed"));
                }
                let way = (stream.node, stream.peer_node);
                let wild = !self.network.unix.has(socket.0);
                self.network.unix.forget_stream(socket.0);
                if stream.has_unread() {
                    self.transmit(way, stream.peer, Segment::Reset);
                } else if !stream.mute {
                    let resets =
                        wild && self.world.goes_wrong(Fault::ResetOnClose, u32::from(way.0));
                    if resets {
                        self.world.went_wrong(Fault::ResetOnClose, way.0, socket.0);
                    }
                    let last = if resets { Segment::Reset } else { Segment::Fin };
                    self.transmit(way, stream.peer, last);
                }
            }
            Socket::Datagram(datagrams) => {
                let receive = self.forget_datagrams(socket.0, &datagrams);
                if let Some(number) = receive {
                    self.fail(number, interrupted("the socket was closed"));
                }
            }
        }
        Ok(NetDone::Ended)
    }
}
