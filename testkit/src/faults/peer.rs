//! A side of a partition.

use std::net::IpAddr;

/// A node, by number or by address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Peer {
    /// The node of that number.
    Node(u16),
    /// The node that has that address.
    Address(IpAddr),
}

impl From<u16> for Peer {
    fn from(node: u16) -> Self {
        Self::Node(node)
    }
}

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        Self::Address(address)
    }
}
