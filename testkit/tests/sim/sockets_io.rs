//! Socket operations as futures, for several tests.

use std::io::Error;
use std::net::SocketAddr;

use greenroom_core::io::net;
use greenroom_core::runtime::{ListenOptions, NetDone, NetRequest, SocketId};

pub(crate) async fn listen(address: &str) -> Result<SocketId, Error> {
    let options = ListenOptions::new(address.parse().unwrap());
    match net(NetRequest::Listen(options)).await? {
        NetDone::Listening { listener, .. } => Ok(listener),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn accept(listener: SocketId) -> Result<SocketId, Error> {
    match net(NetRequest::Accept { listener }).await? {
        NetDone::Accepted { stream, .. } => Ok(stream),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn connect(address: SocketAddr) -> Result<SocketId, Error> {
    match net(NetRequest::Connect { address }).await? {
        NetDone::Connected { stream, .. } => Ok(stream),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn receive(stream: SocketId) -> Result<Vec<u8>, Error> {
    match net(NetRequest::Receive { stream, max: 1000 }).await? {
        NetDone::Received(bytes) => Ok(bytes.to_vec()),
        other => panic!("{other:?}"),
    }
}

/// Sends a few bytes, which any buffer holds.
pub(crate) async fn send(stream: SocketId, data: &[u8]) -> Result<(), Error> {
    let (mut data, mut start) = (data.to_vec(), 0);
    while start < data.len() {
        match net(NetRequest::Send { stream, data, start }).await? {
            NetDone::Sent { data: back, written } => (data, start) = (back, start + written),
            other => panic!("{other:?}"),
        }
    }
    Ok(())
}

pub(crate) async fn close(socket: SocketId) {
    net(NetRequest::Close { socket }).await.unwrap();
}
