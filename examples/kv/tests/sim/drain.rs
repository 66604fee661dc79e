//! The end of the server.

use std::time::Duration;

use greenroom::net::TcpStream;
use greenroom::sleep;

use super::client::{Client, pipeline};
use super::rig::campaign;
use crate::server::ServerLimits;

#[test]
fn idle_connections_are_closed() {
    campaign("drain::idle_connections_are_closed", &ServerLimits::default(), |rig| {
        let clients = rig.connected(4);
        let clients: Vec<_> = clients
            .into_iter()
            .map(|mut client| rig.begin(async move |_| client.rest().await.unwrap()))
            .collect();
        let drained = rig.drain(Duration::from_secs(600));
        let drained = rig.sim.finish(drained);
        assert_eq!((drained.finished, drained.aborted), (4, 0));
        for client in clients {
            assert_eq!(rig.sim.finish(client), "");
        }
        let refused = rig.run(async |address| TcpStream::connect(address).await.unwrap_err());
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    });
}

#[test]
fn what_was_received_is_answered_first() {
    let limits = ServerLimits { batch_commands_max: 3, ..ServerLimits::default() };
    campaign("drain::what_was_received_is_answered_first", &limits, |rig| {
        let clients = rig.connected(3);
        let clients: Vec<_> = clients
            .into_iter()
            .map(|client| {
                let commands = "INCR a\nINCR b\nINCR c\nINCR d\n".repeat(10);
                rig.begin(async move |_| client.until_end(pipeline(&commands)).await)
            })
            .collect();
        rig.sim.advance(Duration::from_micros(rig.sim.draw(5_000)));
        let drained = rig.drain(Duration::from_secs(600));
        let drained = rig.sim.finish(drained);
        assert_eq!(drained.aborted, 0);
        let mut counts = vec![Vec::new(); 4];
        for client in clients {
            let replies = rig.sim.finish(client);
            for (number, line) in replies.split_terminator("\r\n").enumerate() {
                let count: usize = line.strip_prefix(':').unwrap().parse().unwrap();
                counts[number % 4].push(count);
            }
        }
        for mut counts in counts {
            counts.sort_unstable();
            let all = 1..=counts.len();
            assert!(counts.iter().copied().eq(all), "carried out and not answered: {counts:?}");
        }
    });
}

#[test]
fn a_client_that_does_not_read_is_ended_by_the_limit() {
    campaign(
        "drain::a_client_that_does_not_read_is_ended_by_the_limit",
        &ServerLimits::default(),
        |rig| {
            let stuck = rig.begin(async |address| {
                let mut client = Client::connect(address).await;
                // More than any window holds comes back.
                let value = "x".repeat(8_000);
                assert_eq!(client.call(&format!("SET a {value}")).await, "+OK\r\n");
                // Fails when the server has had enough.
                drop(client.try_send(pipeline(&"GET a\n".repeat(100))).await);
                sleep(Duration::from_secs(3600)).await;
            });
            rig.sim.advance(Duration::from_secs(300));
            let drained = rig.drain(Duration::from_secs(5));
            let drained = rig.sim.finish(drained);
            assert_eq!((drained.finished, drained.aborted), (0, 1));
            rig.sim.finish(stuck);
        },
    );
}
