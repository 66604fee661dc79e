//! madsim at ping-pong: two tasks and channels in a node, datagrams of `Endpoint` between nodes.
//!
//! Its network is as it comes: one to ten milliseconds from node to node, nothing lost.

#![forbid(unsafe_code)]

#[cfg(not(madsim))]
compile_error!("madsim simulates only where everything is built with RUSTFLAGS=\"--cfg madsim\"");

use greenroom_compare_sims::{FRAME, NODES, PASSES, ROUNDS, measure, workload};
use madsim::net::Endpoint;
use madsim::runtime::{Handle, Runtime};
use tokio::sync::mpsc::unbounded_channel;

fn main() {
    let between = NODES
        .map(|nodes| workload(format!("datagrams {nodes}"), move |seed| datagrams(seed, nodes)));
    measure([workload("in_node", in_node)].into_iter().chain(between));
}

fn in_node(seed: u64) -> u64 {
    runtime(seed).block_on(async {
        let (ping, mut pings) = unbounded_channel();
        let (pong, mut pongs) = unbounded_channel();
        let echo = madsim::task::spawn(async move {
            while let Some(ball) = pings.recv().await {
                pong.send(ball).expect("a player");
            }
        });
        let mut messages = 0;
        for ball in 0..PASSES / 2 {
            ping.send(ball).expect("a player");
            assert_eq!(pongs.recv().await, Some(ball));
            messages += 2;
        }
        drop(ping);
        echo.await.expect("no panic");
        messages
    })
}

/// Each node serves, and plays with the next one.
fn datagrams(seed: u64, nodes: u16) -> u64 {
    const TO_SERVER: u64 = 1;
    const TO_PLAYER: u64 = 2;
    let address = |node: u16| format!("10.0.0.{}:7000", node + 1);
    runtime(seed).block_on(async move {
        let handle = Handle::current();
        let node = |number: u16| {
            let ip = format!("10.0.0.{}", number + 1).parse().expect("an address");
            handle.create_node().name(format!("n{number}")).ip(ip).build()
        };
        let nodes_made: Vec<_> = (0..nodes).map(node).collect();
        for (number, node) in (0u16..).zip(&nodes_made) {
            node.spawn(async move {
                let endpoint = Endpoint::bind(address(number)).await.expect("a free port");
                let mut frame = [0; FRAME];
                loop {
                    let received = endpoint.recv_from(TO_SERVER, &mut frame).await;
                    let (_, from) = received.expect("a datagram");
                    endpoint.send_to(from, TO_PLAYER, &frame).await.expect("a way");
                }
            });
        }
        madsim::time::sleep(std::time::Duration::from_secs(1)).await;
        let players = (0u16..).zip(&nodes_made).map(|(number, node)| {
            let to = address((number + 1) % nodes);
            node.spawn(async move {
                let local = format!("10.0.0.{}:0", number + 1);
                let endpoint = Endpoint::bind(local).await.expect("a free port");
                let mut messages = 0;
                for round in 0..ROUNDS {
                    let sent = *[round.to_le_bytes(); FRAME / 8]
                        .as_flattened()
                        .first_chunk::<FRAME>()
                        .expect("a frame");
                    let mut frame = [0; FRAME];
                    endpoint.send_to(to.as_str(), TO_SERVER, &sent).await.expect("a way");
                    endpoint.recv_from(TO_PLAYER, &mut frame).await.expect("a datagram");
                    assert_eq!(frame, sent);
                    messages += 2;
                }
                messages
            })
        });
        let players: Vec<_> = players.collect();
        let mut messages = 0;
        for player in players {
            messages += player.await.expect("no panic");
        }
        messages
    })
}

fn runtime(seed: u64) -> Runtime {
    Runtime::with_seed_and_config(seed, madsim::Config::default())
}
