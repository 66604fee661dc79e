//! What a datagram is to the kernel: a header that points to an address and to bytes.
//!
//! An incoming datagram comes into a buffer of the buffer ring, the kernel's own words and the
//! sender's address before it, or into a buffer that its operation owns.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::ptr::{self, null_mut};

use greenroom_core::runtime::{Buffer, NetDone, OpId};
use libc::{iovec, msghdr};
use rustix::net::{AddressFamily, SocketAddrAny};

/// Bytes of the longest address of a datagram socket, `sockaddr_in6`.
const NAME_BYTES: usize = 28;

/// What the kernel writes before the address: lengths of address, control data and datagram, and
/// flags, four bytes each (`struct io_uring_recvmsg_out`).
const WORDS_BYTES: usize = 16;

/// Where a datagram begins in a buffer of the buffer ring.
const PAYLOAD_AT: usize = WORDS_BYTES + NAME_BYTES;

/// What is wanted of each datagram that comes into the buffer ring: its address, and no more.
pub(super) const TEMPLATE: &msghdr = &header(null_mut(), NAME_BYTES as u32, null_mut());

const fn header(name: *mut u8, name_len: u32, vector: *mut iovec) -> msghdr {
    msghdr {
        msg_name: name.cast(),
        msg_namelen: name_len,
        msg_iov: vector,
        msg_iovlen: if vector.is_null() { 0 } else { 1 },
        msg_control: null_mut(),
        msg_controllen: 0,
        msg_flags: 0,
    }
}

const fn vector(base: *mut u8, len: usize) -> iovec {
    iovec { iov_base: base.cast(), iov_len: len }
}

/// A datagram that is being sent. It is in a box while it is, and stays where it is.
pub(super) struct Outgoing {
    pub(super) op: OpId,
    pub(super) data: Vec<u8>,
    /// Where to; `None` for the socket's peer.
    to: Option<SocketAddrAny>,
    header: msghdr,
    vector: iovec,
}

impl Outgoing {
    pub(super) fn new(op: OpId, data: Vec<u8>, to: Option<SocketAddr>) -> Box<Self> {
        let (header, vector) = (*TEMPLATE, vector(null_mut(), 0));
        Box::new(Self { op, data, to: to.map(SocketAddrAny::from), header, vector })
    }

    /// Its header, which points into what this owns.
    pub(super) fn header(&mut self) -> *const msghdr {
        self.vector = vector(self.data.as_ptr().cast_mut(), self.data.len());
        let (name, len) = match &self.to {
            Some(to) => (to.as_ptr().cast::<u8>().cast_mut(), to.addr_len()),
            None => (null_mut(), 0),
        };
        self.header = header(name, len, &raw mut self.vector);
        ptr::from_ref(&self.header)
    }
}

/// A datagram that is waited for, with a buffer of its own. It is in a box, and stays where it is.
pub(super) struct Incoming {
    pub(super) data: Vec<u8>,
    max: usize,
    name: Name,
    header: msghdr,
    vector: iovec,
}

/// An address as the kernel writes it.
#[repr(align(8))]
struct Name([u8; NAME_BYTES]);

impl Incoming {
    /// Waits for a datagram of which `max` bytes are received.
    pub(super) fn new(max: usize) -> Box<Self> {
        let (header, vector) = (*TEMPLATE, vector(null_mut(), 0));
        let (data, name) = (Vec::with_capacity(max), Name([0; NAME_BYTES]));
        Box::new(Self { data, max, name, header, vector })
    }

    /// Bytes that the kernel may write to the buffer.
    pub(super) fn room(&self) -> usize {
        self.max.min(self.data.capacity())
    }

    /// Its header, which points into what this owns.
    pub(super) fn header(&mut self) -> *mut msghdr {
        let room = self.room();
        self.vector = vector(self.data.spare_capacity_mut().as_mut_ptr().cast(), room);
        let name = self.name.0.as_mut_ptr();
        self.header = header(name, NAME_BYTES as u32, &raw mut self.vector);
        &raw mut self.header
    }

    /// The datagram that came, which was `len` bytes long.
    pub(super) fn received(self, len: usize) -> io::Result<NetDone> {
        let from = address(&self.name.0).ok_or_else(strange)?;
        Ok(NetDone::ReceivedFrom { data: Buffer::new(self.data), from, len })
    }
}

/// The datagram in a buffer of the buffer ring, of which at most `max` bytes are received.
pub(super) fn from_ring(mut bytes: Vec<u8>, max: usize) -> io::Result<NetDone> {
    let word = |at: usize| {
        let word = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_ne_bytes(word) as usize)
    };
    let len = word(8).ok_or_else(strange)?;
    let name = bytes.get(WORDS_BYTES..PAYLOAD_AT).ok_or_else(strange)?;
    let from = address(name).ok_or_else(strange)?;
    bytes.truncate(PAYLOAD_AT.saturating_add(max));
    Ok(NetDone::ReceivedFrom { data: Buffer::behind(PAYLOAD_AT, bytes), from, len })
}

/// What the kernel does not write.
fn strange() -> io::Error {
    io::Error::other("a datagram without an address")
}

/// Reads a `sockaddr_in` or a `sockaddr_in6`.
fn address(name: &[u8]) -> Option<SocketAddr> {
    let bytes = |at: usize| name.get(at..at + 4)?.try_into().ok();
    let family = u16::from_ne_bytes(name.get(..2)?.try_into().ok()?);
    let port = u16::from_be_bytes(name.get(2..4)?.try_into().ok()?);
    if family == AddressFamily::INET.as_raw() {
        let ip: [u8; 4] = bytes(4)?;
        return Some((Ipv4Addr::from(ip), port).into());
    }
    if family != AddressFamily::INET6.as_raw() {
        return None;
    }
    let ip: [u8; 16] = name.get(8..24)?.try_into().ok()?;
    // Of the two numbers behind, one is the network's and the other the machine's.
    let (flow, scope) = (u32::from_be_bytes(bytes(4)?), u32::from_ne_bytes(bytes(24)?));
    Some(SocketAddrV6::new(Ipv6Addr::from(ip), port, flow, scope).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_the_kernel_writes_them() {
        let mut name = [0; NAME_BYTES];
        name[..2].copy_from_slice(&AddressFamily::INET.as_raw().to_ne_bytes());
        name[2..8].copy_from_slice(&[0x1f, 0x90, 127, 0, 0, 1]);
        assert_eq!(address(&name), Some("127.0.0.1:8080".parse().unwrap()));
        name = [0; NAME_BYTES];
        name[..2].copy_from_slice(&AddressFamily::INET6.as_raw().to_ne_bytes());
        (name[3], name[8], name[9], name[23]) = (80, 0xfe, 0x80, 1);
        name[24..].copy_from_slice(&7u32.to_ne_bytes());
        assert_eq!(address(&name), Some("[fe80::1%7]:80".parse().unwrap()));
        assert_eq!(address(&[0; NAME_BYTES]), None);
        assert_eq!(address(&name[..20]), None);
    }

    #[test]
    fn what_the_kernel_cannot_have_written_is_an_error() {
        for len in [0, 3, 16, 43] {
            assert!(from_ring(vec![0; len], 100).is_err(), "{len} bytes");
        }
    }
}
