//! Many bytes, many connections, and a peer that does not read.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use greenroom_core::{System, spawn_local, timeout};

use super::support::*;
use crate::stream::{ReadHalf, WriteHalf};
use crate::{ServeLimits, serve};

/// A peer that does not read makes the sender wait, and nothing is lost when it reads at last.
pub async fn slow_reader_backpressure(_: System) {
    /// More than any transport buffers between two ends.
    const LIMIT: usize = 64 * 1024 * 1024;
    const CHUNK: usize = 64 * 1024;
    let (mut client, mut server) = pair().await;
    let stop = Rc::new(Cell::new(false));
    let stopped = stop.clone();
    let mut sending = spawn_local(async move {
        let mut sent = 0;
        while sent < LIMIT && !stopped.get() {
            client.send(pattern(4, sent..sent + CHUNK)).await.expect("sent");
            sent += CHUNK;
        }
        client.close().await.expect("closed");
        sent
    });
    // However long this looks, the sender cannot be through.
    let look = timeout(Duration::from_millis(200), &mut sending).await;
    assert!(look.is_err(), "{LIMIT} bytes were sent to a peer that does not read");

    stop.set(true);
    let mut received = 0;
    loop {
        let chunk = server.receive().await.expect("received");
        if chunk.is_empty() {
            break;
        }
        expect_pattern(4, received, &chunk);
        received += chunk.len();
    }
    let sent = sending.await.expect("the sending task ends");
    assert_eq!(received, sent);
    assert!(sent < LIMIT, "the sender never had to wait");
}

/// Connections beyond the server's bound wait their turn, and all are served.
pub async fn many_connections(_: System) {
    const CLIENTS: usize = 64;
    const SERVED_MAX: usize = 16;
    let most = Rc::new(Cell::new(0));
    let (now, seen) = (Cell::new(0), most.clone());
    let limits = ServeLimits::connections(SERVED_MAX);
    let server = serve(listen().await, limits, async move |stream, _| {
        now.set(now.get() + 1);
        seen.set(seen.get().max(now.get()));
        send_back(stream).await;
        now.set(now.get() - 1);
    });
    let address = server.local_addr();
    let client = |number: usize| async move {
        let mut stream = connect(address).await;
        for round in 0..4 {
            round_trip(&mut stream, &format!("client {number}, round {round}")).await;
        }
        stream.close().await.expect("closed");
    };
    let clients: Vec<_> = (0..CLIENTS).map(|number| spawn_local(client(number))).collect();
    for client in clients {
        client.await.expect("a client is served");
    }
    let drained = server.drain(Duration::from_secs(60)).await;
    assert_eq!(drained.aborted, 0);
    let counts = server.counts();
    assert_eq!((counts.accepted, counts.finished), (CLIENTS as u64, CLIENTS as u64));
    assert!((1..=SERVED_MAX).contains(&most.get()), "{} were served at a time", most.get());
}

/// Megabytes in both directions at once arrive as they were sent.
pub async fn large_transfer_is_intact(_: System) {
    const SIZE: usize = 4 * 1024 * 1024;

    async fn send_all(mut write: WriteHalf, key: u64) {
        let (mut sent, mut step) = (0, 1);
        let mut spare = Vec::new();
        while sent < SIZE {
            let end = (sent + step).min(SIZE);
            spare.extend_from_slice(&pattern(key, sent..end));
            spare = write.send(spare).await.expect("sent");
            assert!(spare.is_empty(), "the buffer comes back with something in it");
            sent = end;
            step = step * 5 % 150_001;
        }
    }

    async fn receive_all(mut read: ReadHalf, key: u64) {
        let mut received = 0;
        loop {
            let chunk = read.receive().await.expect("received");
            if chunk.is_empty() {
                break;
            }
            expect_pattern(key, received, &chunk);
            received += chunk.len();
        }
        assert_eq!(received, SIZE);
    }

    let (client, server) = pair().await;
    let ((client_read, client_write), (server_read, server_write)) =
        (client.split(), server.split());
    let tasks = [spawn_local(send_all(client_write, 5)), spawn_local(send_all(server_write, 6))];
    let receiving = spawn_local(receive_all(server_read, 5));
    receive_all(client_read, 6).await;
    receiving.await.expect("one direction is intact");
    for task in tasks {
        task.await.expect("all was sent");
    }
}
