//! Sends whose memory the kernel reads after it has said that they are done.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::Duration;

use greenroom_core::runtime::{NetDone, NetRequest, UnixAddress};
use greenroom_core::{Result, io, spawn_local, timeout};

use super::rig::{accept, close, listen, on_ring, pair, receive, receive_to_end, send, turn};
use crate::IdleStrategy;
use crate::driver::RingLimits;
use crate::driver::uring::features::Feature;
use crate::driver::uring::ring::Ring;

/// What a socket takes at once and a peer that does not read does not acknowledge.
const BYTES: usize = 1_000_000;

fn from(zero_copy_min_bytes: usize) -> RingLimits {
    RingLimits { zero_copy_min_bytes, ..RingLimits::default() }
}

fn data() -> Vec<u8> {
    (0..BYTES).map(|at| (at / 7) as u8).collect()
}

/// Whether a send has ended before its peer has read anything. Then it does.
async fn ends_unread() -> Result<bool> {
    let (listener, address) = listen().await?;
    let (near, far) = pair(listener, address).await?;
    let sending = spawn_local(send(near, data()));
    for _ in 0..1000 {
        turn().await;
    }
    let ended = sending.is_finished();
    let mut all = Vec::new();
    while all.len() < BYTES {
        all.extend_from_slice(&receive(far, 100_000).await?);
    }
    assert!(all == data());
    sending.await??;
    // And the stream goes on.
    send(near, b"more".to_vec()).await?;
    assert_eq!(&*receive(far, 100).await?, b"more");
    close(near).await?;
    assert!(receive(far, 100).await?.is_empty());
    close(far).await?;
    close(listener).await?;
    Ok(ended)
}

#[test]
fn memory_comes_back_when_the_peer_has_what_lay_there() {
    if !Ring::new(from(0)).unwrap().features().has(Feature::SendZc) {
        return;
    }
    let ended = |limits| on_ring(limits, IdleStrategy::Park, async |_| ends_unread().await);
    assert!(ended(from(BYTES + 1)), "a copy is taken of what is shorter");
    assert!(!ended(from(BYTES)));
}

/// The memory stays as it was, whatever is done with memory meanwhile.
#[test]
fn a_socket_that_closes_does_not_wait_for_its_memory() {
    on_ring(from(1000), IdleStrategy::Park, async |_| {
        let (listener, address) = listen().await?;
        for turns in [1, 2, 3, 1000] {
            let (near, far) = pair(listener, address).await?;
            // Under way as well, so that the socket is not gone at once.
            let receiving = spawn_local(receive(near, 10));
            let sending = spawn_local(send(near, data()));
            for _ in 0..turns {
                turn().await;
            }
            close(near).await?;
            assert_eq!(sending.await?.unwrap_err().kind(), ErrorKind::Interrupted);
            assert_eq!(receiving.await?.unwrap_err().kind(), ErrorKind::Interrupted);
            for _ in 0..20 {
                std::hint::black_box(vec![255_u8; BYTES]);
            }
            let all = receive_to_end(far).await?;
            assert!(all == data()[..all.len()], "after {turns} turns");
            assert!(turns < 1000 || all.len() == BYTES, "{} bytes", all.len());
            close(far).await?;
        }
        Ok(())
    });
}

#[test]
fn a_shard_that_ends_does_not_wait_for_its_memory() {
    let mut far = on_ring(from(1000), IdleStrategy::Park, async |_| {
        let (listener, address) = listen().await?;
        let far = TcpStream::connect(address)?;
        let near = accept(listener).await?;
        drop(spawn_local(send(near, data())));
        for _ in 0..1000 {
            turn().await;
        }
        Ok(far)
    });
    for _ in 0..20 {
        std::hint::black_box(vec![255_u8; BYTES]);
    }
    let mut all = Vec::new();
    far.read_to_end(&mut all).unwrap();
    assert!(all == data());
}

#[test]
fn a_send_that_is_given_up_ends_in_time() {
    on_ring(from(1000), IdleStrategy::Park, async |_| {
        let (listener, address) = listen().await?;
        let (near, far) = pair(listener, address).await?;
        let long: Vec<u8> = data().repeat(64);
        let gives_up = timeout(Duration::from_millis(5), send(near, long.clone())).await;
        assert!(gives_up.is_err(), "no socket takes so much");
        let reading = spawn_local(receive_to_end(far));
        close(near).await?;
        let all = reading.await??;
        assert!(all == long[..all.len()]);
        Ok(close(far).await?)
    });
}

#[test]
fn a_unix_socket_copies() {
    on_ring(from(1), IdleStrategy::Park, async |_| {
        let name = format!("greenroom-{}-zero-copy", std::process::id());
        let address = UnixAddress::Abstract(name.into_bytes());
        let listens = NetRequest::ListenUnix { address: address.clone(), backlog: 8 };
        let NetDone::ListeningUnix { listener } = io::net(listens).await? else { panic!() };
        let connects = io::net(NetRequest::ConnectUnix { address }).await?;
        let NetDone::ConnectedUnix { stream } = connects else { panic!() };
        let accepts = io::net(NetRequest::Accept { listener }).await?;
        let NetDone::AcceptedUnix { stream: far, .. } = accepts else { panic!() };
        let sending = spawn_local(async move {
            send(stream, data()).await?;
            send(stream, b"more".to_vec()).await?;
            close(stream).await
        });
        let all = receive_to_end(far).await?;
        assert!(all == [&data()[..], b"more"].concat());
        sending.await??;
        Ok(close(far).await?)
    });
}
