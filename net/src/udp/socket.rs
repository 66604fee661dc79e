//! The socket.

use std::cell::Cell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use greenroom_core::io::{IoFuture, net};
use greenroom_core::runtime::{BindOptions, Buffer, NetDone, NetRequest};

use super::UdpSender;
use crate::socket::{Finishing, Socket, unexpected};

/// A datagram that was received.
#[derive(Debug)]
pub struct Datagram {
    /// Its bytes, as many as the socket takes ([`BindOptions::datagram_max`]). Dropping the buffer
    /// gives its memory back to the shard's pool.
    pub data: Buffer,
    /// Who sent it.
    pub from: SocketAddr,
    /// How long it was when it was sent, in bytes.
    pub len: usize,
}

impl Datagram {
    /// Whether it was longer than the socket takes, and its end is lost.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.len > self.data.len()
    }
}

/// A UDP socket. Closed when it and all its [senders](UdpSocket::sender) are dropped.
///
/// ```no_run
/// # use greenroom_net::UdpSocket;
/// # async fn echo() -> std::io::Result<()> {
/// let mut socket = UdpSocket::bind(([127, 0, 0, 1], 0)).await?;
/// loop {
///     let datagram = socket.receive_from().await?;
///     socket.send_to(datagram.data.to_vec(), datagram.from).await?;
/// }
/// # }
/// ```
///
/// # Shard
///
/// Belongs to the shard it was bound on. To use several cores, bind on each shard with
/// [`BindOptions::reuse_port`].
pub struct UdpSocket {
    /// Before the socket, so that it is given up before the socket closes.
    receiving: Option<IoFuture<NetDone>>,
    sender: UdpSender,
    peer: Cell<Option<SocketAddr>>,
}

impl UdpSocket {
    /// Binds an address with default options; port 0 lets the system choose a port.
    ///
    /// # Errors
    ///
    /// What the operating system says, `AddrInUse` above all; `NotConnected` outside any shard.
    ///
    /// # Cancel safety
    ///
    /// A socket that comes to be although its future was dropped is closed.
    pub async fn bind(address: impl Into<SocketAddr>) -> io::Result<Self> {
        Self::bind_with(BindOptions::new(address.into())).await
    }

    /// Binds as `options` say.
    ///
    /// # Errors
    ///
    /// As [`UdpSocket::bind`].
    ///
    /// # Cancel safety
    ///
    /// As [`UdpSocket::bind`].
    pub async fn bind_with(options: BindOptions) -> io::Result<Self> {
        match net(NetRequest::Bind(options)).await? {
            NetDone::Bound { socket, local } => {
                let socket = Rc::new(Socket::new(socket, local, local)?);
                Ok(Self { receiving: None, sender: UdpSender { socket }, peer: Cell::new(None) })
            }
            other => Err(unexpected(&other)),
        }
    }

    /// Has the socket send to `peer` with [`UdpSocket::send`], and receive from there alone.
    /// Nothing is sent. What had come from others before may still be received.
    ///
    /// # Errors
    ///
    /// What the operating system says, such as that there is no way there.
    ///
    /// # Cancel safety
    ///
    /// Once polled it takes effect, whether or not somebody waits; but [`UdpSocket::peer_addr`] tells
    /// of it only if somebody did.
    pub async fn connect(&self, peer: SocketAddr) -> io::Result<()> {
        let set = self.sender.socket.start(|socket| NetRequest::SetPeer { socket, peer })?;
        Finishing::new(set).await?;
        self.peer.set(Some(peer));
        Ok(())
    }

    /// Receives one datagram, waiting for it where there is none.
    ///
    /// # Errors
    ///
    /// What the operating system says. Of a socket that has a peer, `ConnectionRefused` when an
    /// earlier datagram found nobody there; the socket stands, and may be used on.
    ///
    /// # Cancel safety
    ///
    /// Safe. The receive goes on in this socket, and the next one takes what it brings.
    pub async fn receive_from(&mut self) -> io::Result<Datagram> {
        poll_fn(|cx| self.poll_receive_from(cx)).await
    }

    fn poll_receive_from(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Datagram>> {
        let socket = &self.sender.socket;
        let receiving = match &mut self.receiving {
            Some(receiving) => receiving,
            none => none.insert(socket.start(|socket| NetRequest::ReceiveFrom { socket })?),
        };
        let done = ready!(Pin::new(receiving).poll(cx));
        self.receiving = None;
        Poll::Ready(match done? {
            NetDone::ReceivedFrom { data, from, len } => Ok(Datagram { data, from, len }),
            other => Err(unexpected(&other)),
        })
    }

    /// Sends `data` as one datagram to `to`, and gives the buffer back, empty; see
    /// [`UdpSender::send_to`].
    ///
    /// # Errors
    ///
    /// As [`UdpSender::send_to`]; the socket stands.
    ///
    /// # Cancel safety
    ///
    /// As [`UdpSender::send_to`].
    pub async fn send_to(&self, data: Vec<u8>, to: SocketAddr) -> io::Result<Vec<u8>> {
        self.sender.send_to(data, to).await
    }

    /// Sends `data` as one datagram to the peer; see [`UdpSender::send`].
    ///
    /// # Errors
    ///
    /// As [`UdpSender::send`]; the socket stands.
    ///
    /// # Cancel safety
    ///
    /// As [`UdpSender::send_to`].
    pub async fn send(&self, data: Vec<u8>) -> io::Result<Vec<u8>> {
        self.sender.send(data).await
    }

    /// Another handle that sends from this socket, for another task of the shard.
    #[must_use]
    pub fn sender(&self) -> UdpSender {
        self.sender.clone()
    }

    /// The address this is bound to, the real port filled in.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        *self.sender.socket.local()
    }

    /// The other end, if there is one; see [`UdpSocket::connect`].
    #[must_use]
    pub const fn peer_addr(&self) -> Option<SocketAddr> {
        self.peer.get()
    }

    /// Closes the socket, giving up what is under way on it; its senders fail from then on. When
    /// this returns, its address is free.
    ///
    /// # Errors
    ///
    /// What the operating system says; the socket is gone all the same.
    ///
    /// # Cancel safety
    ///
    /// The socket is closed whether or not somebody waits.
    pub async fn close(self) -> io::Result<()> {
        let Self { receiving, sender, .. } = self;
        drop(receiving);
        sender.socket.close()?.await
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpSocket")
            .field("socket", &self.sender.socket)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
