//! Datagrams.
//!
//! A datagram arrives whole, once, more than once, out of order, or not at all, and nobody is told.
//! What is between two sockets is the network's business; what this adds to it is bounds: a socket
//! holds so many bytes that nobody has received, and drops what comes on top.
//!
//! As with a stream, a receive whose future was dropped goes on in its socket, and the next one
//! takes what it brings.

mod sender;
mod socket;

pub use sender::UdpSender;
pub use socket::{Datagram, UdpSocket};
