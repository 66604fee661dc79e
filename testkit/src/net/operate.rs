//! Socket operations through time.

use std::collections::BTreeMap;
use std::io;

use greenroom_core::runtime::{IoDone, NetDone, NetRequest, OpId};

use super::datagram::Datagrams;
use super::links::Links;
use super::numbered::Numbered;
use super::socket::Socket;
use super::unix::UnixNames;
use crate::draws::Site;
use crate::events::What;
use crate::trace::{Kind, fold_bytes};
use crate::world::World;

/// Something that happens on the network.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NetEvent {
    /// An operation has its effect, or looks again whether it can.
    Effect(u64),
    /// The oldest segment on its way to a socket arrives.
    Arrive(u64),
    /// A connect reaches the other node.
    Knock(u64),
    /// A cancel reaches an operation.
    Cancel(u64),
    /// What is on its way to a socket has been sent again often enough.
    GiveUp(u64),
    /// A socket has sent to a node that is down often enough.
    Unanswered(u64),
    /// A datagram arrives.
    Datagram(u64),
}

/// An operation under way.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) shard: u32,
    pub(super) node: u16,
    pub(super) op: OpId,
    pub(super) request: NetRequest,
    /// How often a connect has knocked.
    pub(super) knocks: u32,
    /// A cancel is on its way.
    given_up: bool,
}

/// The network of all nodes.
#[derive(Debug)]
pub(crate) struct Network {
    pub(super) sockets: Numbered<Socket>,
    socket_next: u64,
    /// Listeners by node and port.
    pub(super) bound: BTreeMap<(u16, u16), Vec<u64>>,
    /// The next port to give away, by node.
    port_next: Vec<u16>,
    pub(super) operations: Numbered<Operation>,
    /// The numbers of each shard's operations, by their places there.
    by_op: Vec<Vec<(u64, u64)>>,
    operation_next: u64,
    pub(crate) links: Links,
    /// Nodes that are down, with the sockets of others that have sent to them.
    pub(super) unanswered: Vec<(u16, u64)>,
    pub(super) datagrams: Datagrams,
    pub(super) unix: UnixNames,
}

/// No operation's word is 0.
const NO_OP: (u64, u64) = (0, 0);

/// Ports that a node gives away begin here.
const PORT_FIRST: u16 = 32_768;

/// Longest time between submitting an operation and its effect, in nanoseconds.
const SUBMIT_MAX: u64 = 2_000;

impl Network {
    pub(crate) fn new(nodes: usize) -> Self {
        Self {
            sockets: Numbered::new(),
            socket_next: 1,
            bound: BTreeMap::new(),
            port_next: vec![PORT_FIRST; nodes],
            operations: Numbered::new(),
            by_op: Vec::new(),
            operation_next: 1,
            links: Links::default(),
            unanswered: Vec::new(),
            datagrams: Datagrams::default(),
            unix: UnixNames::default(),
        }
    }

    pub(super) fn add(&mut self, socket: Socket) -> u64 {
        let id = self.socket_next;
        self.socket_next += 1;
        self.sockets.insert(id, socket);
        id
    }

    /// Forgets the operations of shards.
    pub(super) fn forget_ops(&mut self, of: impl Fn(u32) -> bool) {
        let shards = (0..).zip(&mut self.by_op).filter(|&(shard, _)| of(shard));
        shards.for_each(|(_, ops)| ops.clear());
    }

    /// Notes the number of a shard's operation.
    fn note_op(&mut self, shard: u32, op: OpId, number: u64) {
        let (shard, place) = (shard as usize, op.place() as usize);
        if self.by_op.len() <= shard {
            self.by_op.resize_with(shard + 1, Vec::new);
        }
        let ops = &mut self.by_op[shard];
        if ops.len() <= place {
            ops.resize(place + 1, NO_OP);
        }
        ops[place] = (op.as_word(), number);
    }

    /// Where the number of a shard's operation is noted, while it is under way.
    fn noted(&mut self, shard: u32, op: OpId) -> Option<&mut (u64, u64)> {
        let noted = self.by_op.get_mut(shard as usize)?.get_mut(op.place() as usize)?;
        (noted.0 == op.as_word()).then_some(noted)
    }

    /// The number of the next socket.
    pub(super) const fn next_id(&self) -> u64 {
        self.socket_next
    }

    /// A port of the node on which nobody listens.
    pub(super) fn free_port(&mut self, node: u16) -> io::Result<u16> {
        self.next_port(node, |network, port| network.bound.contains_key(&(node, port)))
    }

    /// A port of the node that no datagram socket has.
    pub(super) fn free_datagram_port(&mut self, node: u16) -> io::Result<u16> {
        self.next_port(node, |network, port| network.datagrams.has(node, port))
    }

    fn next_port(&mut self, node: u16, is_taken: impl Fn(&Self, u16) -> bool) -> io::Result<u16> {
        for _ in PORT_FIRST..=u16::MAX {
            let next = &mut self.port_next[usize::from(node)];
            let port = *next;
            *next = if port == u16::MAX { PORT_FIRST } else { port + 1 };
            if !is_taken(self, port) {
                return Ok(port);
            }
        }
        Err(io::ErrorKind::AddrNotAvailable.into())
    }
}

/// The network in the middle of an event.
pub(crate) struct Net<'a> {
    pub(super) world: &'a World,
    pub(crate) network: &'a mut Network,
}

/// What came of an operation's effect.
pub(super) enum Outcome {
    Done(io::Result<NetDone>),
    /// It waits; its request, back.
    Waits(NetRequest),
}

pub(crate) fn submit(world: &World, shard: u32, op: OpId, request: NetRequest) {
    let network = &mut *world.network.borrow_mut();
    let number = network.operation_next;
    network.operation_next += 1;
    let node = world.node_of(shard);
    let operation = Operation { shard, node, op, request, knocks: 0, given_up: false };
    network.operations.insert(number, operation);
    network.note_op(shard, op, number);
    let delay = world.draws.below(Site::Net, shard, SUBMIT_MAX);
    world.enter_after(delay, What::Net(NetEvent::Effect(number)));
}

pub(crate) fn cancel(world: &World, shard: u32, op: OpId) {
    let network = &mut *world.network.borrow_mut();
    let number = network.noted(shard, op).map(|&mut (_, number)| number);
    if let Some(number) = number {
        if let Some(operation) = network.operations.get_mut(&number) {
            operation.given_up = true;
        }
        let delay = world.draws.below(Site::Net, shard, SUBMIT_MAX);
        world.enter_after(delay, What::Net(NetEvent::Cancel(number)));
    }
}

pub(crate) fn happen(world: &World, event: NetEvent) {
    let mut net = Net { world, network: &mut world.network.borrow_mut() };
    match event {
        NetEvent::Effect(number) => net.effect(number),
        NetEvent::Arrive(socket) => net.arrive(socket),
        NetEvent::Knock(number) => net.knock(number),
        NetEvent::GiveUp(socket) => net.give_up(socket),
        NetEvent::Unanswered(socket) => net.unanswered(socket),
        NetEvent::Datagram(number) => net.datagram_arrives(number),
        NetEvent::Cancel(number) => {
            if let Some(operation) = net.network.operations.remove(&number) {
                net.forget_waiting(number, &operation.request);
                if let NetRequest::Accept { listener } = operation.request {
                    net.offer_again(listener);
                }
                net.finish(operation, Err(interrupted("cancelled")));
            }
        }
    }
}

/// Whether nothing is to happen any more at that time, though it was entered.
pub(crate) fn is_stale(world: &World, at: u64, event: NetEvent) -> bool {
    match event {
        NetEvent::GiveUp(to) => !world.network.borrow().is_given_up(to, at),
        NetEvent::Unanswered(sender) => !world.network.borrow().is_unanswered(sender),
        _ => false,
    }
}

pub(super) fn interrupted(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, why)
}

pub(super) fn no_such_socket() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "no such socket")
}

impl Net<'_> {
    fn effect(&mut self, number: u64) {
        // An operation may have ended since this was entered.
        let Some(mut operation) = self.network.operations.remove(&number) else { return };
        let (node, shard) = (operation.node, operation.shard);
        let request = operation.request;
        let outcome = match request {
            NetRequest::Listen(options) => Outcome::Done(self.listen(node, &options)),
            NetRequest::Accept { listener } => self.accept(number, listener, request),
            NetRequest::Connect { address } => self.connect(number, node, address, request),
            NetRequest::Receive { stream, max } => {
                self.receive(number, shard, (stream, max), request)
            }
            NetRequest::Send { stream, data, start } => {
                self.send(number, shard, (stream, data, start))
            }
            NetRequest::ListenUnix { address, backlog } => {
                Outcome::Done(self.listen_unix(node, address, backlog))
            }
            NetRequest::ConnectUnix { address } => {
                Outcome::Done(self.connect_unix((node, shard), address))
            }
            NetRequest::Bind(options) => Outcome::Done(self.bind(node, &options)),
            NetRequest::SetPeer { socket, peer } => Outcome::Done(self.set_peer(socket, peer)),
            NetRequest::ReceiveFrom { socket } => self.receive_from(number, socket, request),
            NetRequest::SendTo { socket, data, to } => {
                Outcome::Done(self.send_to(socket, data, to))
            }
            NetRequest::Shutdown { stream, side } => Outcome::Done(self.shutdown(stream, side)),
            NetRequest::Close { socket } => Outcome::Done(self.close(socket)),
        };
        match outcome {
            Outcome::Waits(request) => {
                operation.request = request;
                self.network.operations.insert(number, operation);
            }
            Outcome::Done(result) => {
                // Its request was taken apart.
                operation.request = NetRequest::Close { socket: NOTHING };
                self.finish(operation, result);
            }
        }
    }

    /// Completes an operation that is no longer under way.
    pub(super) fn finish(&mut self, operation: Operation, result: io::Result<NetDone>) {
        self.finish_after(operation, result, 0);
    }

    /// Completes an operation whose result takes `way` nanoseconds to get here.
    pub(super) fn finish_after(
        &mut self,
        operation: Operation,
        result: io::Result<NetDone>,
        way: u64,
    ) {
        let Operation { shard, op, .. } = operation;
        self.network.noted(shard, op).into_iter().for_each(|noted| *noted = NO_OP);
        let seen = match &result {
            Ok(NetDone::Received(bytes)) => fold_bytes(bytes),
            Ok(NetDone::ReceivedFrom { data, .. }) => fold_bytes(data),
            Ok(NetDone::Sent { written, .. }) => *written as u64,
            Ok(_) => 1,
            Err(error) => 2 + error.kind() as u64,
        };
        self.world.note(shard, Kind::Net, 0, op.as_word() ^ seen.rotate_left(17));
        let delay = way + self.world.draws.below(Site::Net, shard, SUBMIT_MAX);
        self.world.complete_after(delay, shard, op, result.map(IoDone::Net));
    }

    /// Ends an operation that waits, with an error.
    pub(super) fn fail(&mut self, number: u64, error: io::Error) {
        if let Some(operation) = self.network.operations.remove(&number) {
            self.finish(operation, Err(error));
        }
    }

    /// Whether an operation may take another's place on its socket: one that was given up, and
    /// has had no effect yet, ends then. An abandoned operation cannot be waited for.
    pub(super) fn gives_way(&mut self, other: Option<u64>, number: u64) -> bool {
        let Some(other) = other.filter(|&other| other != number) else { return true };
        let given_up = self.network.operations.get(&other).is_none_or(|other| other.given_up);
        if given_up {
            self.fail(other, interrupted("cancelled"));
        }
        given_up
    }

    /// Lets an operation that waits look again.
    pub(super) fn retry(&self, number: Option<u64>, delay: u64) {
        if let Some(number) = number {
            self.world.enter_after(delay, What::Net(NetEvent::Effect(number)));
        }
    }

    /// The time from one node to another.
    pub(super) fn latency(&self, from: u16, to: u16) -> u64 {
        let swarm = &self.world.swarm;
        let typical = if from == to { swarm.latency_near } else { swarm.latency_far };
        self.world.draws.heavy_tail(Site::Net, u32::from(from), typical)
    }

    /// Takes an operation off the socket where it waits, if it does.
    fn forget_waiting(&mut self, number: u64, request: &NetRequest) {
        let id = match request {
            NetRequest::Accept { listener: id }
            | NetRequest::Receive { stream: id, .. }
            | NetRequest::Send { stream: id, .. }
            | NetRequest::ReceiveFrom { socket: id } => id.0,
            _ => return,
        };
        match self.network.sockets.get_mut(&id) {
            Some(Socket::Listener(listener)) => listener.accepts.retain(|&other| other != number),
            Some(Socket::Stream(stream)) => {
                stream.receive = stream.receive.filter(|&other| other != number);
                stream.send = stream.send.filter(|&other| other != number);
            }
            Some(Socket::Datagram(socket)) => {
                socket.receive = socket.receive.filter(|&other| other != number);
            }
            None => {}
        }
    }
}

/// No socket has this number.
const NOTHING: greenroom_core::runtime::SocketId = greenroom_core::runtime::SocketId(0);
