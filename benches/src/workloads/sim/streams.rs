//! Frames that go to and fro on simulated TCP between nodes.

use std::io;
use std::net::SocketAddr;

use greenroom_core::io::net;
use greenroom_core::runtime::{ListenOptions, NetDone, NetRequest, SocketId};
use greenroom_testkit::TestRuntime;

use super::rate::rate;
use crate::meter::Extent;

pub(super) const FRAME: usize = 16;
pub(super) const PORT: u16 = 7000;
/// Frames that each player sends and gets back.
pub(super) const ROUNDS: u64 = 300;

pub(super) fn odd<T>(done: NetDone) -> io::Result<T> {
    Err(io::Error::other(format!("{done:?}")))
}

pub(super) async fn listen() -> io::Result<SocketId> {
    let address = SocketAddr::from(([0, 0, 0, 0], PORT));
    match net(NetRequest::Listen(ListenOptions::new(address))).await? {
        NetDone::Listening { listener, .. } => Ok(listener),
        other => odd(other),
    }
}

pub(super) async fn accept(listener: SocketId) -> io::Result<SocketId> {
    match net(NetRequest::Accept { listener }).await? {
        NetDone::Accepted { stream, .. } => Ok(stream),
        other => odd(other),
    }
}

pub(super) async fn connect(address: SocketAddr) -> io::Result<SocketId> {
    match net(NetRequest::Connect { address }).await? {
        NetDone::Connected { stream, .. } => Ok(stream),
        other => odd(other),
    }
}

/// Sends a whole frame.
pub(super) async fn send(stream: SocketId, mut data: Vec<u8>) -> io::Result<()> {
    let mut start = 0;
    while start < data.len() {
        match net(NetRequest::Send { stream, data, start }).await? {
            NetDone::Sent { data: back, written } => (data, start) = (back, start + written),
            other => return odd(other),
        }
    }
    Ok(())
}

/// Receives a whole frame; `None` at the end.
async fn receive(stream: SocketId) -> io::Result<Option<Vec<u8>>> {
    let mut frame = Vec::new();
    while frame.len() < FRAME {
        match net(NetRequest::Receive { stream, max: FRAME - frame.len() }).await? {
            NetDone::Received(bytes) if bytes.is_empty() => return Ok(None),
            NetDone::Received(bytes) if frame.is_empty() => frame = bytes.to_vec(),
            NetDone::Received(bytes) => frame.extend_from_slice(&bytes),
            other => return odd(other),
        }
    }
    Ok(Some(frame))
}

async fn serve() -> io::Result<()> {
    let listener = listen().await?;
    loop {
        let stream = accept(listener).await?;
        drop(greenroom_core::spawn_local(async move {
            while let Some(frame) = receive(stream).await? {
                send(stream, frame).await?;
            }
            io::Result::Ok(())
        }));
    }
}

async fn play(to: u16) -> io::Result<u64> {
    // The first node is 10.0.0.1.
    let stream = connect(SocketAddr::from(([10, 0, 0, to as u8 + 1], PORT))).await?;
    let mut frames = 0;
    for round in 0..ROUNDS {
        let frame = [round.to_le_bytes(); FRAME / 8].as_flattened().to_vec();
        send(stream, frame.clone()).await?;
        let echoed = receive(stream).await?;
        assert!(echoed.as_ref() == Some(&frame), "another frame came back");
        frames += 2;
    }
    Ok(frames)
}

/// Messages a second, of nodes each of which plays with the next one.
pub(crate) fn measure_streams(extent: Extent, nodes: u16) -> f64 {
    rate(extent, |seed| {
        let mut sim = TestRuntime::builder().seed(seed).nodes(nodes).shards(1).build();
        for node in 0..nodes {
            drop(sim.start_on(node, async move |_| serve().await));
        }
        sim.run_until_idle();
        let players = (0..nodes).map(|node| (node, (node + 1) % nodes));
        let players: Vec<_> =
            players.map(|(node, to)| sim.start_on(node, async move |_| play(to).await)).collect();
        let played = players.into_iter().map(|player| sim.finish(player));
        played.map(|frames| frames.expect("a connection without faults")).sum()
    })
}
