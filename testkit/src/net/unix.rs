//! Unix sockets: streams within a node, by name.
//!
//! They are the streams of [`super::stream`] without a way between nodes, so nothing of what goes
//! wrong with one happens to them. A path is a name of its node until it is removed, whether or not
//! anybody listens; the disk knows nothing of it but that a file of that name cannot be made.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use greenroom_core::runtime::{NetDone, SocketId, UnixAddress};

use super::operate::Net;
use super::socket::{Listener, Socket};
use crate::world::World;

/// Longest path of a socket, in bytes, as on Linux.
const PATH_MAX: usize = 107;

/// The names of all nodes' Unix sockets.
#[derive(Default, Debug)]
pub(super) struct UnixNames {
    /// Who listens there; `None` at a path that has outlived its listener.
    listeners: BTreeMap<(u16, UnixAddress), Option<u64>>,
    /// Streams that connect two ends of one node.
    streams: BTreeSet<u64>,
}

impl UnixNames {
    /// Whether nothing of the network happens to this stream.
    pub(super) fn has(&self, stream: u64) -> bool {
        self.streams.contains(&stream)
    }

    pub(super) fn forget_stream(&mut self, stream: u64) {
        self.streams.remove(&stream);
    }
}

impl Net<'_> {
    pub(super) fn listen_unix(
        &mut self,
        node: u16,
        address: UnixAddress,
        backlog: u32,
    ) -> io::Result<NetDone> {
        check(&address)?;
        let is_file = match &address {
            UnixAddress::Path(path) => self.world.disks.borrow().has(node, path),
            UnixAddress::Unnamed | UnixAddress::Abstract(_) => false,
        };
        let name = (node, address.clone());
        if is_file || self.network.unix.listeners.contains_key(&name) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let id = self.network.add(Socket::Listener(Listener {
            node,
            address: nowhere(),
            unix: Some(address),
            backlog_max: backlog.max(1) as usize,
            reuse_port: false,
            backlog: VecDeque::new(),
            accepts: VecDeque::new(),
        }));
        self.network.unix.listeners.insert(name, Some(id));
        Ok(NetDone::ListeningUnix { listener: SocketId(id) })
    }

    pub(super) fn connect_unix(
        &mut self,
        (node, shard): (u16, u32),
        address: UnixAddress,
    ) -> io::Result<NetDone> {
        check(&address)?;
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let is_file = match &address {
            UnixAddress::Path(path) => self.world.disks.borrow().has(node, path),
            UnixAddress::Unnamed | UnixAddress::Abstract(_) => true,
        };
        let missing =
            if is_file { io::ErrorKind::ConnectionRefused } else { io::ErrorKind::NotFound };
        let listener = *self.network.unix.listeners.get(&(node, address)).ok_or(missing)?;
        let listener = listener.ok_or_else(refused)?;
        let Some(Socket::Listener(socket)) = self.network.sockets.get(&listener) else {
            return Err(refused());
        };
        if socket.backlog.len() >= socket.backlog_max {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let client = self.join(node, node, shard);
        self.network.unix.streams.extend([client, client + 1]);
        self.offer(listener, client + 1, nowhere());
        Ok(NetDone::ConnectedUnix { stream: SocketId(client) })
    }

    /// A listener is closed: an abstract name is free, a path stays.
    pub(super) fn unlisten_unix(&mut self, node: u16, address: UnixAddress) {
        let stays = matches!(address, UnixAddress::Path(_));
        let name = (node, address);
        if stays {
            self.network.unix.listeners.insert(name, None);
        } else {
            self.network.unix.listeners.remove(&name);
        }
    }
}

/// Takes a socket's path away. Whether there was one.
pub(crate) fn remove_path(world: &World, node: u16, path: &Path) -> bool {
    let name = (node, UnixAddress::Path(path.to_owned()));
    world.network.borrow_mut().unix.listeners.remove(&name).is_some()
}

/// Takes all sockets' paths of a node away, with what else is on its disk.
pub(crate) fn wipe_paths(world: &World, node: u16) {
    world.network.borrow_mut().unix.listeners.retain(|&(on, _), _| on != node);
}

fn check(address: &UnixAddress) -> io::Result<()> {
    let (len, what) = match address {
        UnixAddress::Unnamed => (0, "no name to listen at or to connect to"),
        UnixAddress::Path(path) => (path.as_os_str().len(), "a path that is empty or too long"),
        UnixAddress::Abstract(name) => (name.len(), "a name that is empty or too long"),
    };
    let fits = (1..=PATH_MAX).contains(&len);
    if fits { Ok(()) } else { Err(io::Error::new(io::ErrorKind::InvalidInput, what)) }
}

/// Where a Unix socket is on the network.
fn nowhere() -> SocketAddr {
    (Ipv4Addr::UNSPECIFIED, 0).into()
}
