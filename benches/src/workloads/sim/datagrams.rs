//! Datagrams that go to and fro between nodes.

use std::io;
use std::net::SocketAddr;

use greenroom_core::io::net;
use greenroom_core::runtime::{BindOptions, NetDone, NetRequest, SocketId};
use greenroom_testkit::TestRuntime;

use super::rate::rate;
use super::streams::{FRAME, PORT, ROUNDS, odd};
use crate::meter::Extent;

async fn bind(port: u16) -> io::Result<SocketId> {
    let options = BindOptions::new(SocketAddr::from(([0, 0, 0, 0], port)));
    match net(NetRequest::Bind(options)).await? {
        NetDone::Bound { socket, .. } => Ok(socket),
        other => odd(other),
    }
}

async fn send_to(socket: SocketId, data: Vec<u8>, to: SocketAddr) -> io::Result<()> {
    match net(NetRequest::SendTo { socket, data, to: Some(to) }).await? {
        NetDone::Sent { .. } => Ok(()),
        other => odd(other),
    }
}

async fn receive_from(socket: SocketId) -> io::Result<(Vec<u8>, SocketAddr)> {
    match net(NetRequest::ReceiveFrom { socket }).await? {
        NetDone::ReceivedFrom { data, from, .. } => Ok((data.to_vec(), from)),
        other => odd(other),
    }
}

async fn serve() -> io::Result<()> {
    let socket = bind(PORT).await?;
    loop {
        let (frame, from) = receive_from(socket).await?;
        send_to(socket, frame, from).await?;
    }
}

async fn play(to: u16) -> io::Result<u64> {
    let socket = bind(0).await?;
    // The first node is 10.0.0.1.
    let to = SocketAddr::from(([10, 0, 0, to as u8 + 1], PORT));
    let mut frames = 0;
    for round in 0..ROUNDS {
        let frame = [round.to_le_bytes(); FRAME / 8].as_flattened().to_vec();
        send_to(socket, frame.clone(), to).await?;
        let (echoed, _) = receive_from(socket).await?;
        assert_eq!(echoed, frame, "another frame came back");
        frames += 2;
    }
    Ok(frames)
}

/// Messages a second, of nodes each of which plays with the next one.
pub(crate) fn measure_datagrams(extent: Extent, nodes: u16) -> f64 {
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
        played.map(|frames| frames.expect("datagrams without faults")).sum()
    })
}
