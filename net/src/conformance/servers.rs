//! Servers: their bound, their end, and a handler that panics.

use std::pin::pin;
use std::time::Duration;

use greenroom_core::{System, timeout};

use super::support::*;
use crate::{Drained, Frames, LinesCodec, ServeLimits, serve};

/// A full server takes nobody, until somebody leaves.
pub async fn server_limit(_: System) {
    let server = echo_server(ServeLimits::connections(1)).await;
    let mut first = connect(server.local_addr()).await;
    round_trip(&mut first, "served").await;
    let mut second = connect(server.local_addr()).await;
    second.send(b"waiting".to_vec()).await.expect("the backlog takes it");
    // However long this looks, nobody answers.
    let look = timeout(Duration::from_millis(50), second.receive()).await;
    assert!(look.is_err(), "served beyond the bound");
    assert_eq!((server.counts().accepted, server.counts().open), (1, 1));

    first.close().await.expect("closed");
    assert_eq!(receive_exactly(&mut second, 7).await, b"waiting");
    second.close().await.expect("closed");
    server.drain(Duration::from_secs(60)).await;
}

/// A drain lets connections finish, aborts what is left at its limit, and frees the address.
pub async fn server_drain(_: System) {
    let server = echo_server(ServeLimits::default()).await;
    let address = server.local_addr();
    let mut one = connect(address).await;
    let mut two = connect(address).await;
    round_trip(&mut one, "one").await;
    round_trip(&mut two, "two").await;
    {
        let mut drain = pin!(server.drain(Duration::from_secs(60)));
        assert!(poll_once(drain.as_mut()).await.is_none(), "drained with connections open");
        round_trip(&mut one, "one is still served").await;
        one.close().await.expect("closed");
        round_trip(&mut two, "and so is two").await;
        two.close().await.expect("closed");
        assert_eq!(drain.await, Drained { finished: 2, aborted: 0 });
    }
    expect_refused(address).await;
    assert_eq!(server.drain(Duration::ZERO).await, Drained { finished: 0, aborted: 0 });

    // Nobody finishes: the limit does.
    let server = echo_server(ServeLimits::default()).await;
    let mut stays = connect(server.local_addr()).await;
    round_trip(&mut stays, "stays").await;
    assert_eq!(server.drain(Duration::ZERO).await, Drained { finished: 0, aborted: 1 });
    expect_gone(&mut stays).await;
    let counts = server.counts();
    assert_eq!((counts.open, counts.aborted, counts.panicked), (0, 1, 0));

    // A drain that is dropped has stopped the accepting and nothing else.
    let server = echo_server(ServeLimits::default()).await;
    let mut stays = connect(server.local_addr()).await;
    round_trip(&mut stays, "stays").await;
    assert!(poll_once(server.drain(Duration::from_secs(60))).await.is_none());
    round_trip(&mut stays, "is still served").await;
    stays.close().await.expect("closed");
    assert_eq!(server.drain(Duration::from_secs(60)).await.aborted, 0);
    expect_refused(server.local_addr()).await;
}

/// A handler that panics takes its connection with it, and nothing else.
pub async fn handler_panic_is_isolated(_: System) {
    let server = serve(listen().await, ServeLimits::connections(2), async |stream, _| {
        let (read, mut write) = stream.split();
        let mut lines = Frames::new(read, LinesCodec::default());
        while let Some(line) = lines.next().await.expect("received") {
            assert_ne!(line, "panic", "a panic that this body asked for");
            write.send(format!("{line}\n").into_bytes()).await.expect("sent");
        }
    });
    let mut steady = connect(server.local_addr()).await;
    round_trip(&mut steady, "before\n").await;
    // More panics than there are seats: each seat falls free again.
    for _ in 0..3 {
        let mut doomed = connect(server.local_addr()).await;
        doomed.send(b"panic\n".to_vec()).await.expect("sent");
        expect_gone(&mut doomed).await;
    }
    round_trip(&mut steady, "after\n").await;
    steady.close().await.expect("closed");
    assert_eq!(server.drain(Duration::from_secs(60)).await.aborted, 0);
    let counts = server.counts();
    assert_eq!((counts.accepted, counts.finished, counts.panicked), (4, 1, 3));
}
