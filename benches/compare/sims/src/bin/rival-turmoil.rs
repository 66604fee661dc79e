//! turmoil at ping-pong: two tasks and channels in a host, UDP and TCP between hosts.
//!
//! A tick is a millisecond, as it comes; a message takes up to ten, for up to a hundred as it comes
//! would be waiting most of the time.

#![forbid(unsafe_code)]

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use greenroom_compare_sims::{FRAME, NODES, PASSES, ROUNDS, measure, workload};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc::unbounded_channel;
use turmoil::net::{TcpListener, TcpStream, UdpSocket};
use turmoil::{Result, Sim};

fn main() {
    let udp =
        NODES.map(|nodes| workload(format!("udp {nodes}"), move |seed| between(seed, nodes, true)));
    let tcp = NODES
        .map(|nodes| workload(format!("tcp {nodes}"), move |seed| between(seed, nodes, false)));
    measure([workload("in_node", in_node)].into_iter().chain(udp).chain(tcp));
}

fn sim(seed: u64) -> Sim<'static> {
    turmoil::Builder::new()
        .rng_seed(seed)
        .tick_duration(Duration::from_millis(1))
        .min_message_latency(Duration::ZERO)
        .max_message_latency(Duration::from_millis(10))
        .simulation_duration(Duration::from_secs(3600))
        .build()
}

fn in_node(seed: u64) -> u64 {
    let mut sim = sim(seed);
    let messages = Rc::new(Cell::new(0));
    let counted = messages.clone();
    sim.client("node", async move {
        let (ping, mut pings) = unbounded_channel();
        let (pong, mut pongs) = unbounded_channel();
        tokio::task::spawn_local(async move {
            while let Some(ball) = pings.recv().await {
                pong.send(ball).expect("a player");
            }
        });
        for ball in 0..PASSES / 2 {
            ping.send(ball).expect("a player");
            assert_eq!(pongs.recv().await, Some(ball));
            counted.set(counted.get() + 2);
        }
        Ok(())
    });
    sim.run().expect("a run");
    messages.get()
}

/// Each host serves, and plays with the next one; the run ends when all have played.
fn between(seed: u64, nodes: u16, udp: bool) -> u64 {
    let mut sim = sim(seed);
    let (messages, done) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    for node in 0..nodes {
        let (messages, done) = (messages.clone(), done.clone());
        sim.host(format!("n{node}"), move || {
            let (messages, done) = (messages.clone(), done.clone());
            let to = (format!("n{}", (node + 1) % nodes), 7000);
            async move {
                let serving = tokio::task::spawn_local(async move {
                    if udp { serve_udp().await } else { serve_tcp().await }
                });
                tokio::time::sleep(Duration::from_millis(20)).await;
                let played = if udp { play_udp(to).await? } else { play_tcp(to).await? };
                messages.set(messages.get() + played);
                done.set(done.get() + 1);
                serving.await?
            }
        });
    }
    while done.get() < nodes {
        sim.step().expect("a step");
    }
    messages.get()
}

fn frame(round: u64) -> [u8; FRAME] {
    *[round.to_le_bytes(); FRAME / 8].as_flattened().first_chunk().expect("a frame")
}

async fn serve_udp() -> Result {
    let socket = UdpSocket::bind("0.0.0.0:7000").await?;
    let mut frame = [0; FRAME];
    loop {
        let (_, from) = socket.recv_from(&mut frame).await?;
        socket.send_to(&frame, from).await?;
    }
}

async fn play_udp(to: (String, u16)) -> Result<u64> {
    let socket = UdpSocket::bind("0.0.0.0:0").await?;
    let to = (turmoil::lookup(to.0), to.1);
    let mut messages = 0;
    for round in 0..ROUNDS {
        let (sent, mut back) = (frame(round), [0; FRAME]);
        socket.send_to(&sent, to).await?;
        socket.recv_from(&mut back).await?;
        assert_eq!(back, sent);
        messages += 2;
    }
    Ok(messages)
}

async fn serve_tcp() -> Result {
    let listener = TcpListener::bind("0.0.0.0:7000").await?;
    loop {
        let (mut stream, _) = listener.accept().await?;
        tokio::task::spawn_local(async move {
            let mut frame = [0; FRAME];
            while stream.read_exact(&mut frame).await.is_ok() {
                stream.write_all(&frame).await?;
            }
            std::io::Result::Ok(())
        });
    }
}

async fn play_tcp(to: (String, u16)) -> Result<u64> {
    let mut stream = TcpStream::connect(to).await?;
    let mut messages = 0;
    for round in 0..ROUNDS {
        let (sent, mut back) = (frame(round), [0; FRAME]);
        stream.write_all(&sent).await?;
        stream.read_exact(&mut back).await?;
        assert_eq!(back, sent);
        messages += 2;
    }
    Ok(messages)
}
