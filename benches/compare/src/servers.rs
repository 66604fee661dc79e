//! Echo servers on other runtimes, for the load generator of our benches (`greenroom-benches echo
//! --rivals PATH`): each takes a port that is free, says where it listens, and serves until the
//! process is ended. Each sends back what it gets, with a buffer for each connection, on the one
//! thread that the runtime has.

mod epoll;
mod tokio;

#[cfg(feature = "compio")]
mod compio;
#[cfg(feature = "monoio")]
mod monoio;

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Bytes of a connection's buffer.
const BUFFER_BYTES: usize = 4096;

/// A server: its name, and what serves, for ever.
type Server = (&'static str, fn(TcpListener) -> io::Result<()>);

/// All that are built.
const SERVERS: &[Server] = &[
    ("epoll", |listener| epoll::serve(&listener, epoll::Wait::Sleep)),
    ("epoll-spin", |listener| epoll::serve(&listener, epoll::Wait::Spin)),
    ("tokio", tokio::serve),
    #[cfg(feature = "monoio")]
    ("monoio", monoio::serve),
    #[cfg(feature = "compio")]
    ("compio", compio::serve),
];

/// Their names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SERVERS.iter().map(|(name, _)| *name)
}

/// Serves as `name`, for as long as nothing fails.
///
/// # Errors
///
/// When there is no such server, or what the operating system says.
pub(crate) fn serve(name: &str) -> io::Result<()> {
    let found = SERVERS.iter().find(|server| server.0 == name);
    let (_, serve) = found.ok_or_else(|| io::Error::other(format!("no server {name}")))?;
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    // Not every runtime takes a socket that waits.
    listener.set_nonblocking(true)?;
    let mut out = io::stdout();
    writeln!(out, "listens on {}", listener.local_addr()?)?;
    out.flush()?;
    serve(listener)
}
