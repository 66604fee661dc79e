//! Connecting.

use std::io;
use std::net::{IpAddr, SocketAddr};

use greenroom_core::runtime::{NetDone, NetRequest, SocketId};

use super::operate::{Net, NetEvent, Outcome};
use super::socket::{Socket, Stream};
use crate::draws::Site;
use crate::events::What;
use crate::faults::{EMFILE, Fault};

/// Buffers of a connection, from the smallest Linux gives (2,304 bytes, `tcp(7)`) to ample. What is
/// shorter is drawn for each operation.
const WINDOWS: [usize; 5] = [2_304, 4_096, 16_384, 65_536, 262_144];

/// How often a connect knocks at a full backlog before it gives up; the first pause is a second,
/// each further one twice as long, as Linux has it.
const KNOCKS_MAX: u32 = 6;
const PAUSE: u64 = 1_000_000_000;

impl Net<'_> {
    pub(super) fn connect(&mut self, number: u64, node: u16, address: SocketAddr) -> Outcome {
        if let Err(error) = self.has_descriptors(node) {
            return Outcome::Done(Err(error));
        }
        match self.node_at(node, address.ip()) {
            Some(target) => {
                let arrives = self.world.now() + self.latency(node, target);
                let way = (node, target);
                let arrival = self.set_out(way, arrives);
                self.enter(way, arrival, NetEvent::Knock(number));
                Outcome::WAITS
            }
            None => Outcome::Done(Err(io::ErrorKind::HostUnreachable.into())),
        }
    }

    /// Draws whether a node's process has a descriptor left.
    pub(super) fn has_descriptors(&self, node: u16) -> io::Result<()> {
        if !self.world.goes_wrong(Fault::NoDescriptors, u32::from(node)) {
            return Ok(());
        }
        self.world.went_wrong(Fault::NoDescriptors, node, 0);
        Err(io::Error::from_raw_os_error(EMFILE))
    }

    /// The node that an address means on a node.
    pub(super) fn node_at(&self, from: u16, address: IpAddr) -> Option<u16> {
        if address.is_loopback() || address.is_unspecified() {
            return Some(from);
        }
        let found = self.world.nodes.iter().position(|node| node.address == address);
        found.map(|node| node as u16)
    }

    /// A connect has reached its target.
    pub(super) fn knock(&mut self, number: u64) {
        let Some(operation) = self.network.operations.get(number) else { return };
        let NetRequest::Connect { address } = operation.request else { return };
        let (from, shard) = (operation.node, operation.owner.shard);
        let Some(to) = self.node_at(from, address.ip()) else { return };
        let down = self.world.nodes[usize::from(to)].down.get();
        if down || self.stops((from, to)) || self.stops((to, from)) {
            self.knock_again(number);
            return;
        }
        let listeners = self.listeners_for(to, address);
        let refuses = !listeners.is_empty() && self.world.goes_wrong(Fault::Refusal, shard);
        if refuses {
            self.world.went_wrong(Fault::Refusal, to, u64::from(address.port()));
        }
        if listeners.is_empty() || refuses {
            let back = self.latency(to, from);
            self.later_failed(number, back, io::ErrorKind::ConnectionRefused);
            return;
        }
        let chosen = self.world.draws.below(Site::Net, shard, listeners.len() as u64);
        let listener = listeners[chosen as usize];
        let Some(Socket::Listener(socket)) = self.network.sockets.get(&listener) else { return };
        let is_full = socket.backlog.len() >= socket.backlog_max;
        if is_full || self.world.goes_wrong(Fault::BacklogFull, shard) {
            self.world.went_wrong(Fault::BacklogFull, to, u64::from(address.port()));
            self.knock_again(number);
            return;
        }
        let local = match address.ip() {
            ip if ip.is_loopback() || ip.is_unspecified() => ip,
            _ => self.world.nodes[usize::from(from)].address,
        };
        let port = match self.network.free_port(from) {
            Ok(port) => port,
            Err(error) => return self.fail(number, error),
        };
        let local = SocketAddr::new(local, port);
        let client = self.join(from, to, shard);
        self.offer(listener, client + 1, local);
        let Some(owner) = self.network.operations.end(number) else { return };
        let back = self.latency(to, from);
        let connected = NetDone::Connected { stream: SocketId(client), local };
        self.finish_after(owner, Ok(connected), back);
    }

    fn listeners_for(&self, node: u16, address: SocketAddr) -> Vec<u64> {
        let bound = self.network.bound.get(&(node, address.port()));
        let takes = |id: &u64| match self.network.sockets.get(id) {
            Some(Socket::Listener(listener)) => {
                let (on, to) = (listener.address.ip(), address.ip());
                on.is_unspecified() || on == to || (on.is_loopback() && to.is_unspecified())
            }
            _ => false,
        };
        bound.into_iter().flatten().copied().filter(takes).collect()
    }

    /// Makes both ends of a connection. The client's has the number that is returned, the server's
    /// the next.
    pub(super) fn join(&mut self, from: u16, to: u16, shard: u32) -> u64 {
        let window =
            || WINDOWS[self.world.draws.below(Site::Net, shard, WINDOWS.len() as u64) as usize];
        let (client_window, server_window) = (window(), window());
        let client = self.network.next_id();
        let server = client + 1;
        self.network.add(Socket::Stream(Stream::new(from, (server, to), client_window)));
        self.network.add(Socket::Stream(Stream::new(to, (client, from), server_window)));
        client
    }

    fn knock_again(&mut self, number: u64) {
        let Some(operation) = self.network.operations.get_mut(number) else { return };
        operation.knocks += 1;
        let knocks = operation.knocks;
        if knocks > KNOCKS_MAX {
            self.fail(number, io::ErrorKind::TimedOut.into());
        } else {
            let pause = PAUSE << (knocks - 1);
            self.world.enter_after(pause, What::Net(NetEvent::Knock(number)));
        }
    }

    /// Ends an operation with an error that is heard of only after that time.
    fn later_failed(&mut self, number: u64, delay: u64, kind: io::ErrorKind) {
        let Some(owner) = self.network.operations.end(number) else { return };
        self.finish_after(owner, Err(kind.into()), delay);
    }
}
