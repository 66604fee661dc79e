//! Sockets and files as an actor uses them, on a ring of the test's choice.

use std::io;
use std::net::SocketAddr;

use greenroom_core::io::{disk, net};
use greenroom_core::runtime::{
    BindOptions, Buffer, DiskRequest, FileId, ListenOptions, NetDone, NetRequest, ShutdownSide,
    SocketId,
};
use greenroom_core::{Result, System, spawn_local};

use crate::driver::{Driver, RingLimits};
use crate::{Builder, IdleStrategy, Pin};

/// Runs `body` on one shard with such a ring.
pub(super) fn on_ring<T, F>(ring: RingLimits, idle: IdleStrategy, body: F) -> T
where
    T: Send + 'static,
    F: AsyncFnOnce(System) -> Result<T> + Send + 'static,
{
    let builder = Builder::new().driver(Driver::Uring).shards(1).pin(Pin::None);
    builder.idle(idle).ring(ring).run(body).expect("the body passes")
}

fn other<T>(done: NetDone) -> io::Result<T> {
    Err(io::Error::other(format!("{done:?}")))
}

pub(super) async fn listen() -> io::Result<(SocketId, SocketAddr)> {
    let options = ListenOptions::new(SocketAddr::from(([127, 0, 0, 1], 0)));
    match net(NetRequest::Listen(options)).await? {
        NetDone::Listening { listener, local } => Ok((listener, local)),
        done => other(done),
    }
}

pub(super) async fn accept(listener: SocketId) -> io::Result<SocketId> {
    match net(NetRequest::Accept { listener }).await? {
        NetDone::Accepted { stream, .. } => Ok(stream),
        done => other(done),
    }
}

pub(super) async fn connect(address: SocketAddr) -> io::Result<SocketId> {
    match net(NetRequest::Connect { address }).await? {
        NetDone::Connected { stream, .. } => Ok(stream),
        done => other(done),
    }
}

/// Both ends of a connection.
pub(super) async fn pair(listener: SocketId, to: SocketAddr) -> Result<(SocketId, SocketId)> {
    let near = spawn_local(connect(to));
    let far = accept(listener).await?;
    Ok((near.await??, far))
}

pub(super) async fn receive(stream: SocketId, max: usize) -> io::Result<Buffer> {
    match net(NetRequest::Receive { stream, max }).await? {
        NetDone::Received(bytes) => Ok(bytes),
        done => other(done),
    }
}

pub(super) async fn send(stream: SocketId, mut data: Vec<u8>) -> io::Result<()> {
    let mut start = 0;
    while start < data.len() {
        match net(NetRequest::Send { stream, data, start }).await? {
            NetDone::Sent { data: back, written } => {
                data = back;
                start += written;
            }
            done => return other(done),
        }
    }
    Ok(())
}

pub(super) async fn bind(datagram_max: usize) -> io::Result<(SocketId, SocketAddr)> {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let options = BindOptions { datagram_max, ..BindOptions::new(address) };
    match net(NetRequest::Bind(options)).await? {
        NetDone::Bound { socket, local } => Ok((socket, local)),
        done => other(done),
    }
}

/// A datagram, who sent it, and how long it was.
pub(super) async fn receive_from(socket: SocketId) -> io::Result<(Vec<u8>, SocketAddr, usize)> {
    match net(NetRequest::ReceiveFrom { socket }).await? {
        NetDone::ReceivedFrom { data, from, len } => Ok((data.to_vec(), from, len)),
        done => other(done),
    }
}

pub(super) async fn send_to(socket: SocketId, data: Vec<u8>, to: SocketAddr) -> io::Result<()> {
    net(NetRequest::SendTo { socket, data, to: Some(to) }).await.map(drop)
}

pub(super) async fn receive_to_end(stream: SocketId) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let bytes = receive(stream, 1000).await?;
        if bytes.is_empty() {
            return Ok(all);
        }
        all.extend_from_slice(&bytes);
    }
}

/// Sends back what comes, to its end, and closes.
pub(super) async fn echo(stream: SocketId) -> io::Result<()> {
    loop {
        let bytes = receive(stream, 1 << 20).await?;
        if bytes.is_empty() {
            return close(stream).await;
        }
        send(stream, bytes.to_vec()).await?;
    }
}

pub(super) async fn end_sends(stream: SocketId) -> io::Result<()> {
    net(NetRequest::Shutdown { stream, side: ShutdownSide::Send }).await.map(drop)
}

/// Comes back when what was asked for before is with the kernel. (What there is to say of sockets
/// may be said at once; of files it is said at the next turn.)
pub(super) async fn turn() {
    let nothing = DiskRequest::Close { file: FileId(u64::MAX) };
    assert!(disk(nothing).await.is_err(), "there is no such file");
}

pub(super) async fn close(socket: SocketId) -> io::Result<()> {
    net(NetRequest::Close { socket }).await.map(drop)
}
