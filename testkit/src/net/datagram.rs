//! Datagrams.
//!
//! A datagram sets out, is on its way for as long as a segment would be, and arrives at whoever has
//! its address then: nobody, or one socket, which keeps it if its buffer is not full. Between two
//! sockets they keep their order unless a fault says otherwise; what cannot pass is lost, since
//! nobody sends it again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};

use greenroom_core::hash::DetHashMap;
use greenroom_core::runtime::{BindOptions, Buffer, NetDone, SocketId};

use super::line::Line;
use super::links::Arrival;
use super::listen::overlap;
use super::numbered::Numbered;
use super::operate::{Net, NetEvent, Outcome, no_such_socket};
use super::socket::Socket;
use crate::draws::Site;
use crate::faults::Fault;
use crate::trace::{Kind, fold_bytes};

/// Longest datagram: what IPv4 has room for.
const DATAGRAM_MAX: usize = 65_507;

/// Buffers of sockets, from a small one to what Linux gives unless it is told otherwise.
const ROOMS: [usize; 3] = [16_384, 65_536, 212_992];

/// What a datagram takes of a buffer beside its bytes, roughly as on Linux.
const OVERHEAD: usize = 512;

/// A datagram socket.
#[derive(Debug)]
pub(super) struct DatagramSocket {
    pub(super) node: u16,
    pub(super) address: SocketAddr,
    reuse_port: bool,
    peer: Option<SocketAddr>,
    /// Most bytes of a datagram that are received.
    datagram_max: usize,
    arrived: VecDeque<(SocketAddr, Vec<u8>)>,
    /// Bytes of its buffer that are taken, and how many there are.
    taken: usize,
    room: usize,
    /// A datagram to its peer found nobody; told once.
    refused: bool,
    /// The receive that waits.
    pub(super) receive: Option<u64>,
}

/// A datagram on its way.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    /// The socket that sent it.
    pub(super) sender: u64,
    pub(super) way: (u16, u16),
    from: SocketAddr,
    pub(super) to: SocketAddr,
    bytes: Vec<u8>,
    /// It is the copy of another.
    pub(super) is_copy: bool,
    /// Its place among those of its sender to that address, if it is no copy.
    pub(super) serial: u64,
    pub(super) reordered: bool,
    /// The flight of its copy, or of what it is the copy of.
    pub(super) twin: Option<u64>,
    /// When it arrives.
    pub(super) arrives: u64,
}

/// All datagrams, and who is to receive them.
#[derive(Default, Debug)]
pub(super) struct Datagrams {
    /// Sockets by node and port.
    bound: BTreeMap<(u16, u16), Vec<u64>>,
    pub(super) flights: Numbered<Flight>,
    flight_next: u64,
    /// Flights that have arrived, and whose twins are still on their way.
    pub(super) first_of_two: BTreeSet<u64>,
    pub(super) lines: DetHashMap<(u64, SocketAddr), Line>,
    /// Pairs of a socket and an address between which nothing passes any more.
    dark: BTreeSet<(u64, SocketAddr)>,
}

impl Datagrams {
    /// Whether a socket has this port.
    pub(super) fn has(&self, node: u16, port: u16) -> bool {
        self.bound.contains_key(&(node, port))
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

impl Net<'_> {
    fn datagram_socket(&mut self, id: u64) -> io::Result<&mut DatagramSocket> {
        match self.network.sockets.get_mut(&id) {
            Some(Socket::Datagram(socket)) => Ok(socket),
            Some(_) => Err(invalid("not a datagram socket")),
            None => Err(no_such_socket()),
        }
    }

    pub(super) fn bind(&mut self, node: u16, options: &BindOptions) -> io::Result<NetDone> {
        let mut address = options.address;
        let own = self.world.nodes[usize::from(node)].address;
        if !(address.ip().is_unspecified() || address.ip().is_loopback() || address.ip() == own) {
            return Err(io::ErrorKind::AddrNotAvailable.into());
        }
        if address.port() == 0 {
            address.set_port(self.network.free_datagram_port(node)?);
        }
        let bound = self.network.datagrams.bound.get(&(node, address.port()));
        let taken = bound.into_iter().flatten().any(|id| {
            let Some(Socket::Datagram(other)) = self.network.sockets.get(id) else { return false };
            overlap(other.address.ip(), address.ip()) && !(other.reuse_port && options.reuse_port)
        });
        if taken {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let drawn = self.world.draws.below(Site::Net, u32::from(node), ROOMS.len() as u64);
        let id = self.network.add(Socket::Datagram(DatagramSocket {
            node,
            address,
            reuse_port: options.reuse_port,
            peer: None,
            datagram_max: options.datagram_max,
            arrived: VecDeque::new(),
            taken: 0,
            room: ROOMS[drawn as usize],
            refused: false,
            receive: None,
        }));
        self.network.datagrams.bound.entry((node, address.port())).or_default().push(id);
        Ok(NetDone::Bound { socket: SocketId(id), local: address })
    }

    pub(super) fn set_peer(&mut self, id: SocketId, peer: SocketAddr) -> io::Result<NetDone> {
        let node = self.datagram_socket(id.0)?.node;
        self.node_at(node, peer.ip()).ok_or(io::ErrorKind::HostUnreachable)?;
        let socket = self.datagram_socket(id.0)?;
        socket.peer = Some(peer);
        socket.refused = false;
        Ok(NetDone::Ended)
    }

    pub(super) fn receive_from(&mut self, number: u64, id: SocketId) -> Outcome {
        let other = self.datagram_socket(id.0).ok().and_then(|socket| socket.receive);
        if !self.gives_way(other, number) {
            return Outcome::Done(Err(invalid("one receive is under way at a time")));
        }
        let socket = match self.datagram_socket(id.0) {
            Ok(socket) => socket,
            Err(error) => return Outcome::Done(Err(error)),
        };
        socket.receive = None;
        if std::mem::take(&mut socket.refused) {
            return Outcome::Done(Err(io::ErrorKind::ConnectionRefused.into()));
        }
        let Some((from, mut bytes)) = socket.arrived.pop_front() else {
            socket.receive = Some(number);
            return Outcome::WAITS;
        };
        let len = bytes.len();
        socket.taken -= len + OVERHEAD;
        bytes.truncate(socket.datagram_max);
        Outcome::Done(Ok(NetDone::ReceivedFrom { data: Buffer::new(bytes), from, len }))
    }

    pub(super) fn send_to(
        &mut self,
        id: SocketId,
        data: Vec<u8>,
        to: Option<SocketAddr>,
    ) -> io::Result<NetDone> {
        let socket = self.datagram_socket(id.0)?;
        if std::mem::take(&mut socket.refused) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let to = to.or(socket.peer).ok_or(io::ErrorKind::NotConnected)?;
        let (node, mut from) = (socket.node, socket.address);
        if data.len() > DATAGRAM_MAX {
            return Err(invalid("a datagram longer than one can be"));
        }
        if from.ip().is_ipv4() != to.ip().is_ipv4() {
            return Err(invalid("an address of another family"));
        }
        let target = self.node_at(node, to.ip()).ok_or(io::ErrorKind::HostUnreachable)?;
        if from.ip().is_loopback() && target != node {
            return Err(invalid("loopback does not lead to another node"));
        }
        if from.ip().is_unspecified() {
            from.set_ip(match to.ip() {
                ip if ip.is_loopback() || ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
                _ => self.world.nodes[usize::from(node)].address,
            });
        }
        let written = data.len();
        self.set_out_datagram(id.0, (node, target), (from, to), &data);
        Ok(NetDone::Sent { data, written })
    }

    /// Draws what becomes of a datagram, and sends it on its way.
    fn set_out_datagram(
        &mut self,
        sender: u64,
        way: (u16, u16),
        (from, to): (SocketAddr, SocketAddr),
        bytes: &[u8],
    ) {
        let (place, world) = (u32::from(way.0), self.world);
        let mut flight = Flight {
            sender,
            way,
            from,
            to,
            bytes: bytes.to_vec(),
            is_copy: false,
            serial: 0,
            reordered: false,
            twin: None,
            arrives: 0,
        };
        if way.0 == way.1 {
            let at = world.now() + self.latency(way.0, way.1);
            return self.fly(flight, Arrival { at, is_held: false });
        }
        if world.goes_wrong(Fault::HalfOpen, place) {
            self.network.datagrams.dark.insert((sender, to));
            self.darken_back(way.1, from, to);
        }
        if world.goes_wrong(Fault::DatagramLoss, place) {
            world.went_wrong(Fault::DatagramLoss, way.0, flight.bytes.len() as u64);
            return;
        }
        let number = self.network.datagrams.flight_next;
        let copy = world.goes_wrong(Fault::DatagramDuplication, place).then(|| {
            flight.twin = Some(number + 1);
            Flight { is_copy: true, twin: Some(number), ..flight.clone() }
        });
        let arrives = world.now() + self.latency(way.0, way.1);
        let arrival = self.set_out(way, arrives);
        flight.reordered = world.goes_wrong(Fault::DatagramReordering, place);
        self.fly(flight, arrival);
        if let Some(copy) = copy {
            let arrives = world.now() + self.latency(way.0, way.1);
            let arrival = self.set_out(way, arrives);
            self.fly(copy, arrival);
        }
    }

    /// Has the sockets that an address means send nothing back there.
    fn darken_back(&mut self, node: u16, from: SocketAddr, to: SocketAddr) {
        for receiver in self.receivers(node, from, to) {
            self.network.datagrams.dark.insert((receiver, from));
        }
    }

    /// Lets a datagram arrive behind those before it. One that is reordered, and a copy, is late: it
    /// overtakes none, later ones overtake it.
    fn fly(&mut self, mut flight: Flight, mut arrival: Arrival) {
        self.line_up(&mut flight, arrival.at);
        arrival.at = flight.arrives;
        let (datagrams, way) = (&mut self.network.datagrams, flight.way);
        let number = datagrams.flight_next;
        datagrams.flight_next += 1;
        datagrams.flights.insert(number, flight);
        self.enter(way, arrival, NetEvent::Datagram(number));
    }

    /// A datagram has come to the end of its way.
    pub(super) fn datagram_arrives(&mut self, number: u64) {
        let datagrams = &mut self.network.datagrams;
        let Some(flight) = datagrams.flights.remove(&number) else { return };
        let came_before = flight.twin.is_some_and(|twin| datagrams.first_of_two.remove(&twin));
        let (world, way) = (self.world, flight.way);
        let dark = &self.network.datagrams.dark;
        if !dark.is_empty() && dark.contains(&(flight.sender, flight.to)) {
            world.went_wrong(Fault::HalfOpen, way.0, flight.sender);
            return;
        }
        if self.stops(way) || world.nodes[usize::from(way.1)].down.get() {
            return;
        }
        let Some(id) = self.receiver(way.1, flight.from, flight.to) else {
            self.bounce(&flight);
            return;
        };
        let overflows = world.goes_wrong(Fault::DatagramOverflow, u32::from(way.1));
        let Ok(socket) = self.datagram_socket(id) else { return };
        if overflows || socket.taken >= socket.room {
            world.went_wrong(Fault::DatagramOverflow, way.1, id);
            return;
        }
        socket.taken += flight.bytes.len() + OVERHEAD;
        let receive = socket.receive;
        let detail = fold_bytes(&flight.bytes);
        self.note_twin(number, &flight, came_before);
        self.note_order(&flight);
        if let Ok(socket) = self.datagram_socket(id) {
            socket.arrived.push_back((flight.from, flight.bytes));
        }
        let arrived = world.note_node(way.1, Kind::Net, id as u32, detail);
        self.go_on(receive, arrived);
    }

    /// Nobody has a datagram's address: a sender that has a peer is told, if the answer passes.
    fn bounce(&mut self, flight: &Flight) {
        let back = (flight.way.1, flight.way.0);
        if self.stops(back) {
            return;
        }
        let Ok(socket) = self.datagram_socket(flight.sender) else { return };
        if socket.peer == Some(flight.to) {
            socket.refused = true;
            let receive = socket.receive;
            self.retry(receive, self.latency(back.0, back.1));
        }
    }

    /// The socket that receives a datagram.
    fn receiver(&self, node: u16, from: SocketAddr, to: SocketAddr) -> Option<u64> {
        let bound = self.network.datagrams.bound.get(&(node, to.port()))?;
        if let [id] = bound[..] {
            return self.takes(id, &[Some(from), None], to).then_some(id);
        }
        let receivers = self.receivers(node, from, to);
        let count = receivers.len() as u64;
        match count {
            0 | 1 => receivers.first().copied(),
            _ => {
                let chosen = self.world.draws.below(Site::Net, u32::from(node), count);
                Some(receivers[chosen as usize])
            }
        }
    }

    /// The sockets among which one receives a datagram: those with this peer before the others.
    fn receivers(&self, node: u16, from: SocketAddr, to: SocketAddr) -> Vec<u64> {
        let bound = self.network.datagrams.bound.get(&(node, to.port()));
        let bound: Vec<u64> = bound.into_iter().flatten().copied().collect();
        let with = |peer| bound.iter().copied().filter(move |&id| self.takes(id, &[peer], to));
        let close: Vec<u64> = with(Some(from)).collect();
        if close.is_empty() { with(None).collect() } else { close }
    }

    /// Whether a socket receives what is sent to an address, and has one of those peers.
    fn takes(&self, id: u64, peers: &[Option<SocketAddr>], to: SocketAddr) -> bool {
        let Some(Socket::Datagram(socket)) = self.network.sockets.get(&id) else { return false };
        let (on, to) = (socket.address.ip(), to.ip());
        let addressed =
            on.is_unspecified() || on == to || (on.is_loopback() && to.is_unspecified());
        addressed && peers.contains(&socket.peer)
    }

    /// Takes a socket's names away; returns the receive that waits.
    pub(super) fn forget_datagrams(&mut self, id: u64, socket: &DatagramSocket) -> Option<u64> {
        let datagrams = &mut self.network.datagrams;
        let port = (socket.node, socket.address.port());
        if let Some(bound) = datagrams.bound.get_mut(&port) {
            bound.retain(|&other| other != id);
            if bound.is_empty() {
                datagrams.bound.remove(&port);
            }
        }
        datagrams.lines.retain(|&(sender, _), _| sender != id);
        datagrams.dark.retain(|&(sender, _)| sender != id);
        socket.receive
    }
}
