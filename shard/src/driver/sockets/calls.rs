//! The system calls, none of which blocks.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};

use greenroom_core::runtime::ShutdownSide;
use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::net;
use rustix::net::sockopt;

use crate::driver::tcp;

/// A call that would block returns instead.
pub(super) const FLAGS: net::SocketFlags =
    net::SocketFlags::CLOEXEC.union(net::SocketFlags::NONBLOCK);

/// What a call came to, that cannot wait.
#[derive(Debug)]
pub(super) enum Tried<T> {
    Done(io::Result<T>),
    /// It would have blocked; the poller will tell when it would not.
    Later,
}

fn tried<T>(result: Result<T, Errno>) -> Tried<T> {
    match result {
        Ok(value) => Tried::Done(Ok(value)),
        Err(Errno::AGAIN) => Tried::Later,
        Err(error) => Tried::Done(Err(error.into())),
    }
}

/// Repeats a call that a signal interrupted.
fn steadily<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            other => return other,
        }
    }
}

/// Takes a waiting connection.
pub(super) fn accept(listener: impl AsFd) -> Tried<(OwnedFd, Option<net::SocketAddrAny>)> {
    let accepted = loop {
        match net::acceptfrom_with(&listener, FLAGS) {
            // Gone before it was taken: the next may be there.
            Err(Errno::INTR | Errno::CONNABORTED) => {}
            other => break other,
        }
    };
    tried(accepted)
}

/// Begins to connect. [`Tried::Later`] when it is not decided at once.
pub(super) fn connect(address: &SocketAddr) -> io::Result<(OwnedFd, Tried<()>)> {
    let socket = tcp::new_socket(address, FLAGS)?;
    let connecting = match net::connect(&socket, address) {
        // A signal does not stop it: it goes on by itself.
        Err(Errno::INPROGRESS | Errno::INTR) => Tried::Later,
        other => tried(other),
    };
    Ok((socket, connecting))
}

/// How a connect was decided.
pub(super) fn connected(socket: impl AsFd) -> io::Result<()> {
    Ok(sockopt::socket_error(socket)??)
}

/// Receives at most `max` bytes into an empty buffer.
pub(super) fn receive(stream: impl AsFd, buffer: &mut Vec<u8>, max: usize) -> Tried<usize> {
    let flags = net::RecvFlags::empty();
    if max >= buffer.capacity() {
        return tried(steadily(|| net::recv(&stream, spare_capacity(buffer), flags)).map(|r| r.0));
    }
    buffer.resize(max, 0);
    let received = steadily(|| net::recv(&stream, &mut buffer[..], flags)).map(|r| r.0);
    buffer.truncate(received.unwrap_or(0));
    tried(received)
}

/// Sends what fits.
pub(super) fn send(stream: impl AsFd, data: &[u8]) -> Tried<usize> {
    tried(steadily(|| net::send(&stream, data, net::SendFlags::NOSIGNAL)))
}

/// Receives a datagram into an empty buffer; tells how long it was and who sent it.
pub(super) fn receive_from(socket: impl AsFd, buffer: &mut Vec<u8>) -> Tried<(usize, SocketAddr)> {
    let received =
        steadily(|| net::recvfrom(&socket, spare_capacity(buffer), net::RecvFlags::TRUNC));
    tried(received.and_then(|(_, len, from)| {
        let from = from.and_then(|from| SocketAddr::try_from(from).ok());
        from.map(|from| (len, from)).ok_or(Errno::AFNOSUPPORT)
    }))
}

/// Sends a datagram, to the socket's peer where there is no address.
pub(super) fn send_to(socket: impl AsFd, data: &[u8], to: Option<&SocketAddr>) -> Tried<usize> {
    let flags = net::SendFlags::NOSIGNAL;
    tried(steadily(|| match to {
        Some(to) => net::sendto(&socket, data, flags, to),
        None => net::send(&socket, data, flags),
    }))
}

pub(super) fn shutdown(stream: impl AsFd, side: ShutdownSide) -> io::Result<()> {
    let side = match side {
        ShutdownSide::Receive => net::Shutdown::Read,
        ShutdownSide::Send => net::Shutdown::Write,
        ShutdownSide::Both => net::Shutdown::Both,
    };
    Ok(net::shutdown(stream, side)?)
}
