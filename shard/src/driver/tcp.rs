//! What any driver does to TCP sockets by system calls that never block.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

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
    let socket = net::socket_with(family, net::SocketType::STREAM, flags, None)?;
    probe_silent_peers(&socket);
    Ok(socket)
}

/// How long a connection is silent before the kernel asks whether its peer is there still.
const SILENCE: Duration = Duration::from_secs(300);

/// How long it waits between two such questions, and for the answer to the last.
const PROBE_INTERVAL: Duration = Duration::from_secs(75);

/// Questions without an answer after which the connection is broken.
const PROBES_MAX: u32 = 3;

/// Has the kernel end connections whose peer went without a word, as a machine does that loses its
/// power: else they are held for ever. The connections of a listener have this from it.
fn probe_silent_peers(socket: impl AsFd) {
    // A system that does not know one of them has its own way.
    let _ = sockopt::set_socket_keepalive(&socket, true);
    let _ = sockopt::set_tcp_keepidle(&socket, SILENCE);
    let _ = sockopt::set_tcp_keepintvl(&socket, PROBE_INTERVAL);
    let _ = sockopt::set_tcp_keepcnt(&socket, PROBES_MAX);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_of_a_listener_are_probed_as_it_is() {
        let options = ListenOptions::new(SocketAddr::from(([127, 0, 0, 1], 0)));
        let listener = listen(&options, SocketFlags::CLOEXEC).unwrap();
        let near = std::net::TcpStream::connect(local_address(&listener).unwrap()).unwrap();
        let far = net::accept(&listener).unwrap();
        assert!(sockopt::socket_keepalive(&far).unwrap());
        assert_eq!(sockopt::tcp_keepidle(&far).unwrap(), SILENCE);
        assert!(!sockopt::socket_keepalive(&near).unwrap(), "by itself it has none");
    }
}
