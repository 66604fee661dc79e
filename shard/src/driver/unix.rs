//! What any driver does to Unix sockets by system calls that never block.

use std::ffi::OsStr;
use std::io;
#[cfg(feature = "driver-uring")]
use std::os::fd::AsFd;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use greenroom_core::runtime::UnixAddress;
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketAddrAny, SocketAddrUnix, SocketFlags, SocketType};

/// Longest name the kernel takes, with its family before it and the zero behind a path: a longer
/// one, which it can tell of a peer, is not looked at.
const ADDRESS_BYTES: usize = 110;

fn address(name: &UnixAddress) -> io::Result<SocketAddrUnix> {
    let invalid = |what| io::Error::new(io::ErrorKind::InvalidInput, what);
    let address = match name {
        UnixAddress::Unnamed => return Err(invalid("no name to listen at or to connect to")),
        UnixAddress::Path(path) if path.as_os_str().is_empty() => {
            return Err(invalid("an empty path"));
        }
        UnixAddress::Abstract(name) if name.is_empty() => return Err(invalid("an empty name")),
        // One byte is for the zero behind it, so that any program can tell the name.
        UnixAddress::Path(path) if path.as_os_str().len() >= 108 => Err(Errno::NAMETOOLONG),
        UnixAddress::Path(path) => SocketAddrUnix::new(path.as_path()),
        UnixAddress::Abstract(name) => SocketAddrUnix::new_abstract_name(name),
    };
    address.map_err(|error| match error {
        Errno::NAMETOOLONG => invalid("a name that is too long for a socket"),
        // A zero in a path.
        error => error.into(),
    })
}

fn new_socket(flags: SocketFlags) -> io::Result<OwnedFd> {
    Ok(net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?)
}

/// Makes a socket of that name and listens.
pub(crate) fn listen(name: &UnixAddress, backlog: u32, flags: SocketFlags) -> io::Result<OwnedFd> {
    let address = address(name)?;
    let socket = new_socket(flags)?;
    net::bind(&socket, &address)?;
    net::listen(&socket, i32::try_from(backlog).unwrap_or(i32::MAX))?;
    Ok(socket)
}

/// Connects, which is decided at once: with `WouldBlock` when the backlog is full. What `flags` say
/// of blocking holds for the socket afterwards.
pub(crate) fn connect(name: &UnixAddress, flags: SocketFlags) -> io::Result<OwnedFd> {
    let address = address(name)?;
    let socket = new_socket(flags | SocketFlags::NONBLOCK)?;
    loop {
        match net::connect(&socket, &address) {
            Err(Errno::INTR) => {}
            other => break other?,
        }
    }
    if !flags.contains(SocketFlags::NONBLOCK) {
        rustix::io::ioctl_fionbio(&socket, false)?;
    }
    Ok(socket)
}

/// What the other end of a connection is called.
#[cfg(feature = "driver-uring")]
pub(crate) fn peer_name(stream: impl AsFd) -> UnixAddress {
    name(net::getpeername(stream).ok().flatten())
}

/// What a peer is called.
pub(crate) fn name(address: Option<SocketAddrAny>) -> UnixAddress {
    let address = address.filter(|it| it.addr_len() as usize <= ADDRESS_BYTES);
    let Some(Ok(address)) = address.map(SocketAddrUnix::try_from) else {
        return UnixAddress::Unnamed;
    };
    if let Some(path) = address.path_bytes().filter(|path| !path.is_empty()) {
        return UnixAddress::Path(PathBuf::from(OsStr::from_bytes(path).to_owned()));
    }
    match address.abstract_name() {
        Some(name) if !name.is_empty() => UnixAddress::Abstract(name.to_vec()),
        _ => UnixAddress::Unnamed,
    }
}
