//! Queues that are full, and buffers that do not suffice.

use std::io::{ErrorKind, Write};
use std::net::TcpStream;

use greenroom_core::runtime::NetRequest;
use greenroom_core::{io, spawn_local};

use super::rig::{accept, close, connect, echo, end_sends, listen, on_ring, pair};
use super::rig::{receive, receive_to_end, send};
use crate::IdleStrategy;
use crate::driver::RingLimits;

/// Four entries for submissions, and 32 for completions.
fn small() -> RingLimits {
    RingLimits { submissions: 4, ..RingLimits::default() }
}

/// A turn asks for more than the queue has places for; a visit to the kernel brings more than the
/// other has.
#[test]
fn what_has_no_place_in_the_queues_waits_and_is_done() {
    const CLIENTS: usize = 200;
    for idle in [IdleStrategy::Park, IdleStrategy::Spin] {
        on_ring(small(), idle, async |_| {
            let (listener, address) = listen().await?;
            let clients: Vec<_> = (0..CLIENTS).map(|_| spawn_local(connect(address))).collect();
            let mut streams = Vec::new();
            for client in clients {
                drop(spawn_local(echo(accept(listener).await?)));
                streams.push(client.await??);
            }
            for round in 0..10 {
                let said = format!("round {round}").into_bytes();
                let sends = streams.iter().map(|stream| spawn_local(send(*stream, said.clone())));
                for send in sends.collect::<Vec<_>>() {
                    send.await??;
                }
                for stream in &streams {
                    assert_eq!(*receive(*stream, 64).await?, said);
                }
            }
            let ends = streams.iter().map(|stream| {
                let stream = *stream;
                spawn_local(async move {
                    end_sends(stream).await?;
                    assert!(receive_to_end(stream).await?.is_empty());
                    close(stream).await
                })
            });
            for end in ends.collect::<Vec<_>>() {
                end.await??;
            }
            Ok(())
        });
    }
}

/// More connections have bytes at the same moment than the kernel was given buffers.
#[test]
fn buffers_that_do_not_suffice_are_followed_by_more() {
    const CLIENTS: usize = 400;
    let limits = RingLimits { buffers: 1, ..RingLimits::default() };
    on_ring(limits, IdleStrategy::Park, async |_| {
        let (listener, address) = listen().await?;
        let mut near = Vec::new();
        let mut far = Vec::new();
        for _ in 0..CLIENTS {
            near.push(TcpStream::connect(address)?);
            far.push(accept(listener).await?);
        }
        let receives = far.iter().map(|stream| spawn_local(receive(*stream, 64)));
        let receives: Vec<_> = receives.collect();
        // Every receive is with the kernel when its bytes come: a close of nothing takes a turn.
        assert!(close(greenroom_core::runtime::SocketId(u64::MAX)).await.is_err());
        for (n, stream) in near.iter_mut().enumerate() {
            stream.write_all(&n.to_le_bytes())?;
        }
        for (n, receive) in receives.into_iter().enumerate() {
            assert_eq!(*receive.await??, n.to_le_bytes());
        }
        for stream in far {
            close(stream).await?;
        }
        Ok(())
    });
}

/// A socket is closed with a receive that waits and a send that the peer does not take: both end
/// first, and the peer reads an end.
#[test]
fn a_busy_socket_closes_after_its_operations() {
    for limits in [RingLimits::default(), small()] {
        on_ring(limits, IdleStrategy::Park, async |_| {
            let (listener, address) = listen().await?;
            for _ in 0..20 {
                let (near, far) = pair(listener, address).await?;
                let stream = far;
                let data = vec![1; 64 << 20];
                let sending = spawn_local(io::net(NetRequest::Send { stream, data, start: 0 }));
                let waiting = spawn_local(receive(far, 64));
                assert!(!receive(near, 64).await?.is_empty(), "some of it has come");
                close(far).await?;
                assert_eq!(sending.await?.unwrap_err().kind(), ErrorKind::Interrupted);
                assert_eq!(waiting.await?.unwrap_err().kind(), ErrorKind::Interrupted);
                let left = receive_to_end(near).await;
                assert!(left.map_or(0, |left| left.len()) < 64 << 20);
                close(near).await?;
            }
            Ok(())
        });
    }
}
