//! What any driver does to datagram sockets by system calls that never block.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};

use greenroom_core::runtime::BindOptions;
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};

/// Opens a datagram socket and binds it.
pub(crate) fn bind(options: &BindOptions, flags: SocketFlags) -> io::Result<OwnedFd> {
    let family = match options.address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let socket = net::socket_with(family, SocketType::DGRAM, flags, None)?;
    if options.reuse_port {
        sockopt::set_socket_reuseport(&socket, true)?;
    }
    net::bind(&socket, &options.address)?;
    Ok(socket)
}

/// Sets whom a socket sends to and receives from.
pub(crate) fn set_peer(socket: impl AsFd, peer: &SocketAddr) -> io::Result<()> {
    net::connect(socket, peer).map_err(|error| told(error.into()))
}

/// An error of a send as the runtime's contract names it.
pub(crate) fn told(error: io::Error) -> io::Error {
    let invalid = |what| io::Error::new(io::ErrorKind::InvalidInput, what);
    match Errno::from_io_error(&error) {
        Some(Errno::MSGSIZE) => invalid("a datagram longer than one can be on its way"),
        Some(Errno::AFNOSUPPORT) => invalid("an address of another family"),
        Some(Errno::DESTADDRREQ) => io::Error::new(io::ErrorKind::NotConnected, "to nobody"),
        _ => error,
    }
}
