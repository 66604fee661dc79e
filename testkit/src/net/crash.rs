//! Nodes that go down and come back.

use greenroom_core::runtime::SocketId;

use super::links::GIVE_UP_AFTER;
use super::operate::{Net, Network};
use super::socket::{Segment, Socket};
use crate::events::What;
use crate::faults::Crash;

impl Network {
    /// Whether a socket is sending to a node that is down.
    pub(super) fn is_unanswered(&self, sender: u64) -> bool {
        let sends = self.unanswered.iter().any(|&(_, other)| other == sender);
        sends && self.sockets.get(&sender).is_some()
    }
}

impl Net<'_> {
    /// A node goes down. A kernel that lives on closes its sockets; else nobody is told.
    pub(crate) fn crash(&mut self, node: u16, how: Crash) {
        self.network.operations.end_all(node);
        let is_here = |socket: &Socket| match socket {
            Socket::Listener(listener) => listener.node == node,
            Socket::Stream(stream) => stream.node == node,
            Socket::Datagram(socket) => socket.node == node,
        };
        let sockets = self.network.sockets.iter().filter(|(_, socket)| is_here(socket));
        let ids: Vec<u64> = sockets.map(|(id, _)| id).collect();
        for id in ids {
            let closes = match self.network.sockets.get(&id) {
                // Of these nobody else hears; the path of a Unix socket stays either way.
                Some(Socket::Datagram(_)) => true,
                Some(Socket::Listener(listener)) => listener.unix.is_some(),
                _ => false,
            };
            if how == Crash::Process || closes {
                // Closing a listener closes what waits before it.
                drop(self.close(SocketId(id)));
            } else if let Some(Socket::Stream(stream)) = self.network.sockets.remove(&id) {
                self.network.unix.forget_stream(id);
                if !stream.flight.is_empty() {
                    self.goes_unanswered(node, stream.peer);
                }
            }
        }
        self.network.bound.retain(|&(on, _), _| on != node);
    }

    /// A socket has sent to a node that is down. It sends again until it gives up.
    pub(super) fn goes_unanswered(&mut self, node: u16, sender: u64) {
        let entry = (node, sender);
        if !self.network.unanswered.contains(&entry) {
            self.network.unanswered.push(entry);
            self.world.enter_after(GIVE_UP_AFTER, What::Unanswered(sender));
        }
    }

    /// A socket has sent again often enough.
    pub(super) fn unanswered(&mut self, sender: u64) {
        let before = self.network.unanswered.len();
        self.network.unanswered.retain(|&(_, other)| other != sender);
        if self.network.unanswered.len() < before {
            self.time_out(sender);
        }
    }

    /// A node comes back: it knows nothing of the connections it had.
    pub(crate) fn restart(&mut self, node: u16) {
        for (on, sender) in std::mem::take(&mut self.network.unanswered) {
            if on == node {
                if let Some(Socket::Stream(stream)) = self.network.sockets.get(&sender) {
                    self.transmit((node, stream.node), sender, Segment::Reset);
                }
            } else {
                self.network.unanswered.push((on, sender));
            }
        }
    }
}
