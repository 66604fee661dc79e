//! Futures that are dropped half way.

use std::io;
use std::pin::pin;

use greenroom_core::{System, TaskError, spawn_local};

use super::support::*;

/// A close does not wait for a receive that nobody wants any more, and the peer hears of it.
pub async fn close_with_receive_under_way(_: System) {
    // The receive's future is gone, its operation is not.
    let (mut client, mut server) = pair().await;
    assert!(poll_once(client.receive()).await.is_none(), "received what nobody sent");
    client.close().await.expect("closed");
    expect_gone(&mut server).await;

    // The same by dropping the stream.
    let (mut client, mut server) = pair().await;
    assert!(poll_once(client.receive()).await.is_none(), "received what nobody sent");
    drop(client);
    expect_gone(&mut server).await;

    // A task that is aborted in the middle of its receive.
    let (mut client, mut server) = pair().await;
    let receiving = spawn_local(async move { client.receive().await.map(|chunk| chunk.len()) });
    yield_now().await;
    receiving.abort();
    assert_eq!(receiving.await.map(|_| ()), Err(TaskError::Aborted));
    expect_gone(&mut server).await;

    // A close whose own future is dropped takes effect.
    let (mut client, mut server) = pair().await;
    assert!(poll_once(client.receive()).await.is_none(), "received what nobody sent");
    poll_once(client.close()).await;
    expect_gone(&mut server).await;
}

/// A connection taken by an accept that was dropped goes to the next one, and is closed when there
/// is none.
pub async fn dropped_accept_leaks_nothing(_: System) {
    let mut listener = listen().await;
    let address = listener.local_addr();
    for _ in 0..8 {
        assert!(poll_once(listener.accept()).await.is_none(), "accepted nobody");
        let mut client = connect(address).await;
        let (mut stream, peer) = listener.accept().await.expect("accepted");
        assert_eq!(peer, client.local_addr(), "accepted somebody else");
        client.send(b"hello".to_vec()).await.expect("sent");
        assert_eq!(receive_exactly(&mut stream, 5).await, b"hello");
    }

    assert!(poll_once(listener.accept()).await.is_none(), "accepted nobody");
    let mut client = connect(address).await;
    listener.close().await.expect("closed");
    expect_gone(&mut client).await;

    let mut listener = listen().await;
    assert!(poll_once(listener.accept()).await.is_none(), "accepted nobody");
    let mut client = connect(listener.local_addr()).await;
    drop(listener);
    expect_gone(&mut client).await;
}

/// Receives that are dropped over and over lose no byte and double none.
pub async fn dropped_receive_loses_nothing(_: System) {
    const TOTAL: usize = 300_000;
    let (mut client, mut server) = pair().await;
    let sending = spawn_local(async move {
        let mut sent = 0;
        for step in 0.. {
            let size = [1, 700, 3, 9000, 40][step % 5].min(TOTAL - sent);
            if size == 0 {
                break;
            }
            client.send(pattern(3, sent..sent + size)).await.expect("sent");
            sent += size;
            yield_now().await;
        }
        client.close().await.expect("closed");
    });
    let mut received = 0;
    for step in 0.. {
        let mut chunk = None;
        for _ in 0..step % 4 {
            if chunk.is_none() {
                chunk = poll_once(server.receive()).await;
                yield_now().await;
            }
        }
        let chunk = match chunk {
            Some(chunk) => chunk,
            None => server.receive().await,
        };
        let chunk = chunk.expect("received");
        if chunk.is_empty() {
            break;
        }
        expect_pattern(3, received, &chunk);
        received += chunk.len();
    }
    assert_eq!(received, TOTAL);
    sending.await.expect("the sending task ends");
}

/// A send that is dropped under way tears the stream: nothing follows the part that has left.
pub async fn dropped_send_is_explicit(_: System) {
    const SIZE: usize = 64 * 1024 * 1024;
    let (mut client, mut server) = pair().await;
    // A future that was never polled has sent nothing.
    drop(client.send(b"never".to_vec()));
    assert!(!client.is_torn(), "a send that never began has torn the stream");
    client.send(b"head".to_vec()).await.expect("sent");
    assert_eq!(receive_exactly(&mut server, 4).await, b"head");

    {
        // More than fits between two ends of which one does not read: it stays under way.
        let mut sending = pin!(client.send(vec![b'x'; SIZE]));
        for _ in 0..4 {
            assert!(poll_once(sending.as_mut()).await.is_none(), "sent to nobody");
            yield_now().await;
        }
    }
    assert!(client.is_torn(), "a dropped send has left no mark");
    let refused = client.send(b"tail".to_vec()).await.expect_err("sent behind a torn send");
    assert_eq!(refused.kind(), io::ErrorKind::BrokenPipe);
    client.close().await.expect("closed");

    let mut received = 0;
    while let Ok(chunk) = server.receive().await {
        if chunk.is_empty() {
            break;
        }
        assert!(chunk.iter().all(|&byte| byte == b'x'), "something came behind a torn send");
        received += chunk.len();
    }
    assert!(received < SIZE, "all was received of a send that was dropped");
}
