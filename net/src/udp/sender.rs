//! Sending.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use greenroom_core::runtime::{NetDone, NetRequest};

use crate::socket::{Socket, unexpected};

/// The sending side of a [`UdpSocket`](super::UdpSocket): cloned for each task that sends. The
/// socket is closed when it and all its senders are gone.
///
/// # Shard
///
/// Belongs to its socket's shard.
#[derive(Clone, Debug)]
pub struct UdpSender {
    pub(super) socket: Rc<Socket<SocketAddr>>,
}

impl UdpSender {
    /// Sends `data` as one datagram to `to`, and gives the buffer back, empty. "Sent" means handed
    /// to the operating system.
    ///
    /// # Errors
    ///
    /// `InvalidInput` when `data` is longer than a datagram can be (65,507 bytes over IPv4), and
    /// for an address of another family; what the operating system says. Of a socket that has a
    /// peer, `ConnectionRefused` when an earlier datagram found nobody there; this one was not sent
    /// then.
    ///
    /// # Cancel safety
    ///
    /// Before its first poll a dropped send has done nothing; after that the datagram leaves whole
    /// or not at all.
    pub async fn send_to(&self, data: Vec<u8>, to: SocketAddr) -> io::Result<Vec<u8>> {
        self.transmit(data, Some(to)).await
    }

    /// Sends `data` as one datagram to the socket's peer; see [`UdpSender::send_to`].
    ///
    /// # Errors
    ///
    /// As [`UdpSender::send_to`]; `NotConnected` when the socket has no peer.
    ///
    /// # Cancel safety
    ///
    /// As [`UdpSender::send_to`].
    pub async fn send(&self, data: Vec<u8>) -> io::Result<Vec<u8>> {
        self.transmit(data, None).await
    }

    async fn transmit(&self, data: Vec<u8>, to: Option<SocketAddr>) -> io::Result<Vec<u8>> {
        match self.socket.start(|socket| NetRequest::SendTo { socket, data, to })?.await? {
            NetDone::Sent { mut data, .. } => {
                data.clear();
                Ok(data)
            }
            other => Err(unexpected(&other)),
        }
    }
}
