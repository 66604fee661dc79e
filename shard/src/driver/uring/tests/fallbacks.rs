//! A ring that does without does the same.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::pin::Pin;
use std::time::Duration;

use greenroom_core::limits::DATAGRAM_BYTES;
use greenroom_core::runtime::{DiskDone, DiskRequest, NetRequest, OpenMode};
use greenroom_core::{Result, io, sleep, spawn_local, timeout};

use super::rig::{
    accept, bind, close, connect, echo, end_sends, listen, on_ring, pair, receive, receive_from,
    receive_to_end, send, send_to, turn,
};
use crate::IdleStrategy;
use crate::driver::RingLimits;
use crate::driver::uring::features::{Feature, Features};
use crate::driver::uring::ring::Ring;

fn without(features: &[Feature]) -> RingLimits {
    let limits = RingLimits::default();
    let left = features.iter().fold(Features(limits.features), |left, it| left.with(*it, false));
    RingLimits { features: left.0, ..limits }
}

fn every_lack() -> Vec<RingLimits> {
    vec![
        without(&[Feature::DeferTaskrun]),
        without(&[Feature::DeferTaskrun, Feature::SingleIssuer]),
        without(&[Feature::DeferTaskrun, Feature::SingleIssuer, Feature::CoopTaskrun]),
        without(&[Feature::ExtArg]),
        without(&[Feature::MultishotAccept]),
        without(&[Feature::MultishotReceive]),
        without(&[Feature::BufferRings]),
        without(&[Feature::Truncate]),
        without(&[Feature::MsgRing]),
        RingLimits { features: 0, ..RingLimits::default() },
        RingLimits { at_once: false, ..RingLimits::default() },
        RingLimits { zero_copy_min_bytes: 1, ..RingLimits::default() },
        RingLimits { zero_copy_min_bytes: 1, ..without(&[Feature::SendZc]) },
    ]
}

#[test]
fn a_ring_has_what_it_is_allowed() {
    for limits in every_lack() {
        let features = Ring::new(limits).unwrap().features();
        assert_eq!(features.and(Features(limits.features)), features, "{limits:?}");
    }
}

#[test]
fn sockets_do_without() {
    for limits in every_lack() {
        for idle in [IdleStrategy::Park, IdleStrategy::default()] {
            on_ring(limits, idle, async |_| sockets().await);
        }
    }
}

/// Some of everything that sockets do.
async fn sockets() -> Result {
    let (listener, address) = listen().await?;
    let clients: Vec<_> = (0..40_usize)
        .map(|n| {
            spawn_local(async move {
                let stream = connect(address).await?;
                let sent: Vec<u8> = (0..n * 1000).map(|byte| (byte >> 3) as u8).collect();
                let expected = sent.clone();
                let sending = spawn_local(async move {
                    send(stream, sent).await?;
                    end_sends(stream).await
                });
                assert!(receive_to_end(stream).await? == expected);
                sending.await.map_err(std::io::Error::other)??;
                close(stream).await
            })
        })
        .collect();
    for _ in 0..40 {
        drop(spawn_local(echo(accept(listener).await?)));
    }
    for client in clients {
        client.await??;
    }
    let (near, far) = pair(listener, address).await?;
    let limit = Duration::from_millis(1);
    assert!(timeout(limit, receive(far, 10)).await.is_err(), "there is nothing to receive");
    send(near, b"later".to_vec()).await?;
    assert_eq!(&*receive(far, 10).await?, b"later", "a receive given up has taken nothing");
    assert!(timeout(limit, accept(listener)).await.is_err(), "nobody connects");
    let (waits, accepts) = (spawn_local(receive(far, 10)), spawn_local(accept(listener)));
    sleep(limit).await;
    close(far).await?;
    close(listener).await?;
    assert_eq!(waits.await?.unwrap_err().kind(), ErrorKind::Interrupted);
    assert_eq!(accepts.await?.unwrap_err().kind(), ErrorKind::Interrupted);
    assert!(receive(near, 10).await?.is_empty());
    Ok(close(near).await?)
}

/// A shard that always has something to do starts what it was asked for, also where that needs a
/// buffer which the ring does not bring.
#[test]
fn a_busy_shard_receives_without_buffer_rings() {
    const ROUNDS: usize = 1_000_000;
    for limits in [without(&[Feature::BufferRings]), RingLimits::default()] {
        on_ring(limits, IdleStrategy::Park, async |_| {
            let (listener, address) = listen().await?;
            let (near, far) = pair(listener, address).await?;
            send(near, b"there".to_vec()).await?;
            let mut waits = spawn_local(receive(far, 10));
            // Always ready, so that the shard never rests.
            let mut rounds = 0;
            let bytes = poll_fn(|cx| {
                rounds += 1;
                assert!(rounds < ROUNDS, "a busy shard forgets what it was asked for");
                cx.waker().wake_by_ref();
                Pin::new(&mut waits).poll(cx)
            });
            assert_eq!(&*bytes.await??, b"there");
            close(near).await?;
            close(far).await?;
            Ok(close(listener).await?)
        });
    }
}

#[test]
fn datagrams_do_without() {
    for limits in every_lack().into_iter().chain([few_buffers()]) {
        on_ring(limits, IdleStrategy::Park, async |_| datagrams().await);
    }
}

/// More sockets have datagrams at the same moment than the kernel was given buffers.
fn few_buffers() -> RingLimits {
    RingLimits { buffers: 1, ..RingLimits::default() }
}

/// Some of everything that datagram sockets do.
async fn datagrams() -> Result {
    let (near, from) = bind(DATAGRAM_BYTES).await?;
    let mut sockets = Vec::new();
    for n in 0..40 {
        // Every third with buffers of its own.
        let (socket, to) = bind(if n % 3 == 0 { 65_507 } else { DATAGRAM_BYTES }).await?;
        let waits = spawn_local(receive_from(socket));
        sockets.push((socket, to, waits));
    }
    turn().await;
    for (n, (_, to, _)) in sockets.iter().enumerate() {
        for part in 0..3 {
            send_to(near, vec![n as u8; n * 100 + part], *to).await?;
        }
    }
    for (n, (socket, _, waits)) in sockets.into_iter().enumerate() {
        assert_eq!(waits.await??, (vec![n as u8; n * 100], from, n * 100));
        for part in 1..3 {
            let len = n * 100 + part;
            assert_eq!(receive_from(socket).await?, (vec![n as u8; len], from, len));
        }
        let waits = spawn_local(receive_from(socket));
        turn().await;
        close(socket).await?;
        assert_eq!(waits.await?.unwrap_err().kind(), ErrorKind::Interrupted);
    }
    // One that is cut, and one that nobody takes.
    let (small, to) = bind(10).await?;
    send_to(near, vec![1; 500], to).await?;
    assert_eq!(receive_from(small).await?, (vec![1; 10], from, 500));
    close(small).await?;
    io::net(NetRequest::SetPeer { socket: near, peer: to }).await?;
    io::net(NetRequest::SendTo { socket: near, data: vec![2], to: None }).await?;
    assert_eq!(receive_from(near).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    Ok(close(near).await?)
}

#[test]
fn files_do_without() {
    for (n, limits) in every_lack().into_iter().enumerate() {
        let name = format!("greenroom-{}-without-{n}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let at = path.clone();
        on_ring(limits, IdleStrategy::Park, async move |_| {
            let open = DiskRequest::Open { path: at, mode: OpenMode::CreateNew };
            let DiskDone::Opened { file, len: 0 } = io::disk(open).await? else {
                return Err("not opened".into());
            };
            let data = vec![7; 3000];
            io::disk(DiskRequest::WriteAt { file, offset: 0, data }).await?;
            io::disk(DiskRequest::SetLen { file, len: 1000 }).await?;
            io::disk(DiskRequest::Sync { file, data_only: true }).await?;
            match io::disk(DiskRequest::ReadAt { file, offset: 10, len: 3000 }).await? {
                DiskDone::Read(data) => assert_eq!(data, [7; 990]),
                other => return Err(format!("{other:?}").into()),
            }
            io::disk(DiskRequest::Close { file }).await?;
            Ok(())
        });
        std::fs::remove_file(path).unwrap();
    }
}
