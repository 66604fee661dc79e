//! Socket operations through time.

use std::collections::BTreeMap;
use std::io;

use greenroom_core::runtime::{IoDone, IoResult, NetDone, NetRequest, OpId};

use super::datagram::Datagrams;
use super::links::{Links, steer};
use super::numbered::Numbered;
use super::socket::Socket;
use super::under_way::{Owner, UnderWay};
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
    /// A datagram arrives.
    Datagram(u64),
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
    pub(super) operations: UnderWay,
    /// The operation that is being asked for and may be told of at once, and what it came to.
    asked: Option<(Owner, Option<IoResult>)>,
    pub(crate) links: Links,
    /// Nodes that are down, with the sockets of others that have sent to them.
    pub(super) unanswered: Vec<(u16, u64)>,
    pub(super) datagrams: Datagrams,
    pub(super) unix: UnixNames,
}

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
            operations: UnderWay::default(),
            asked: None,
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
    /// It waits. What a send is to take, back.
    Waits(Vec<u8>),
}

impl Outcome {
    /// It waits, and is no send.
    pub(super) const WAITS: Self = Self::Waits(Vec::new());
}

/// Takes an operation on; what it came to, where it is a run that tells at once and nothing has to
/// be waited for.
pub(crate) fn submit(world: &World, shard: u32, op: OpId, request: NetRequest) -> Option<IoResult> {
    let network = &mut *world.network.borrow_mut();
    let (node, owner) = (world.node_of(shard), Owner { shard, op });
    let number = network.operations.insert(owner, node, request);
    if world.draws.chance(Site::Net, shard, world.swarm.at_once) {
        network.asked = Some((owner, None));
        Net { world, network }.effect(number);
        return network.asked.take()?.1;
    }
    let delay = world.draws.below(Site::Net, shard, SUBMIT_MAX);
    world.enter_after(delay, What::Net(NetEvent::Effect(number)));
    None
}

pub(crate) fn cancel(world: &World, shard: u32, op: OpId) {
    let network = &mut *world.network.borrow_mut();
    if let Some(number) = network.operations.find(Owner { shard, op }) {
        if let Some(operation) = network.operations.get_mut(number) {
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
        NetEvent::Datagram(number) => net.datagram_arrives(number),
        NetEvent::Cancel(number) => net.end_cancelled(number),
    }
}

/// A kernel gives up a peer of which nothing was heard.
pub(crate) fn give_up(world: &World, what: What) {
    steer(world, |net| match what {
        What::GiveUp(socket) => net.give_up(socket),
        What::Unanswered(socket) => net.unanswered(socket),
        _ => {}
    });
}

/// Whether nothing is to happen any more at that time, though it was entered.
pub(crate) fn is_stale(world: &World, at: u64, what: What) -> bool {
    match what {
        What::GiveUp(to) => !world.network.borrow().is_given_up(to, at),
        What::Unanswered(sender) => !world.network.borrow().is_unanswered(sender),
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
        let Some(operation) = self.network.operations.get_mut(number) else { return };
        let (node, owner) = (operation.node, operation.owner);
        let shard = owner.shard;
        let outcome = match &mut operation.request {
            NetRequest::Receive { stream, max } => {
                let from = (*stream, *max);
                self.receive(number, shard, from)
            }
            NetRequest::Send { stream, data, start } => {
                let taken = (*stream, std::mem::take(data), *start);
                self.send(number, shard, taken)
            }
            NetRequest::ReceiveFrom { socket } => {
                let socket = *socket;
                self.receive_from(number, socket)
            }
            NetRequest::SendTo { socket, data, to } => {
                let (socket, data, to) = (*socket, std::mem::take(data), *to);
                Outcome::Done(self.send_to(socket, data, to))
            }
            NetRequest::Accept { listener } => {
                let listener = *listener;
                self.accept(number, listener)
            }
            NetRequest::Connect { address } => {
                let address = *address;
                self.connect(number, node, address)
            }
            other => {
                let request = std::mem::replace(other, NetRequest::Close { socket: NOTHING });
                Outcome::Done(self.done_at_once((node, shard), request))
            }
        };
        match outcome {
            Outcome::Done(result) => {
                self.network.operations.end(number);
                self.finish_after(owner, result, 0);
            }
            Outcome::Waits(back) => {
                let operation = self.network.operations.get_mut(number);
                if let Some(NetRequest::Send { data, .. }) = operation.map(|it| &mut it.request) {
                    *data = back;
                }
            }
        }
    }

    /// The effect of an operation that never waits.
    fn done_at_once(
        &mut self,
        (node, shard): (u16, u32),
        request: NetRequest,
    ) -> io::Result<NetDone> {
        match request {
            NetRequest::Listen(options) => self.listen(node, &options),
            NetRequest::ListenUnix { address, backlog } => self.listen_unix(node, address, backlog),
            NetRequest::ConnectUnix { address } => self.connect_unix((node, shard), address),
            NetRequest::Bind(options) => self.bind(node, &options),
            NetRequest::SetPeer { socket, peer } => self.set_peer(socket, peer),
            NetRequest::Shutdown { stream, side } => self.shutdown(stream, side),
            NetRequest::Close { socket } => self.close(socket),
            other => unreachable!("{other:?} may wait"),
        }
    }

    /// A cancel has come to an operation, which ends if it has had no effect.
    fn end_cancelled(&mut self, number: u64) {
        let Some(operation) = self.network.operations.get_mut(number) else { return };
        let unused = NetRequest::Close { socket: NOTHING };
        let request = std::mem::replace(&mut operation.request, unused);
        self.forget_waiting(number, &request);
        if let NetRequest::Accept { listener } = request {
            self.offer_again(listener);
        }
        self.fail(number, interrupted("cancelled"));
    }

    /// Completes an operation that is no longer under way, whose result takes `way` nanoseconds to
    /// get here.
    pub(super) fn finish_after(&mut self, owner: Owner, result: io::Result<NetDone>, way: u64) {
        let Owner { shard, op } = owner;
        let seen = match &result {
            Ok(NetDone::Received(bytes)) => fold_bytes(bytes),
            Ok(NetDone::ReceivedFrom { data, .. }) => fold_bytes(data),
            Ok(NetDone::Sent { written, .. }) => *written as u64,
            Ok(_) => 1,
            Err(error) => 2 + error.kind() as u64,
        };
        self.world.note(shard, Kind::Net, 0, op.as_word() ^ seen.rotate_left(17));
        if let Some((asked, known)) = &mut self.network.asked
            && *asked == owner
            && way == 0
        {
            *known = Some(result.map(IoDone::Net));
            return;
        }
        let delay = way + self.world.draws.below(Site::Net, shard, SUBMIT_MAX);
        self.world.complete_after(delay, shard, op, result.map(IoDone::Net));
    }

    /// Ends an operation that waits, with an error.
    pub(super) fn fail(&mut self, number: u64, error: io::Error) {
        if let Some(owner) = self.network.operations.end(number) {
            self.finish_after(owner, Err(error), 0);
        }
    }

    /// Whether an operation may take another's place on its socket: one that was given up, and
    /// has had no effect yet, ends then. An abandoned operation cannot be waited for.
    pub(super) fn gives_way(&mut self, other: Option<u64>, number: u64) -> bool {
        let Some(other) = other.filter(|&other| other != number) else { return true };
        let given_up = self.network.operations.get(other).is_none_or(|other| other.given_up);
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

    /// Lets an operation that waits look again now, because of the event of that number.
    pub(super) fn go_on(&mut self, number: Option<u64>, because: u64) {
        if let Some(number) = number {
            self.world.trace.because_of(because);
            self.effect(number);
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
