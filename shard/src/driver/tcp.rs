//! What any driver does to TCP sockets by system calls that never block.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};

use greenroom_core::runtime::ListenOptions;
#[cfg(feature = "driver-uring")]
use rustix::io::Errno;
use rustix::net::{self, SocketFlags, sockopt};

/// A socket for connections with, or to, such an address.
pub(crate) fn new_socket(address: &SocketAddr, flags: SocketFlags) -> io::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => net::AddressFamily::INET,
        SocketAddr::V6(_) => net::AddressFamily::INET6,
    };
    Ok(net::socket_with(family, net::SocketType::STREAM, flags, None)?)
}

/// Binds and listens.
pub(crate) fn listen(options: &ListenOptions, flags: SocketFlags) -> io::Result<OwnedFd> {
    let socket = new_socket(&options.address, flags)?;
    // Connections of an earlier listener that are being forgotten do not keep the address.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if options.reuse_port {
        sockopt::set_socket_reuseport(&socket, true)?;
    }
    net::bind(&socket, &options.address)?;
    net::listen(&socket, i32::try_from(options.backlog).unwrap_or(i32::MAX))?;
    Ok(socket)
}

/// Sends small messages at once. A connection that broke meanwhile says so at its first use.
pub(crate) fn hurry(stream: impl AsFd) {
    let _ = sockopt::set_tcp_nodelay(stream, true);
}

pub(crate) fn local_address(socket: impl AsFd) -> io::Result<SocketAddr> {
    Ok(SocketAddr::try_from(net::getsockname(socket)?)?)
}

/// The other end's address.
#[cfg(feature = "driver-uring")]
pub(crate) fn peer_address(socket: impl AsFd) -> io::Result<SocketAddr> {
    let address = net::getpeername(socket)?.ok_or(Errno::NOTCONN)?;
    Ok(SocketAddr::try_from(address)?)
}
