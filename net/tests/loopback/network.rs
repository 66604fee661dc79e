//! The network: operations that wait, and what lets them complete.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use greenroom_core::runtime::{
    Buffer, IoDone, IoResult, ListenOptions, NetDone, NetRequest, OpId, ShutdownSide, SocketId,
};

use super::random::Random;
use super::socket::{Listener, Stream};

/// Everything there is between the two ends of every connection.
pub(crate) struct Network {
    random: Random,
    /// Bytes that fit between two ends.
    room: usize,
    listeners: BTreeMap<SocketId, Listener>,
    streams: BTreeMap<SocketId, Stream>,
    /// Sockets that are being closed: what is under way on them fails first.
    closing: BTreeSet<SocketId>,
    waiting: Vec<Waiting>,
    next_socket: u64,
    next_port: u16,
    /// How the next accepts are to fail, before any succeeds.
    pub(crate) accept_errors: VecDeque<io::ErrorKind>,
    /// Accepts that were tried by a driver: those that failed and those that succeeded.
    pub(crate) accepts: usize,
    /// A close was cancelled: its socket would have leaked.
    pub(crate) close_cancelled: bool,
}

struct Waiting {
    op: OpId,
    request: NetRequest,
    cancelled: bool,
}

/// What an attempt comes to; a request that has to wait is given back.
type Attempt = Result<io::Result<NetDone>, NetRequest>;

impl Network {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let room = [1 << 10, 8 << 10, 64 << 10][random.below(3)];
        Self {
            random,
            room,
            listeners: BTreeMap::new(),
            streams: BTreeMap::new(),
            closing: BTreeSet::new(),
            waiting: Vec::new(),
            next_socket: 1,
            next_port: 40_000,
            accept_errors: VecDeque::new(),
            accepts: 0,
            close_cancelled: false,
        }
    }

    /// Takes an operation on, and tells at once what it came to, now and then.
    pub(crate) fn submit(&mut self, op: OpId, request: NetRequest) -> Option<io::Result<NetDone>> {
        let attempt = if self.random.coin() { self.attempt(request) } else { Err(request) };
        let request = match attempt {
            Ok(done) => return Some(done),
            Err(request) => request,
        };
        self.waiting.push(Waiting { op, request, cancelled: false });
        None
    }

    pub(crate) fn cancel(&mut self, op: OpId) {
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.op == op) {
            waiting.cancelled = true;
            self.close_cancelled |= matches!(waiting.request, NetRequest::Close { .. });
        }
    }

    /// Sockets that are open.
    pub(crate) fn sockets(&self) -> usize {
        self.listeners.len() + self.streams.len()
    }

    /// Whether an accept is under way.
    pub(crate) fn is_accepting(&self) -> bool {
        self.waiting.iter().any(|waiting| matches!(waiting.request, NetRequest::Accept { .. }))
    }

    /// Completes some operation that can be completed.
    pub(crate) fn step(&mut self) -> Option<(OpId, IoResult)> {
        let count = self.waiting.len();
        let first = self.random.below(count.max(1));
        for step in 0..count {
            let index = (first + step) % count;
            let Waiting { op, request, cancelled } = self.waiting.remove(index);
            let attempt = if cancelled && self.random.coin() {
                Ok(Err(io::ErrorKind::Interrupted.into()))
            } else {
                self.attempt(request)
            };
            match attempt {
                Ok(done) => return Some((op, done.map(IoDone::Net))),
                Err(_) if cancelled => {
                    return Some((op, Err(io::ErrorKind::Interrupted.into())));
                }
                Err(request) => self.waiting.insert(index, Waiting { op, request, cancelled }),
            }
        }
        None
    }

    fn attempt(&mut self, request: NetRequest) -> Attempt {
        match request {
            NetRequest::Listen(options) => Ok(self.listen(options)),
            NetRequest::Accept { listener } => self.accept(listener).ok_or(request),
            NetRequest::Connect { address } => self.connect(address).ok_or(request),
            NetRequest::Receive { stream, max } => self.receive(stream, max).ok_or(request),
            NetRequest::Send { stream, data, start } => self.send(stream, data, start),
            // They have bodies of their own, which the drivers and the simulator run.
            NetRequest::ListenUnix { .. }
            | NetRequest::ConnectUnix { .. }
            | NetRequest::Bind(_)
            | NetRequest::SetPeer { .. }
            | NetRequest::ReceiveFrom { .. }
            | NetRequest::SendTo { .. } => Ok(Err(io::ErrorKind::Unsupported.into())),
            NetRequest::Shutdown { stream, side } => Ok(self.shutdown(stream, side)),
            NetRequest::Close { socket } => self.close(socket).ok_or(request),
        }
    }

    fn new_socket(&mut self) -> SocketId {
        let id = SocketId(self.next_socket);
        self.next_socket += 1;
        id
    }

    fn new_port(&mut self) -> u16 {
        self.next_port += 1;
        self.next_port
    }

    fn listen(&mut self, options: ListenOptions) -> io::Result<NetDone> {
        let mut address = options.address;
        if address.port() == 0 {
            address.set_port(self.new_port());
        }
        if self.listeners.values().any(|listener| listener.address == address) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let id = self.new_socket();
        let (backlog, backlog_max) = (Default::default(), options.backlog as usize);
        self.listeners.insert(id, Listener { address, backlog, backlog_max });
        Ok(NetDone::Listening { listener: id, local: address })
    }

    fn accept(&mut self, id: SocketId) -> Option<io::Result<NetDone>> {
        let listener = match self.listeners.get_mut(&id) {
            Some(listener) if !self.closing.contains(&id) => listener,
            _ => return Some(Err(io::ErrorKind::NotConnected.into())),
        };
        if let Some(error) = self.accept_errors.pop_front() {
            self.accepts += 1;
            return Some(Err(error.into()));
        }
        let stream = listener.backlog.pop_front()?;
        self.accepts += 1;
        Some(Ok(NetDone::Accepted { stream, peer: self.streams[&stream].peer }))
    }

    fn connect(&mut self, address: SocketAddr) -> Option<io::Result<NetDone>> {
        let to = self.listeners.iter().find(|(_, listener)| listener.address == address);
        let Some((&to, listener)) = to.filter(|(id, _)| !self.closing.contains(id)) else {
            return Some(Err(io::ErrorKind::ConnectionRefused.into()));
        };
        if listener.backlog.len() >= listener.backlog_max.max(1) {
            return None;
        }
        let local = (Ipv4Addr::LOCALHOST, self.new_port()).into();
        let (near, far) = (self.new_socket(), self.new_socket());
        self.streams.insert(near, Stream::new(far, address));
        self.streams.insert(far, Stream::new(near, local));
        let listener = self.listeners.get_mut(&to).expect("just found");
        listener.backlog.push_back(far);
        Some(Ok(NetDone::Connected { stream: near, local }))
    }

    /// A stream that is not being closed.
    fn open(&mut self, id: SocketId) -> io::Result<&mut Stream> {
        let gone = || io::Error::from(io::ErrorKind::NotConnected);
        if self.closing.contains(&id) {
            return Err(gone());
        }
        self.streams.get_mut(&id).ok_or_else(gone)
    }

    fn receive(&mut self, id: SocketId, max: usize) -> Option<io::Result<NetDone>> {
        let there = match self.open(id) {
            Ok(stream) => stream.receivable()?,
            Err(error) => Err(error),
        };
        let bytes = there.map(|there| {
            let amount = if there == 0 { 0 } else { self.random.amount(there.min(max)) };
            let incoming = &mut self.streams.get_mut(&id).expect("just seen").incoming;
            incoming.drain(..amount).collect()
        });
        Some(bytes.map(|bytes| NetDone::Received(Buffer::new(bytes))))
    }

    fn send(&mut self, id: SocketId, data: Vec<u8>, start: usize) -> Attempt {
        let other = match self.open(id) {
            Ok(stream) if stream.send_ended => return Ok(Err(io::ErrorKind::BrokenPipe.into())),
            Ok(stream) => stream.other,
            Err(error) => return Ok(Err(error)),
        };
        let Some(peer) = self.streams.get_mut(&other) else {
            return Ok(Err(io::ErrorKind::ConnectionReset.into()));
        };
        let rest = data.len() - start;
        let room = if peer.receive_ended { rest } else { self.room - peer.incoming.len() };
        if rest > 0 && room == 0 {
            return Err(NetRequest::Send { stream: id, data, start });
        }
        let written = if rest == 0 { 0 } else { self.random.amount(rest.min(room)) };
        if !peer.receive_ended {
            peer.incoming.extend(&data[start..start + written]);
        }
        Ok(Ok(NetDone::Sent { data, written }))
    }

    fn shutdown(&mut self, id: SocketId, side: ShutdownSide) -> io::Result<NetDone> {
        let stream = self.open(id)?;
        stream.receive_ended |= side != ShutdownSide::Send;
        stream.send_ended |= side != ShutdownSide::Receive;
        let (other, ended) = (stream.other, stream.send_ended);
        if let Some(peer) = self.streams.get_mut(&other) {
            peer.incoming_ended |= ended;
        }
        Ok(NetDone::Ended)
    }

    fn close(&mut self, id: SocketId) -> Option<io::Result<NetDone>> {
        self.closing.insert(id);
        if self.waiting.iter().any(|waiting| uses(&waiting.request, id)) {
            return None;
        }
        self.closing.remove(&id);
        if let Some(listener) = self.listeners.remove(&id) {
            for waiting in listener.backlog {
                self.end(waiting, true);
            }
        } else if !self.end(id, false) {
            return Some(Err(io::ErrorKind::NotConnected.into()));
        }
        Some(Ok(NetDone::Ended))
    }

    /// Takes a stream away; its other end reads the end, or an error where bytes were lost.
    fn end(&mut self, id: SocketId, reset: bool) -> bool {
        let Some(stream) = self.streams.remove(&id) else { return false };
        if let Some(peer) = self.streams.get_mut(&stream.other) {
            peer.incoming_ended = true;
            peer.reset |= reset || !stream.incoming.is_empty();
        }
        true
    }
}

/// Whether a request is under way on that socket, and not its close.
fn uses(request: &NetRequest, id: SocketId) -> bool {
    match request {
        NetRequest::Accept { listener } => *listener == id,
        NetRequest::Receive { stream, .. }
        | NetRequest::Send { stream, .. }
        | NetRequest::Shutdown { stream, .. } => *stream == id,
        _ => false,
    }
}
